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
  readonly #timer: NodeJS.Timeout
  readonly #maxTimer: NodeJS.Timeout

  constructor({ timeoutMs, maxTimeoutMs }: ExtendableTimeoutLimits) {
    const abort = (): void => this.#controller.abort(new DOMException('The operation timed out.', 'TimeoutError'))
    this.#timer = setTimeout(abort, timeoutMs)
    this.#maxTimer = setTimeout(abort, maxTimeoutMs)
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Restarts the timeout, but not the maximum. */
  extend(): void {
    if (!this.#controller.signal.aborted) this.#timer.refresh()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#maxTimer)
  }
}
