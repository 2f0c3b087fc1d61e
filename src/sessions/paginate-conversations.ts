import type { PageRequest } from '../lib/pagination.ts'
import { matchesSessionFilter, type SessionSortKey } from '../model/session-filter.ts'
import { isWithinPage, takePage } from '../storage/keyset-pagination.ts'
import { compareQualifiedByActivity } from './compare-qualified-by-activity.ts'
import type { Conversation, ConversationListFilter } from './conversation.ts'

/**
 * Returns a page of the given conversations, newest message first. Leaves out those without a message. Unlike a list of
 * all conversations, includes every channel unless the filter names some.
 */
export function paginateConversations(
  conversations: readonly Conversation[],
  page: PageRequest<SessionSortKey>,
  { origin, ...filter }: ConversationListFilter,
): Conversation[] {
  const matching = conversations
    .filter(
      ({ tip, pinned, archived, attention, isEmpty }) =>
        !isEmpty &&
        matchesSessionFilter({ ...tip, pinned, archived, attention }, filter) &&
        (origin ?? tip.origin) === tip.origin,
    )
    .filter((conversation) => isWithinPage(toKey(conversation), page, compareQualifiedByActivity))
    .sort((a, b) => compareQualifiedByActivity(toKey(a), toKey(b)))
  return takePage(matching, page)
}

function toKey({ root, lastActivityAt }: Conversation): SessionSortKey {
  return { id: root.id, lastActivityAt }
}
