const settleMs = 1000
const readerEvents = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const

/**
 * Scrolls to an element, and again whenever what is around it gets its real size: until that has settled, or the reader does
 * something. Returns a function that ends it.
 */
export function holdInView(element: HTMLElement): () => void {
  const scroll = (): void => element.scrollIntoView({ block: 'start' })
  const observer = new ResizeObserver(scroll)
  const stop = (): void => {
    observer.disconnect()
    clearTimeout(timer)
    for (const type of readerEvents) removeEventListener(type, stop)
  }
  const timer = setTimeout(stop, settleMs)
  for (const type of readerEvents) addEventListener(type, stop, { passive: true })
  scroll()
  const column = element.closest('[data-scroller]')?.firstElementChild
  if (column) observer.observe(column)
  return stop
}
