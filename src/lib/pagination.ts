/**
 * A stretch of an ordered list, cut by keys that are not part of it. `limit` rows are taken from its start, or from its
 * end when `backwards`; they come back in the list's own order either way.
 */
export interface PageRequest<Key> {
  readonly after: Key | null
  readonly before: Key | null
  readonly limit: number
  readonly backwards: boolean
}
