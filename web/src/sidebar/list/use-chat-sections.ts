import type { Conversation, ConversationFilter, SegueError } from 'segue-client'
import { useConversations } from 'segue-client/react'
import { useMemo, useSyncExternalStore } from 'react'
import { needsNobody, needsPerson } from '../../conversations/attention-filter.ts'
import { deletedConversations } from '../../conversations/pending-deletions.ts'
import { getCurrentProfile, useCurrentProfile } from '../../profiles/current-profile.ts'
import { type ChatFilter, getChatFilter, toConversationFilter, useChatFilter } from '../../conversations/chat-filter.ts'

/** The chats of the sidebar. Each is in one of the sections. */
export interface ChatSections {
  /** What waits for a person, archived or not. */
  readonly needsPerson: readonly Conversation[]
  readonly pinned: readonly Conversation[]
  /** The rest, newest activity first. */
  readonly others: readonly Conversation[]
  readonly isLoading: boolean
  /** There are more of the rest: see `loadMore`. */
  readonly hasMore: boolean
  readonly error: SegueError | null
  loadMore(): Promise<void>
}

const maxPageSize = 1000 // rows

/** The live sections, without the chats that this page has deleted. */
export function useChatSections(): ChatSections {
  const profile = useCurrentProfile()
  const chosen = useChatFilter()
  const filters = useMemo(() => toFilters(profile, chosen), [profile, chosen])
  const needing = useConversations(filters.needsPerson)
  const pinned = useConversations(filters.pinned)
  const others = useConversations(filters.others)
  const deleted = useSyncExternalStore(deletedConversations.subscribe, deletedConversations.getSnapshot)
  return useMemo(() => {
    const withoutDeleted = (rows: readonly Conversation[]): readonly Conversation[] =>
      deleted.size === 0 ? rows : rows.filter(({ id }) => !deleted.has(id))
    return {
      needsPerson: withoutDeleted(needing.conversations),
      pinned: withoutDeleted(pinned.conversations),
      others: withoutDeleted(others.conversations),
      isLoading: needing.isLoading || pinned.isLoading || others.isLoading,
      hasMore: others.hasMore,
      error: others.error ?? pinned.error ?? needing.error,
      // Pages grow with the list, so that few of them lead to its end.
      loadMore: () => others.loadMore(Math.min(Math.max(50, others.conversations.length), maxPageSize)),
    }
  }, [needing, pinned, others, deleted])
}

/** The lists that the page shows first. */
export function listFirstFilters(): readonly ConversationFilter[] {
  return Object.values(toFilters(getCurrentProfile(), getChatFilter()))
}

/** Filters that no chat passes two of. */
function toFilters(
  profile: string,
  filter: ChatFilter,
): Record<'needsPerson' | 'pinned' | 'others', ConversationFilter> {
  const all = toConversationFilter(profile, filter)
  const shown = { ...all, archived: filter.isArchive }
  return {
    needsPerson: { ...(filter.isArchive ? shown : all), attention: needsPerson },
    pinned: { ...shown, pinned: true, attention: needsNobody },
    others: { ...shown, pinned: false, attention: needsNobody },
  }
}
