/** What a request is for: an answer, with a summary that it waits for, or something else. Answers go first. */
export type ProviderRequestPriority = 'answer' | 'background'

/** Frees the place of a request. Calling it again has no effect. */
export type ReleaseProviderRequestSlot = () => void

/**
 * Bounds the requests to one provider that run at the same time. Waiting answers start in the order in which they came.
 * Titles and other summaries start when no answer waits; a running one is not interrupted.
 */
export class ProviderRequestQueue {
  #maxConcurrent: number
  readonly #waiting: Readonly<Record<ProviderRequestPriority, Set<() => void>>> = {
    answer: new Set(),
    background: new Set(),
  }
  #runningCount = 0

  /** Null: no bound. */
  constructor(maxConcurrent: number | null) {
    this.#maxConcurrent = maxConcurrent ?? Number.POSITIVE_INFINITY
  }

  /** Changes the bound, for requests that wait as well. Null: no bound. Running requests go on. */
  configure(maxConcurrent: number | null): void {
    this.#maxConcurrent = maxConcurrent ?? Number.POSITIVE_INFINITY
    while (this.#runningCount < this.#maxConcurrent && this.#waitingCount > 0) {
      this.#runningCount += 1
      this.#startNext()
    }
  }

  /** Resolves when the request may start. Rejects with the signal's reason if it aborts before that. */
  async acquire(priority: ProviderRequestPriority, signal: AbortSignal | null): Promise<ReleaseProviderRequestSlot> {
    signal?.throwIfAborted()
    if (this.#runningCount < this.#maxConcurrent) this.#runningCount += 1
    else await this.#wait(priority, signal)
    let isReleased = false
    return () => {
      if (!isReleased) this.#startNext()
      isReleased = true
    }
  }

  async #wait(priority: ProviderRequestPriority, signal: AbortSignal | null): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting = this.#waiting[priority]
    const start = (): void => {
      waiting.delete(start)
      signal?.removeEventListener('abort', abandon)
      resolve()
    }
    const abandon = (): void => {
      waiting.delete(start)
      reject(signal?.reason)
    }
    waiting.add(start)
    signal?.addEventListener('abort', abandon, { once: true })
    return promise
  }

  get #waitingCount(): number {
    return this.#waiting.answer.size + this.#waiting.background.size
  }

  /** The place goes straight to the next request, so that no later one can take it. */
  #startNext(): void {
    const { answer, background } = this.#waiting
    const next = answer.values().next().value ?? background.values().next().value
    // After the bound was lowered, there are too many.
    if (next && this.#runningCount <= this.#maxConcurrent) next()
    else this.#runningCount -= 1
  }
}
