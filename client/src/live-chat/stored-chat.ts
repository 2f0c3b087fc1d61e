import type { SnapshotStorage } from '../react/snapshot-storage.ts'
import type { LiveChatState } from './live-chat-state.ts'

const maxStoredMessages = 100

const toStorageKey = (sessionId: string): string => `chat ${sessionId}`

/** What is stored of a session. Older messages are read with a cursor, which the server gives: there are none of them yet. */
export async function readStoredChat(storage: SnapshotStorage, sessionId: string): Promise<LiveChatState | null> {
  const stored = await storage.read<LiveChatState>(toStorageKey(sessionId))
  return stored ? { ...stored, hasEarlier: false } : null
}

/** Stores what was read of a session, without what belongs to the page. */
export function writeStoredChat(storage: SnapshotStorage, state: LiveChatState): void {
  if (state.sessionId === null || state.isLoading) return
  const messages = state.messages.slice(-maxStoredMessages)
  storage.write(toStorageKey(state.sessionId), { ...state, messages, isSending: false, error: null })
}
