import { useCallback, useMemo } from 'react'
import type { ConversationFilter, ConversationList, ConversationListSnapshot } from '../lists/conversation-list.ts'
import { useSegueClient } from './segue-provider.ts'
import { SharedSources } from './shared-sources.ts'
import { type IsEqual, useSnapshot } from './use-snapshot.ts'

export interface UseConversationsResult extends ConversationListSnapshot {
  /** Reads the next page, of so many rows. Default: 50. */
  loadMore(count?: number): Promise<void>
}

const sharedLists = new SharedSources<ConversationList>()

/**
 * A live list of conversations, newest activity first. Components with the same filter share it. With a selector, the component
 * renders only when what it selects changes.
 */
export function useConversations(filter?: ConversationFilter): UseConversationsResult
export function useConversations<Selection>(
  filter: ConversationFilter,
  selector: (list: UseConversationsResult) => Selection,
  isEqual?: IsEqual<Selection>,
): Selection
export function useConversations<Selection>(
  filter: ConversationFilter = {},
  selector?: (list: UseConversationsResult) => Selection,
  isEqual?: IsEqual<Selection | UseConversationsResult>,
): Selection | UseConversationsResult {
  const client = useSegueClient()
  const key = JSON.stringify(filter)
  const list = useMemo(() => sharedLists.get(client, key, () => client.conversations(JSON.parse(key))), [client, key])
  const loadMore = useCallback((count?: number) => list.loadMore(count), [list])
  const select = useCallback(
    (snapshot: ConversationListSnapshot) => {
      const result = { ...snapshot, loadMore }
      return selector ? selector(result) : result
    },
    [selector, loadMore],
  )
  return useSnapshot<ConversationListSnapshot, Selection | UseConversationsResult>(list, select, isEqual)
}
