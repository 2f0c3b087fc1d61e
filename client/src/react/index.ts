// Its hooks run in the browser: frameworks with server components load it there.
'use client'

export { SegueProvider, type SegueProviderProps, useSegueClient } from './segue-provider.ts'
export type { SnapshotStorage } from './snapshot-storage.ts'
export { preloadChat, useChat, type UseChatOptions, type UseChatResult, useLiveChat } from './use-chat.ts'
export { useConnection } from './use-connection.ts'
export { preloadConversations, useConversations, type UseConversationsResult } from './use-conversations.ts'
export {
  usePendingDecisions,
  type UsePendingDecisionsOptions,
  type UsePendingDecisionsResult,
} from './use-pending-decisions.ts'
export { isShallowEqual } from './use-snapshot.ts'
export { LiveChat } from '../live-chat/live-chat.ts'
export type { LiveChatOptions, OutgoingMessage } from '../live-chat/start/live-chat-options.ts'
export type { RetryChanges } from '../live-chat/start/start-stream.ts'
export type { LiveChatState, QueuedMessage } from '../live-chat/live-chat-state.ts'
export { listMessageTries, type MessageTry } from '../live-chat/message-tries.ts'
export { getMessageText } from '../live-chat/live-chat-message.ts'
export {
  parseToolResultContent,
  parseToolResultFile,
  type ToolResultContent,
  type ToolResultElement,
  type ToolResultFile,
} from '../../../src/model/tool-result/tool-result-content.ts'
export type {
  LiveChatMessage,
  MessageAlternative,
  MessageStream,
  ToolCallDecisions,
} from '../live-chat/live-chat-message.ts'
