import { type DocumentNode, GraphQLError } from 'graphql'
import type { TrustedDocuments } from '../../../config/http/trusted-documents.ts'
import { createGraphQLError, createInvalidParamsError } from '../graphql-errors.ts'
import { findDocumentId, findPersistedQueryHash, type GraphQLParams } from '../graphql-params.ts'
import type { OperationLimits } from '../limits/operation-limits.ts'
import { AutomaticPersistedQueries, hashDocument } from './automatic-persisted-queries.ts'
import { GraphQLDocumentCache } from './graphql-document-cache.ts'
import { isDocumentTooLong, loadGraphQLDocument, parseGraphQLDocument } from './load-graphql-document.ts'

type LoadedDocument = DocumentNode | readonly GraphQLError[]

/** Finds the documents of requests: sent as text, trusted, or registered by a client under their hash. */
export class DocumentLoader {
  readonly #cache = new GraphQLDocumentCache()
  readonly #persistedQueries = new AutomaticPersistedQueries()
  readonly #readTrusted: () => TrustedDocuments

  /** @param readTrusted Is called for each operation. */
  constructor(readTrusted: () => TrustedDocuments) {
    this.#readTrusted = readTrusted
  }

  /** The valid document that a request names or contains, or the errors with their codes: at once if it is cached. */
  load(params: GraphQLParams, limits: OperationLimits): LoadedDocument | Promise<LoadedDocument> {
    const text = this.#findText(params, limits)
    if (text instanceof GraphQLError) return [text]
    return this.#cache.get(text, limits) ?? this.#loadNew(text, params, limits)
  }

  async #loadNew(text: string, params: GraphQLParams, limits: OperationLimits): Promise<LoadedDocument> {
    const document = await loadGraphQLDocument(text, this.#cache, limits)
    const hash = findPersistedQueryHash(params)
    // Only documents that can be executed, so that others take no room.
    if (hash !== null && params.query && 'kind' in document && !this.#readTrusted().only)
      this.#persistedQueries.add(hash, text)
    return document
  }

  /** The document without validation; null if it is not known, too long, or its syntax is invalid. */
  parse(params: GraphQLParams, limits: OperationLimits): DocumentNode | null {
    const text = this.#findText(params, limits)
    if (text instanceof GraphQLError) return null
    const document = this.#cache.get(text, limits) ?? parseGraphQLDocument(text, limits)
    return 'kind' in document ? document : null
  }

  #findText(params: GraphQLParams, limits: OperationLimits): string | GraphQLError {
    const { query } = params
    // It is refused because of its length. Its hash would take long.
    if (query && isDocumentTooLong(query, limits)) return query
    const trusted = this.#readTrusted()
    const id = query ? findPersistedQueryHash(params) : findDocumentId(params)
    if (!query && id !== null) {
      const text = trusted.documents.get(id) ?? (trusted.only ? null : this.#persistedQueries.find(id))
      return text ?? createNotFoundError()
    }
    if (typeof query !== 'string') return createInvalidParamsError()
    if (trusted.only && !isTrusted(query, trusted)) return createUntrustedError()
    return id === null || id === hashDocument(query) ? query : createHashMismatchError()
  }
}

/** A document that is sent as text is trusted, too. */
function isTrusted(query: string, { documents }: TrustedDocuments): boolean {
  return documents.has(hashDocument(query)) || documents.values().some((text) => text === query)
}

/** Apollo Client and urql know the error by this message, and send the document. */
function createNotFoundError(): GraphQLError {
  return createGraphQLError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound')
}

function createUntrustedError(): GraphQLError {
  const message =
    'This server executes only the documents of its file persistedDocuments. Send the id of one of them as documentId.'
  return createGraphQLError('FORBIDDEN', message)
}

function createHashMismatchError(): GraphQLError {
  const message =
    'The provided sha does not match the query: sha256Hash must be the SHA-256 of the query, in hexadecimal digits.'
  return createGraphQLError('BAD_USER_INPUT', message, { path: [] })
}
