import { useEffect, useRef } from 'react'
import { usePathname } from 'wouter/use-browser-location'
import { findComposer, focusComposer } from '../../shortcuts/focus-composer.ts'
import { useChatRoute } from '../../routing/routes.ts'

/** A view that is loaded when it is opened has no heading at once. */
const maxTries = 120 // frames

/** After a change of the view, the focus goes to where one goes on: the composer of a chat, else the heading of the view. */
export function useRouteFocus(): void {
  const path = usePathname()
  const isChat = useChatRoute() !== null
  const shownPath = useRef(path)
  useEffect(() => {
    if (shownPath.current === path) return
    shownPath.current = path
    // The chat itself shows the message of a link.
    if (location.hash !== '') return
    const focusedBefore = document.activeElement
    let frame = 0
    const tryFocus = (triesLeft: number): void => {
      // Whoever has gone elsewhere meanwhile stays there.
      if (document.activeElement !== focusedBefore && document.activeElement !== document.body) return
      if (!focusView(isChat) && triesLeft > 0) frame = requestAnimationFrame(() => tryFocus(triesLeft - 1))
    }
    frame = requestAnimationFrame(() => tryFocus(maxTries))
    return () => cancelAnimationFrame(frame)
  }, [path, isChat])
}

/** Whether something has the focus then. On a phone, nothing can have it before the list of chats is closed. */
function focusView(isChat: boolean): boolean {
  const composer = findComposer()
  if (isChat && composer) {
    // On a phone, the keyboard would cover what was just opened. What is being written is not disturbed.
    if (matchMedia('(pointer: coarse)').matches) return focus(document.getElementById('main'))
    if (document.activeElement !== composer) focusComposer()
    return document.activeElement === composer
  }
  const heading = isChat ? null : document.querySelector<HTMLElement>('main h1')
  if (heading) heading.tabIndex = -1
  return focus(heading)
}

function focus(element: HTMLElement | null): boolean {
  element?.focus({ preventScroll: true })
  return element !== null && document.activeElement === element
}
