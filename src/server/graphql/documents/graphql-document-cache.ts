import type { DocumentNode } from 'graphql'
import { LruCache } from '../../../lib/lru-cache.ts'
import type { OperationLimits } from '../limits/operation-limits.ts'

/** More than one application uses. */
const maxDocuments = 500

/** In UTF-16 code units. A request has up to 16 MiB, so 500 of any length would be too much memory. */
const maxDocumentLength = 16_384

/** Valid documents by their text, so that a repeated operation is parsed and validated once, whatever its transport. */
export class GraphQLDocumentCache {
  readonly #documents = new LruCache<string, { readonly document: DocumentNode; readonly limits: OperationLimits }>(
    maxDocuments,
  )

  /** The document with exactly this text; null when it is not cached, or was checked against other limits. */
  get(text: string, limits: OperationLimits): DocumentNode | null {
    const entry = this.#documents.get(text)
    return entry?.limits === limits ? entry.document : null
  }

  /**
   * Caches a document that has passed the limits and the validation, unless its text is too long. Returns the one to use: of
   * requests that parse the same text at the same time, all use the document of the first.
   */
  add(text: string, document: DocumentNode, limits: OperationLimits): DocumentNode {
    const cached = this.get(text, limits)
    if (cached) return cached
    if (text.length <= maxDocumentLength) this.#documents.set(text, { document, limits })
    return document
  }
}
