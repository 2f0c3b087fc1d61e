import { type DocumentNode, GraphQLError } from 'graphql'
import { createGraphQLError, createInvalidParamsError } from '../graphql-errors.ts'
import { findDocumentId, findPersistedQueryHash, type GraphQLParams } from '../graphql-params.ts'
import type { OperationLimits } from '../limits/operation-limits.ts'
import { AutomaticPersistedQueries, hashDocument } from './automatic-persisted-queries.ts'
import { GraphQLDocumentCache } from './graphql-document-cache.ts'
import { loadGraphQLDocument, parseGraphQLDocument } from './load-graphql-document.ts'

export interface DocumentLoaderOptions {
  /** Documents that the operator trusts, by their ids. */
  readonly trustedDocuments?: ReadonlyMap<string, string>
  /** Whether all other documents are refused. */
  readonly trustedOnly?: boolean
}

/** Finds the documents of requests: sent as text, trusted, or registered by a client under their hash. */
export class DocumentLoader {
  readonly #cache = new GraphQLDocumentCache()
  readonly #persistedQueries = new AutomaticPersistedQueries()
  readonly #trusted: ReadonlyMap<string, string>
  readonly #trustedOnly: boolean

  constructor({ trustedDocuments = new Map(), trustedOnly = false }: DocumentLoaderOptions = {}) {
    this.#trusted = trustedDocuments
    this.#trustedOnly = trustedOnly
  }

  /** The valid document that a request names or contains, or the errors with their codes. */
  async load(params: GraphQLParams, limits: OperationLimits): Promise<DocumentNode | readonly GraphQLError[]> {
    const text = this.#findText(params)
    if (text instanceof GraphQLError) return [text]
    const document = await loadGraphQLDocument(text, this.#cache, limits)
    const hash = findPersistedQueryHash(params)
    // Only documents that can be executed, so that others take no room.
    if (hash !== null && params.query && 'kind' in document && !this.#trustedOnly)
      this.#persistedQueries.add(hash, text)
    return document
  }

  /** The document without validation; null if it is not known, too long, or its syntax is invalid. */
  parse(params: GraphQLParams, limits: OperationLimits): DocumentNode | null {
    const text = this.#findText(params)
    if (text instanceof GraphQLError) return null
    const document = this.#cache.get(text, limits) ?? parseGraphQLDocument(text, limits)
    return 'kind' in document ? document : null
  }

  #findText(params: GraphQLParams): string | GraphQLError {
    const { query } = params
    const id = query ? findPersistedQueryHash(params) : findDocumentId(params)
    if (!query && id !== null) {
      const text = this.#trusted.get(id) ?? this.#persistedQueries.find(id)
      return text ?? (this.#trustedOnly ? createUntrustedError() : createNotFoundError())
    }
    if (typeof query !== 'string') return createInvalidParamsError()
    if (id === null && !this.#trustedOnly) return query
    const hash = hashDocument(query)
    if (this.#trustedOnly && !this.#trusted.has(hash)) return createUntrustedError()
    return id === null || id === hash ? query : createHashMismatchError()
  }
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
