import type { PageRequest } from '../lib/pagination.ts'
import { classifySessionChannel } from '../model/channel.ts'
import { matchesSessionFilter, type SessionSortKey } from '../model/session-filter.ts'
import { isWithinPage, takePage } from '../storage/keyset-pagination.ts'
import { compareQualifiedByActivity } from './compare-qualified-by-activity.ts'
import type { Conversation, ConversationGroup, ConversationListFilter } from './conversation.ts'

/**
 * Returns a page of the given conversations, newest message first. Leaves out those without a message. Unlike a list of
 * all conversations, includes every channel unless the filter names some.
 */
export function paginateConversations(
  conversations: readonly Conversation[],
  page: PageRequest<SessionSortKey>,
  filter: ConversationListFilter,
): Conversation[] {
  const matching = selectConversations(conversations, filter)
    .filter((conversation) => isWithinPage(toKey(conversation), page, compareQualifiedByActivity))
    .sort((a, b) => compareQualifiedByActivity(toKey(a), toKey(b)))
  return takePage(matching, page)
}

/** The groups of the given conversations that match the filter, one for each conversation. Leaves out those without a message. */
export function countConversations(
  conversations: readonly Conversation[],
  filter: ConversationListFilter,
): ConversationGroup[] {
  return selectConversations(conversations, filter).map(({ tip, attention }) => ({
    channel: classifySessionChannel(tip),
    origin: tip.origin,
    attention,
    count: 1,
  }))
}

function selectConversations(
  conversations: readonly Conversation[],
  { origin, ...filter }: ConversationListFilter,
): Conversation[] {
  return conversations.filter(
    ({ tip, pinned, archived, attention, isEmpty }) =>
      !isEmpty &&
      matchesSessionFilter({ ...tip, pinned, archived, attention }, filter) &&
      (origin ?? tip.origin) === tip.origin,
  )
}

function toKey({ root, lastActivityAt }: Conversation): SessionSortKey {
  return { id: root.id, lastActivityAt }
}
