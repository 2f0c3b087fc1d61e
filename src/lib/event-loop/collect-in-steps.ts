import { turnScheduler } from './turn-scheduler.ts'

/** The items of a list that take long to compute, one by one. Yields to the event loop in between. Rejects when the signal aborts. */
export async function collectInSteps<T>(items: Iterable<T>, signal: AbortSignal): Promise<T[]> {
  const collected: T[] = []
  for (const item of items) {
    collected.push(item)
    if (turnScheduler.mustWait()) await turnScheduler.wait()
    signal.throwIfAborted()
  }
  return collected
}
