import { useCallback, useState } from 'react'
import { LiveChat } from '../live-chat/live-chat.ts'
import type { LiveChatOptions } from '../live-chat/start/live-chat-options.ts'
import type { LiveChatState } from '../live-chat/live-chat-state.ts'
import type { SegueClient } from '../segue-client.ts'
import { useSegueClient, useSnapshotStorage } from './segue-provider.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'
import { SharedSources } from './shared-sources.ts'
import { type IsEqual, useSnapshot } from './use-snapshot.ts'

export type UseChatOptions = Omit<LiveChatOptions, 'sessionId' | 'storage'>

type ChatActions = Pick<
  LiveChat,
  | 'send'
  | 'stop'
  | 'regenerate'
  | 'loadEarlier'
  | 'open'
  | 'cancelQueued'
  | 'updateQueued'
  | 'moveQueued'
  | 'sendQueued'
  | 'withdraw'
  | 'updateSession'
  | 'markRead'
  | 'answerApproval'
  | 'answerClarification'
>

/** The state of a chat and what can be done with it. */
export interface UseChatResult extends LiveChatState, ChatActions {
  /** For `useChat` with a selector, in components below. */
  readonly chat: LiveChat
}

const sharedChats = new SharedSources<LiveChat>()

/**
 * A chat, without its state: it does not make the component render. Components with the same session share it. With null,
 * it is a new chat, of this component; hand it to others.
 */
export function useLiveChat(sessionId: string | null, options: UseChatOptions = {}): LiveChat {
  const client = useSegueClient()
  const storage = useSnapshotStorage()
  const [held, hold] = useState(() => ({ client, sessionId, chat: findChat(client, sessionId, options, storage) }))
  const isShown = held.chat.getSnapshot().sessionId === sessionId
  if (held.client === client && (isShown || held.sessionId === sessionId)) {
    // The page has followed the chat to its session: the id before would be another chat now.
    if (isShown && held.sessionId !== sessionId) hold({ ...held, sessionId })
    return held.chat
  }
  const chat = findChat(client, sessionId, options, storage)
  hold({ client, sessionId, chat })
  return chat
}

/**
 * A chat that is kept up to date. `sessionId` is any session of a conversation, whose newest one is shown; null begins a
 * new chat. A page that keeps the id takes it from the result.
 *
 * Without a selector, the component renders with each change. With one, only when what it selects changes: a component that
 * selects one part of a message renders with the deltas of that part alone. In place of the id, a chat can be given.
 */
export function useChat(chat: string | null | LiveChat, options?: UseChatOptions): UseChatResult
export function useChat<Selection>(
  chat: string | null | LiveChat,
  selector: (state: LiveChatState) => Selection,
  isEqual?: IsEqual<Selection>,
): Selection
export function useChat<Selection>(
  chatOrSessionId: string | null | LiveChat,
  selectorOrOptions: ((state: LiveChatState) => Selection) | UseChatOptions = {},
  isEqual?: IsEqual<Selection | UseChatResult>,
): Selection | UseChatResult {
  const isChat = chatOrSessionId instanceof LiveChat
  const selector = typeof selectorOrOptions === 'function' ? selectorOrOptions : null
  const options = typeof selectorOrOptions === 'function' ? {} : selectorOrOptions
  const ownChat = useLiveChat(isChat ? null : chatOrSessionId, options)
  const chat = isChat ? chatOrSessionId : ownChat
  const selectAll = useCallback((state: LiveChatState) => toResult(chat, state), [chat])
  return useSnapshot<LiveChatState, Selection | UseChatResult>(chat, selector ?? selectAll, isEqual)
}

/**
 * Begins to read a chat before a component shows it, as `preloadConversations` does a list.
 *
 * @param storage That of the `SegueProvider`.
 */
export function preloadChat(
  client: SegueClient,
  sessionId: string,
  storage: SnapshotStorage | null = null,
): () => void {
  return findChat(client, sessionId, {}, storage).subscribe(() => {})
}

function toResult(chat: LiveChat, state: LiveChatState): UseChatResult {
  const { send, stop, regenerate, loadEarlier, open, answerApproval, answerClarification } = chat
  const { cancelQueued, updateQueued, moveQueued, sendQueued, withdraw, updateSession, markRead } = chat
  const answerActions = { send, stop, regenerate, answerApproval, answerClarification }
  const waitingActions = { cancelQueued, updateQueued, moveQueued, sendQueued, withdraw }
  const actions = { ...answerActions, ...waitingActions, loadEarlier, open, updateSession, markRead }
  return { ...state, ...actions, chat }
}

function findChat(
  client: SegueClient,
  sessionId: string | null,
  options: UseChatOptions,
  storage: SnapshotStorage | null,
): LiveChat {
  const create = () => new LiveChat(client, { ...options, sessionId, ...(storage && { storage }) })
  return sessionId === null ? create() : sharedChats.get(client, JSON.stringify([sessionId, options]), create)
}
