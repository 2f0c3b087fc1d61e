/**
 * A page of an ordered list, between two keys that are not part of it. Takes `limit` rows from the start of that range,
 * or from its end if `backwards`. The rows keep the list's order in both cases.
 */
export interface PageRequest<Key> {
  readonly after: Key | null
  readonly before: Key | null
  readonly limit: number
  readonly backwards: boolean
}
