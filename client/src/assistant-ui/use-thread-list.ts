import type { ExternalStoreThreadListAdapter } from '@assistant-ui/react'
import { useMemo, useSyncExternalStore } from 'react'
import type { ConversationFilter } from '../lists/conversation-list.ts'
import type { LiveChat } from '../live-chat/live-chat.ts'
import type { SegueClient } from '../segue-client.ts'
import { toThreadListAdapter } from './conversation-threads.ts'

const pageSize = 100 // conversations

/** The conversations of a filter as a live list of threads. */
export function useThreadList(
  client: SegueClient,
  chat: LiveChat,
  conversationId: string | null,
  filter: ConversationFilter,
): ExternalStoreThreadListAdapter {
  const regular = useConversationList(client, { ...filter, archived: false })
  const archived = useConversationList(client, { ...filter, archived: true })
  return useMemo(
    () =>
      toThreadListAdapter({
        client,
        chat,
        conversationId,
        conversations: regular.conversations,
        archived: archived.conversations,
        isLoading: regular.isLoading,
      }),
    [client, chat, conversationId, regular, archived],
  )
}

function useConversationList(client: SegueClient, filter: ConversationFilter) {
  const key = JSON.stringify(filter)
  const list = useMemo(() => client.conversations(JSON.parse(key), { pageSize }), [client, key])
  return useSyncExternalStore(list.subscribe, list.getSnapshot, list.getSnapshot)
}
