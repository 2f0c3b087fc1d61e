import type { LiveChat } from 'segue-client/react'
import { useEffect, useEffectEvent, useLayoutEffect, useRef } from 'react'
import type { FollowedScroller } from './use-end-follower.ts'

interface LoadedMessages {
  /** The id of the first message that is there, which is also that of its element. */
  readonly firstId: string | null
  readonly hasEarlier: boolean
}

/** Loads earlier messages when the reader comes near to the first one. What is shown stays where it is. */
export function useEarlierMessages(
  chat: LiveChat,
  { scroller, content }: FollowedScroller,
  { firstId, hasEarlier }: LoadedMessages,
): void {
  const isLoading = useRef(false)
  const load = useEffectEvent(async () => {
    const area = scroller.current
    if (!area || !hasEarlier || isLoading.current || findTop(area) > area.clientHeight * 2) return
    isLoading.current = true
    // What is read is held in its place below: the browser, which does so in most cases, must not do it a second time.
    area.toggleAttribute('data-loading', true)
    // What the server refuses is the `error` of the chat. The next scroll tries again.
    await chat.loadEarlier().catch(() => {})
    isLoading.current = false
    requestAnimationFrame(() => requestAnimationFrame(() => area.toggleAttribute('data-loading', isLoading.current)))
  })
  useEffect(() => {
    const area = scroller.current
    const onScroll = (): void => void load()
    area?.addEventListener('scroll', onScroll, { passive: true })
    return () => area?.removeEventListener('scroll', onScroll)
  }, [scroller])
  // Also when all that is there does not fill the area.
  useEffect(() => void load(), [firstId, hasEarlier])

  const first = useRef<{ readonly element: Element; readonly top: number } | null>(null)
  useLayoutEffect(() => {
    const area = scroller.current
    const before = first.current
    if (area && before?.element.isConnected) {
      const moved = offsetIn(area, before.element) - before.top
      if (moved > 0) area.scrollTop += moved
    }
    const element = content.current?.querySelector('[data-group]')
    first.current = area && element ? { element, top: offsetIn(area, element) } : null
  }, [scroller, content, firstId])
}

/** Where the area is scrolled to, or is about to be: see `EndFollower`. */
function findTop({ scrollTop, scrollHeight, clientHeight, dataset }: HTMLElement): number {
  return dataset['following'] === undefined ? scrollTop : scrollHeight - clientHeight
}

function offsetIn(area: HTMLElement, element: Element): number {
  return element.getBoundingClientRect().top - area.getBoundingClientRect().top + area.scrollTop
}
