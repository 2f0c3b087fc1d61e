import { useCallback, useMemo, useSyncExternalStore } from 'react'
import type { ConversationFilter, ConversationList, ConversationListSnapshot } from '../lists/conversation-list.ts'
import { useSegueClient } from './segue-provider.ts'
import { SharedSources } from './shared-sources.ts'

export interface UseConversationsResult extends ConversationListSnapshot {
  /** Reads the next page. */
  loadMore(): Promise<void>
}

const sharedLists = new SharedSources<ConversationList>()

/** A live list of conversations, newest activity first. Components with the same filter share it. */
export function useConversations(filter: ConversationFilter = {}): UseConversationsResult {
  const client = useSegueClient()
  const key = JSON.stringify(filter)
  const list = useMemo(() => sharedLists.get(client, key, () => client.conversations(JSON.parse(key))), [client, key])
  const snapshot = useSyncExternalStore(list.subscribe, list.getSnapshot, list.getSnapshot)
  const loadMore = useCallback(() => list.loadMore(), [list])
  return useMemo(() => ({ ...snapshot, loadMore }), [snapshot, loadMore])
}
