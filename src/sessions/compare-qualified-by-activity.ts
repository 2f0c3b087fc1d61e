import type { SessionSortKey } from '../model/session-filter.ts'
import { toSortableId } from '../profiles/profile-id-namespace.ts'
import { compareByActivity } from '../storage/keyset-pagination.ts'

/**
 * The order of lists of one profile with the sessions of both origins: newest activity first, then by id. Ids of Hermes
 * sessions are compared as Hermes knows them, because that is the order in which its index reads them.
 */
export function compareQualifiedByActivity(a: SessionSortKey, b: SessionSortKey): number {
  return compareByActivity(toIndexKey(a), toIndexKey(b))
}

function toIndexKey({ id, lastActivityAt }: SessionSortKey): SessionSortKey {
  return { id: toSortableId(id), lastActivityAt }
}
