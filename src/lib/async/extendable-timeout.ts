/** Two limits of one timeout, in milliseconds. */
export interface ExtendableTimeoutLimits {
  /** From the start, or from the last extension. */
  readonly timeoutMs: number
  /** From the start, whatever extends it. */
  readonly maxTimeoutMs: number
}

/** A timeout that can be extended while there is progress. Dispose of it when the work is done. */
export class ExtendableTimeout implements Disposable {
  readonly #controller = new AbortController()
  readonly #timeoutMs: number
  #remainingMaxMs: number
  #startedAtMs = 0
  #timers: readonly NodeJS.Timeout[] = []
  #holdCount = 0
  #isDisposed = false

  constructor({ timeoutMs, maxTimeoutMs }: ExtendableTimeoutLimits) {
    this.#timeoutMs = timeoutMs
    this.#remainingMaxMs = maxTimeoutMs
    this.#start()
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Restarts the timeout, but not the maximum. */
  extend(): void {
    if (!this.#controller.signal.aborted) this.#timers[0]?.refresh()
  }

  /** Runs a task whose time counts for neither limit, for example while a person thinks. Then the timeout starts anew. */
  async hold<T>(task: () => Promise<T>): Promise<T> {
    if (this.#holdCount === 0) this.#stop()
    this.#holdCount += 1
    try {
      return await task()
    } finally {
      this.#holdCount -= 1
      if (this.#holdCount === 0) this.#start()
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#stop()
  }

  #start(): void {
    if (this.#isDisposed || this.#controller.signal.aborted) return
    const abort = (): void => this.#controller.abort(new DOMException('The operation timed out.', 'TimeoutError'))
    this.#startedAtMs = performance.now()
    this.#timers = [setTimeout(abort, this.#timeoutMs), setTimeout(abort, Math.max(0, this.#remainingMaxMs))]
  }

  #stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#timers.length > 0) this.#remainingMaxMs -= performance.now() - this.#startedAtMs
    this.#timers = []
  }
}
