import type { LiveChat, LiveChatMessage } from 'segue-client/react'
import { useEffect, useEffectEvent, useLayoutEffect, useState } from 'react'
import type { FollowedScroller } from '../scroll/use-end-follower.ts'
import { holdInView } from './hold-in-view.ts'

interface RevealedMessage {
  readonly id: string
  /** Another one for each time that it is asked for. */
  readonly request: number
}

let lastRequest = 0

// Those of the browser, and those that wouter adds.
const addressEvents = ['hashchange', 'pushState', 'replaceState'] as const

/**
 * Jumps to the message that the address of the page names, also to one that is not loaded yet, whenever it is named. Returns
 * the id of the message that was jumped to last: it has to be rendered.
 */
export function useReveal(chat: LiveChat, scrolled: FollowedScroller, isLoaded: boolean): string | null {
  const { checkWhole } = scrolled
  const [revealed, setRevealed] = useState<RevealedMessage | null>(null)
  const reveal = useEffectEvent(async (): Promise<void> => {
    const id = readAddressedId()
    if (id === null) return
    // Once it is done: the address changes again when the chat goes on in another session.
    history.replaceState(history.state, '', location.pathname + location.search)
    lastRequest += 1
    const request = lastRequest
    scrolled.stay()
    // What the server refuses is the `error` of the chat.
    const message = await loadMessage(chat, id).catch(() => null)
    if (message && request === lastRequest) setRevealed({ id: message.id, request })
  })
  useLayoutEffect(() => {
    const element = revealed && document.getElementById(revealed.id)
    element?.focus({ preventScroll: true })
    checkWhole()
    return element ? holdInView(element) : undefined
  }, [revealed, checkWhole])
  useEffect(() => {
    if (!isLoaded) return
    let timer: ReturnType<typeof setTimeout> | undefined
    // An address of another chat takes this one off the page: then the message is none of this one.
    const onAddress = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => void reveal(), 0)
    }
    onAddress()
    for (const event of addressEvents) addEventListener(event, onAddress)
    return () => {
      clearTimeout(timer)
      for (const event of addressEvents) removeEventListener(event, onAddress)
    }
  }, [isLoaded])
  return revealed?.id ?? null
}

function readAddressedId(): string | null {
  if (location.hash.length < 2) return null
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return null
  }
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
