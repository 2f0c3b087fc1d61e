import type { LiveChat, LiveChatMessage } from 'segue-client/react'
import { useEffect, useEffectEvent, useLayoutEffect, useState } from 'react'
import { useLocationProperty } from 'wouter/use-browser-location'
import type { FollowedScroller } from '../scroll/use-end-follower.ts'

interface RevealedMessage {
  readonly id: string
  /** Another one for each time that it is asked for. */
  readonly request: number
}

interface Reveal {
  /** The message that was jumped to last: it has to be rendered. */
  readonly revealedId: string | null
  readonly reveal: (id: string) => void
}

let lastRequest = 0

/** Jumps to messages, also to those that are not loaded yet: when it is asked to, and to the one in the address of the page. */
export function useReveal(chat: LiveChat, scrolled: FollowedScroller, isLoaded: boolean): Reveal {
  const [revealed, setRevealed] = useState<RevealedMessage | null>(null)
  const hash = useLocationProperty(() => location.hash)
  const reveal = async (id: string): Promise<void> => {
    lastRequest += 1
    const request = lastRequest
    scrolled.stay()
    // What the server refuses is the `error` of the chat.
    const message = await loadMessage(chat, id).catch(() => null)
    if (message && request === lastRequest) setRevealed({ id: message.id, request })
  }
  const revealAddressed = useEffectEvent(() => {
    if (hash.length > 1) void reveal(decodeURIComponent(hash.slice(1)))
  })
  useLayoutEffect(() => {
    const element = revealed && document.getElementById(revealed.id)
    element?.scrollIntoView({ block: 'start' })
    element?.focus({ preventScroll: true })
  }, [revealed])
  useEffect(() => {
    if (isLoaded) revealAddressed()
  }, [isLoaded, hash])
  return { revealedId: revealed?.id ?? null, reveal: (id) => void reveal(id) }
}

/** Loads earlier messages until one is there. Resolves to null if it is none of the chat. */
async function loadMessage(chat: LiveChat, id: string): Promise<LiveChatMessage | null> {
  for (;;) {
    const { messages } = chat.getSnapshot()
    const found = messages.find((message) => message.id === id || message.originalId === id)
    if (found) return found
    await chat.loadEarlier()
    if (chat.getSnapshot().messages.length === messages.length) return null
  }
}
