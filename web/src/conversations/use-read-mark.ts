import { type LiveChat, useChat } from 'segue-client/react'
import { useEffect, useSyncExternalStore } from 'react'

/** Marks a chat as read while a person can see it: when it is shown, and whenever it has grown. */
export function useReadMark(chat: LiveChat): void {
  const isVisible = useSyncExternalStore(subscribeToVisibility, isPageVisible)
  const shown = useChat(chat, ({ conversationId, isLoading, messages, activeStream }) => {
    const last = messages.at(-1)
    return isLoading || conversationId === null
      ? null
      : [conversationId, last?.id, last?.status, activeStream?.status].join(' ')
  })
  useEffect(() => {
    // A mark that could not be set is set with the next one.
    if (isVisible && shown !== null) chat.markRead().catch(() => {})
  }, [chat, isVisible, shown])
}

function isPageVisible(): boolean {
  return document.visibilityState === 'visible'
}

function subscribeToVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}
