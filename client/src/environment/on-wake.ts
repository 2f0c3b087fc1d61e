/**
 * Calls `listener` whenever a connection that is lost may be had again: the machine is online, or the page is shown or
 * resumed. Outside of a page, only when the machine is online, and in Node never. Returns a function that ends it.
 */
export function onWake(listener: () => void): () => void {
  const ending = new AbortController()
  const options = { signal: ending.signal }
  // The global object of Node is no event target.
  if (typeof addEventListener === 'function') {
    addEventListener('online', listener, options)
    if (typeof document !== 'undefined') {
      addEventListener('pageshow', listener, options)
      document.addEventListener('resume', listener, options)
      const onVisibilityChange = (): void => {
        if (document.visibilityState === 'visible') listener()
      }
      document.addEventListener('visibilitychange', onVisibilityChange, options)
    }
  }
  return () => ending.abort()
}
