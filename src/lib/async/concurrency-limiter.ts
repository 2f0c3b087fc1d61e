export interface ConcurrencyLimiterOptions {
  readonly maxConcurrent: number
  /** How many callers can wait for a slot. */
  readonly maxQueued: number
  /** The error for a caller that finds the queue full. */
  readonly createRejection: () => Error
}

/** Runs a limited number of tasks at the same time. Further tasks wait in the order in which they arrive. */
export class ConcurrencyLimiter {
  readonly #limits: ConcurrencyLimiterOptions
  readonly #queue = new Set<() => void>()
  #runningCount = 0

  constructor(limits: ConcurrencyLimiterOptions) {
    this.#limits = limits
  }

  /** How many callers wait for a slot. */
  get queuedCount(): number {
    return this.#queue.size
  }

  /**
   * Resolves to the task's result, or to null if the signal is aborted before the task starts. Rejects with
   * `createRejection()` if too many callers wait.
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    if (this.#runningCount < this.#limits.maxConcurrent) this.#runningCount += 1
    else if (!(await this.#waitForSlot(signal))) return null
    try {
      return signal.aborted ? null : await work()
    } finally {
      // The slot goes straight to the next waiter, so that no later caller can take it.
      const next = this.#queue.values().next().value
      if (next) next()
      else this.#runningCount -= 1
    }
  }

  /** Resolves to false if the signal is aborted before a slot becomes free. */
  async #waitForSlot(signal: AbortSignal): Promise<boolean> {
    if (this.#queue.size >= this.#limits.maxQueued) throw this.#limits.createRejection()
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
