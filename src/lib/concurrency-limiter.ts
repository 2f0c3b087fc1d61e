import { SegueError } from './errors.ts'

/** Lets a few pieces of work run at once; more wait for their turn, in the order in which they came. */
export class ConcurrencyLimiter {
  readonly #maxConcurrent: number
  readonly #maxQueued: number
  readonly #queue = new Set<() => void>()
  #runningCount = 0

  constructor(maxConcurrent: number, maxQueued: number) {
    this.#maxConcurrent = maxConcurrent
    this.#maxQueued = maxQueued
  }

  /** What the work comes to; null when the signal was aborted before its turn. Throws RATE_LIMITED when too many wait. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    if (this.#runningCount < this.#maxConcurrent) this.#runningCount += 1
    else if (!(await this.#waitForSlot(signal))) return null
    try {
      return signal.aborted ? null : await work()
    } finally {
      // Its place is handed on, so that nobody who comes later takes it.
      const next = this.#queue.values().next().value
      if (next) next()
      else this.#runningCount -= 1
    }
  }

  /** Waits for a place that somebody leaves. False when the signal was aborted before. */
  async #waitForSlot(signal: AbortSignal): Promise<boolean> {
    if (this.#queue.size >= this.#maxQueued) {
      throw new SegueError('RATE_LIMITED', 'Too many searches at once. Try again later.')
    }
    if (signal.aborted) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const acquire = (): void => finish(true)
    const abandon = (): void => finish(false)
    const finish = (hasSlot: boolean): void => {
      this.#queue.delete(acquire)
      signal.removeEventListener('abort', abandon)
      resolve(hasSlot)
    }
    this.#queue.add(acquire)
    signal.addEventListener('abort', abandon)
    return promise
  }
}
