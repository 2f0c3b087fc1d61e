import { type LiveChat, useChat } from 'segue-client/react'
import { useEffect } from 'react'
import type { Draft } from './draft.ts'
import { useDraftState } from './use-draft.ts'

/** What was on its way when the page was closed is in the chat by now, or comes back into the draft. */
export function useArrivals(chat: LiveChat, draft: Draft): void {
  const isLoading = useChat(chat, (state) => state.isLoading)
  const isLoaded = useDraftState(draft, (state) => state.isLoaded)
  useEffect(() => {
    if (isLoading || !isLoaded) return
    const { messages, queue, steering } = chat.getSnapshot()
    const known = new Set([...messages, ...queue.map(({ message }) => message), ...steering].map(({ key }) => key))
    draft.settleLost((key) => known.has(key))
  }, [chat, draft, isLoading, isLoaded])
}
