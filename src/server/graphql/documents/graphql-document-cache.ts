import type { DocumentNode } from 'graphql'
import { LruCache } from '../../../lib/lru-cache.ts'

/** More than one application uses. */
const maxDocuments = 500

/** In UTF-16 code units. A request has up to 16 MiB, so 500 of any length would be too much memory. */
const maxDocumentLength = 16_384

/** Valid documents by their text, so that a repeated operation is parsed and validated once, whatever its transport. */
export class GraphQLDocumentCache {
  readonly #documents = new LruCache<string, DocumentNode>(maxDocuments)

  /** The document with exactly this text; null when it is not cached. */
  get(text: string): DocumentNode | null {
    return this.#documents.get(text) ?? null
  }

  /** Caches a document that has passed validation, unless its text is too long. */
  add(text: string, document: DocumentNode): void {
    if (text.length <= maxDocumentLength) this.#documents.set(text, document)
  }
}
