import type { ExternalStoreThreadListAdapter } from '@assistant-ui/react'
import type { Conversation } from '../lists/conversation-list.ts'
import type { LiveChat } from '../live-chat/live-chat.ts'
import type { SegueClient } from '../segue-client.ts'

export interface ConversationThreads {
  readonly client: SegueClient
  readonly chat: LiveChat
  /** The conversation that is shown. Null for a new chat. */
  readonly conversationId: string | null
  readonly conversations: readonly Conversation[]
  readonly archived: readonly Conversation[]
  readonly isLoading: boolean
}

/** The conversations as assistant-ui's list of threads. The id of a thread is that of its conversation. */
export function toThreadListAdapter({
  client,
  chat,
  conversationId,
  conversations,
  archived,
  isLoading,
}: ConversationThreads): ExternalStoreThreadListAdapter {
  return {
    ...(conversationId !== null && { threadId: conversationId }),
    isLoading,
    threads: conversations.map((conversation) => ({ status: 'regular', ...toThread(conversation) })),
    archivedThreads: archived.map((conversation) => ({ status: 'archived', ...toThread(conversation) })),
    onSwitchToNewThread: () => chat.open(null),
    onSwitchToThread: (id) => {
      const conversation = [...conversations, ...archived].find((other) => other.id === id)
      if (conversation) chat.open(conversation.tip.id)
    },
    onRename: (id, title) => client.updateConversation(id, { title }),
    onArchive: (id) => client.updateConversation(id, { archived: true }),
    onUnarchive: (id) => client.updateConversation(id, { archived: false }),
    onDelete: async (id) => {
      await client.deleteConversation(id)
      if (id === chat.getSnapshot().conversationId) chat.open(null)
    },
  }
}

function toThread({ id, title, pinned, lastActivityAt, attention, tip }: Conversation) {
  const custom = { sessionId: tip.id, pinned, lastActivityAt, attention, isRunning: tip.activeStream !== null }
  return { id, remoteId: id, ...(title !== null && { title }), custom }
}
