interface DecisionTimer {
  readonly ended: Promise<void>
  readonly resolve: () => void
  readonly timer: NodeJS.Timeout
}

/** What is waited for, each with the time until it has waited long enough. */
export class DecisionTimers {
  readonly #timers = new Map<string, DecisionTimer>()
  readonly #onExpired: (id: string) => void

  constructor(onExpired: (id: string) => void) {
    this.#onExpired = onExpired
  }

  start(id: string, timeoutMs: number): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    // A timer may be a millisecond early by the clock that tells the time of the answer.
    const timer = setTimeout(() => this.#onExpired(id), timeoutMs + 1)
    this.#timers.set(id, { ended: promise, resolve, timer })
  }

  /** Resolves when the wait has ended; at once when there is none. */
  async wait(id: string): Promise<void> {
    await this.#timers.get(id)?.ended
  }

  cancel(id: string): void {
    const timer = this.#timers.get(id)
    if (!timer) return
    clearTimeout(timer.timer)
    this.#timers.delete(id)
    timer.resolve()
  }

  cancelAll(): void {
    for (const id of [...this.#timers.keys()]) this.cancel(id)
  }
}
