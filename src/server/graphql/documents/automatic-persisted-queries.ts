import { createHash } from 'node:crypto'
import { LruCache } from '../../../lib/lru-cache.ts'

/** More than several applications use. */
const maxQueries = 1000

/** In UTF-16 code units. A longer document is executed, but not stored: its client sends it again. */
const maxQueryLength = 16_384

/**
 * Documents that clients have registered under their SHA-256, so that later requests send the hash only (automatic
 * persisted queries, as Apollo Client and urql send them). The least recently used one is forgotten first.
 */
export class AutomaticPersistedQueries {
  readonly #queries = new LruCache<string, string>(maxQueries)

  /** The document with this hash; null if it is not stored. */
  find(hash: string): string | null {
    return this.#queries.get(hash) ?? null
  }

  add(hash: string, query: string): void {
    if (query.length <= maxQueryLength) this.#queries.set(hash, query)
  }
}

/** The hash under which a document is stored, in lowercase hexadecimal digits. */
export function hashDocument(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
