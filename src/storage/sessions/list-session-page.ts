import type { PageRequest } from '../../lib/pagination.ts'
import {
  type ConversationFlags,
  matchesFlags,
  type SessionFilter,
  type SessionSortKey,
} from '../../model/session-filter.ts'
import type { SessionRecord } from '../../model/session.ts'
import { compareByActivity, orderByIds, selectSessionPage, takePage } from '../keyset-pagination.ts'
import type { SessionLookup } from './session-reader.ts'

type FlagFilter = Omit<SessionFilter, 'ids'>
type ConversationFlagsById = ReadonlyMap<string, ConversationFlags>

/** What an index of sessions can list. */
export interface SessionPageSource extends Pick<SessionLookup, 'findSessions'> {
  /** The flags of the conversation of each session. */
  findFlags(ids: readonly string[]): Promise<ConversationFlagsById>
  listKeys(page: PageRequest<SessionSortKey>, filter: FlagFilter): Promise<readonly SessionSortKey[]>
  /** The sessions of a page, with everything that lists show of them. */
  listPage(page: PageRequest<SessionSortKey>, filter: FlagFilter): Promise<SessionRecord[]>
}

/** A page of sessions. `flagsFromHermes`, by session id, count in place of those in the index. */
export async function listSessionPage(
  source: SessionPageSource,
  page: PageRequest<SessionSortKey>,
  { ids, ...filter }: SessionFilter,
  flagsFromHermes: ConversationFlagsById,
): Promise<SessionRecord[]> {
  if (ids) {
    const flags: ConversationFlagsById = filter.attention ? await source.findFlags(ids) : new Map()
    return selectSessionPage(await source.findSessions(ids), page, filter, new Map([...flags, ...flagsFromHermes]))
  }
  if (flagsFromHermes.size === 0) return source.listPage(page, filter)
  const keys = await listKeysWithFlags(source, page, filter, flagsFromHermes)
  const pageIds = keys.map((key) => key.id)
  return orderByIds(pageIds, await source.findSessions(pageIds), ({ id }) => id)
}

/** A page of the index, in which the sessions with other flags are replaced by those of them that match. */
async function listKeysWithFlags(
  source: SessionPageSource,
  page: PageRequest<SessionSortKey>,
  filter: FlagFilter,
  flags: ConversationFlagsById,
): Promise<SessionSortKey[]> {
  const indexed = await source.listKeys({ ...page, limit: page.limit + flags.size }, filter)
  const matchingIds = [...flags].flatMap(([id, each]) => (matchesFlags(each, filter) ? id : []))
  const matching = selectSessionPage(await source.findSessions(matchingIds), page, filter, flags)
  return takePage([...indexed.filter(({ id }) => !flags.has(id)), ...matching].toSorted(compareByActivity), page)
}
