import { setImmediate } from 'node:timers/promises'

/** Resolves after the event loop has handled pending I/O. Call it within long loops, so that other requests proceed. */
export function yieldToEventLoop(): Promise<void> {
  return setImmediate()
}
