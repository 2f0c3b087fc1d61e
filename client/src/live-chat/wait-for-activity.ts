import type { ConversationList } from '../lists/conversation-list.ts'

/**
 * Resolves when a list of one conversation shows another activity than `since` (epoch milliseconds), or the conversation has
 * gone from it, or the signal is aborted.
 */
export function waitForActivity(list: ConversationList, since: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let wasListed = false
    const check = (): void => {
      const { isLoading, conversations } = list.getSnapshot()
      const [conversation] = conversations
      if (isLoading) return
      if (conversation ? conversation.lastActivityAt !== since : wasListed) finish()
      wasListed ||= conversation !== undefined
    }
    const leave = list.subscribe(check)
    const finish = (): void => {
      leave()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
    else check()
  })
}
