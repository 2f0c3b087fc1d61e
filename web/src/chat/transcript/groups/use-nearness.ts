import { type RefObject, useEffect, useEffectEvent } from 'react'

// As far as somebody scrolls before the next frames are drawn.
const nearMargin = '2500px 0px'

/** Tells when an element comes near to what is shown of the scrolled area around it, and when it is far again. */
export function useNearness(element: RefObject<HTMLElement | null>, onChange: (isNear: boolean) => void): void {
  const tell = useEffectEvent(onChange)
  useEffect(() => {
    const observed = element.current
    if (!observed) return
    const observer = new IntersectionObserver(
      (entries) => {
        const last = entries.at(-1)
        if (last) tell(last.isIntersecting)
      },
      { root: observed.closest('[data-scroller]'), rootMargin: nearMargin },
    )
    observer.observe(observed)
    return () => observer.disconnect()
  }, [element])
}

/** Whether the focus, or a selection of text, is in an element. */
export function isInUse(element: HTMLElement): boolean {
  const selection = document.getSelection()
  const isSelected = !!selection && !selection.isCollapsed && selection.containsNode(element, true)
  return isSelected || element.contains(document.activeElement)
}
