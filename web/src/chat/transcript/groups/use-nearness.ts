import { type RefObject, useEffect, useEffectEvent } from 'react'
import { FrameStack } from './frame-stack.ts'

// As far as somebody scrolls before the next frames are drawn.
const nearMargin = '2500px 0px'

/**
 * Tells when an element comes near to what is shown of the scrolled area around it, and when it is far again. Of several that
 * come near, each is told in a frame of its own.
 */
export function useNearness(element: RefObject<HTMLElement | null>, onChange: (isNear: boolean) => void): void {
  const tell = useEffectEvent(onChange)
  useEffect(() => {
    const observed = element.current
    if (!observed) return
    const root = observed.closest('[data-scroller]')
    const tellNear = (): void => tell(true)
    const observer = new IntersectionObserver(
      (entries) => {
        const last = entries.at(-1)
        if (!last) return
        calls.cancel(tellNear)
        if (!last.isIntersecting) tell(false)
        else if (root && isShownIn(root, last.boundingClientRect)) tell(true)
        else calls.add(tellNear)
      },
      { root, rootMargin: nearMargin },
    )
    observer.observe(observed)
    return () => {
      calls.cancel(tellNear)
      observer.disconnect()
    }
  }, [element])
}

const calls = new FrameStack()

function isShownIn(area: Element, { top, bottom }: DOMRectReadOnly): boolean {
  const shown = area.getBoundingClientRect()
  return bottom > shown.top && top < shown.bottom
}

/** Whether the focus, or a selection of text, is in an element. */
export function isInUse(element: HTMLElement): boolean {
  const selection = document.getSelection()
  const isSelected = !!selection && !selection.isCollapsed && selection.containsNode(element, true)
  return isSelected || element.contains(document.activeElement)
}
