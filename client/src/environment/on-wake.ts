/**
 * Calls `listener` whenever a connection that is lost may be had again: the machine is online, or the page is shown or
 * resumed. Outside of a page, never. Returns a function that ends it.
 */
export function onWake(listener: () => void): () => void {
  const onVisible = (): void => {
    if (document.visibilityState === 'visible') listener()
  }
  const removals = [
    listen(() => globalThis, 'online', listener),
    listen(() => globalThis, 'pageshow', listener),
    listen(() => document, 'resume', listener),
    listen(() => document, 'visibilitychange', onVisible),
  ]
  return () => {
    for (const remove of removals) remove()
  }
}

function listen(findTarget: () => EventTarget, type: string, listener: () => void): () => void {
  // Node has no document, and its global object is no event target.
  const hasTarget = typeof addEventListener === 'function'
  if (!hasTarget || (typeof document === 'undefined' && type !== 'online')) return () => undefined
  const target = findTarget()
  target.addEventListener(type, listener)
  return () => target.removeEventListener(type, listener)
}
