import { type AssistantRuntime, type ExternalStoreAdapter, useExternalStoreRuntime } from '@assistant-ui/react'
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { ConversationFilter } from '../lists/conversation-list.ts'
import { LiveChat } from '../live-chat/live-chat.ts'
import { getMessageText } from '../live-chat/live-chat-message.ts'
import type { CancelResult, SegueClient } from '../segue-client.ts'
import { createChatActions } from './chat-actions.ts'
import { ThreadMessageCache } from './thread-message-cache.ts'
import { toMessageQueue } from './to-message-queue.ts'
import { toMessageTree } from './to-message-tree.ts'
import { useThreadList } from './use-thread-list.ts'

export interface UseSegueRuntimeOptions {
  /** Make it once, outside of components. */
  readonly client: SegueClient
  /** The session to begin with: any of its conversation, whose newest one is shown. Default: a new chat. */
  readonly sessionId?: string | null
  /** Called with the session that is shown, whenever that is another one: for the address of the page, for example. */
  readonly onSessionChange?: (sessionId: string | null) => void
  /** The profile of new chats and of the list. Default: `default`. */
  readonly profile?: string
  /** The system prompt of new chats. Default: that of the profile. */
  readonly instructions?: string
  /** Which conversations are listed. Default: all of the profile. */
  readonly filter?: Omit<ConversationFilter, 'profile' | 'archived'>
  /** For attachments, speech, dictation and feedback. */
  readonly adapters?: Omit<NonNullable<ExternalStoreAdapter['adapters']>, 'threadList'>
}

/**
 * A runtime for assistant-ui's components: a live list of threads, messages with branches for other tries, paging upwards,
 * approvals and questions, stop, reload and edit. What is sent while an answer is made joins it; the queue shows what waits.
 * An answer that is being made is shown again after a reload of the page.
 * The `extras` of the runtime are the `LiveChat`.
 */
export function useSegueRuntime(options: UseSegueRuntimeOptions): AssistantRuntime {
  const { client, sessionId = null, profile, instructions, filter, adapters, onSessionChange } = options
  const ofNewChats = { ...(profile !== undefined && { profile }), ...(instructions !== undefined && { instructions }) }
  const [chat] = useState(() => new LiveChat(client, { sessionId, ...ofNewChats }))
  const state = useSyncExternalStore(chat.subscribe, chat.getSnapshot, chat.getSnapshot)
  useSessionChange(state.sessionId, onSessionChange)
  const threadList = useThreadList(client, chat, state.conversationId, {
    ...filter,
    ...(profile !== undefined && { profile }),
  })
  const cache = useMemo(() => new ThreadMessageCache(client.fileUrl), [client])
  const { messages, activeStream, queue, steering, isSending, isLoading, hasEarlier } = state
  const tree = useMemo(() => toMessageTree({ messages, activeStream }, cache), [messages, activeStream, cache])
  const { setMessages, ...actions } = useMemo(() => createChatActions(client, chat, tree), [client, chat, tree])
  const messageQueue = useMemo(() => toMessageQueue(client, chat, { queue, steering }), [client, chat, queue, steering])
  const isRunning = activeStream !== null || isSending
  const current = useRef<AssistantRuntime | null>(null)
  const runtime = useExternalStoreRuntime({
    messageRepository: tree.repository,
    isRunning,
    isLoading,
    hasEarlier,
    extras: chat,
    ...actions,
    queue: messageQueue,
    onCancel: async () => {
      const stopped = await chat.stop()
      if (stopped && current.current) returnToComposer(current.current, stopped.withdrawn)
    },
    // With it, a person can switch to other tries. While an answer runs, stopping it would take the message back.
    ...(!isRunning && { setMessages }),
    adapters: { ...adapters, threadList },
  })
  useEffect(() => {
    current.current = runtime
  }, [runtime])
  return runtime
}

/** Gives the text of messages that were to join an answer back to the person. */
function returnToComposer({ thread: { composer } }: AssistantRuntime, withdrawn: CancelResult['withdrawn']): void {
  const texts = [composer.getState().text, ...withdrawn.map(getMessageText)].filter((text) => text !== '')
  if (withdrawn.length > 0) composer.setText(texts.join('\n'))
}

function useSessionChange(sessionId: string | null, onSessionChange: UseSegueRuntimeOptions['onSessionChange']): void {
  const latest = useRef(onSessionChange)
  const told = useRef(sessionId)
  useEffect(() => {
    latest.current = onSessionChange
  }, [onSessionChange])
  useEffect(() => {
    if (told.current === sessionId) return
    told.current = sessionId
    latest.current?.(sessionId)
  }, [sessionId])
}
