import { compareUtf8 } from '../../../src/lib/text/compare-utf8.ts'
import type { Conversation, ConversationFilter } from './conversation-list.ts'

/** Rows up to a bound: of the list that the server has, the part that was read. Rows are in the order of the server. */
export interface ConversationRows {
  readonly rows: readonly Conversation[]
  /** The last row that was read, where more follow. Null if all were read. */
  readonly bound: Conversation | null
}

/** The rows after a conversation was added or changed. The same object if that changes nothing in this part of the list. */
export function upsertConversation(
  list: ConversationRows,
  conversation: Conversation,
  filter: ConversationFilter,
): ConversationRows {
  const known = list.rows.find(({ id }) => id === conversation.id)
  const isInPart = list.bound === null || compareConversations(conversation, list.bound) <= 0
  if (!isInPart || !matchesFilter(conversation, filter, known !== undefined)) {
    return removeConversation(list, conversation.id)
  }
  const { rows } = removeConversation(list, conversation.id)
  return { ...list, rows: [...rows, shareConversation(known, conversation)].sort(compareConversations) }
}

/** The rows without a conversation. The same object if it is not among them. */
export function removeConversation(list: ConversationRows, id: string | null): ConversationRows {
  const rows = list.rows.filter((row) => row.id !== id)
  return rows.length === list.rows.length ? list : { ...list, rows }
}

/** The rows that were read, each once, in the order of the server. Those that have not changed are the objects of `earlier`. */
export function mergeConversations(earlier: readonly Conversation[], read: readonly Conversation[]): Conversation[] {
  const earlierById = new Map(earlier.map((row) => [row.id, row]))
  const byId = new Map(read.map((row) => [row.id, shareConversation(earlierById.get(row.id), row)]))
  return [...byId.values()].sort(compareConversations)
}

/** The same object as before if the two are equal. */
function shareConversation(earlier: Conversation | undefined, later: Conversation): Conversation {
  if (earlier === later) return later
  return earlier && JSON.stringify(earlier) === JSON.stringify(later) ? earlier : later
}

/** Newest activity first, then the greater id of the root. */
function compareConversations(a: Conversation, b: Conversation): number {
  return b.lastActivityAt - a.lastActivityAt || compareUtf8(b.rootId, a.rootId)
}

/** Whether the server would list it. */
function matchesFilter(
  { id, rootId, archived, pinned, attention, tip }: Conversation,
  filter: ConversationFilter,
  isListed: boolean,
): boolean {
  return (
    (filter.channels?.includes(tip.channel) ?? true) &&
    (filter.origin ?? tip.origin) === tip.origin &&
    (filter.archived ?? archived) === archived &&
    (filter.pinned ?? pinned) === pinned &&
    (filter.attention?.includes(attention) ?? true) &&
    // A row that is listed may be so by another one of its sessions.
    (isListed || (filter.ids?.some((given) => [id, rootId, tip.id].includes(given)) ?? true))
  )
}
