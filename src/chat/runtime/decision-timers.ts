interface Wait {
  readonly over: Promise<void>
  readonly end: () => void
  readonly timer: NodeJS.Timeout
}

/** What is waited for, each with the time until it has waited long enough. */
export class Waits {
  readonly #waits = new Map<string, Wait>()
  readonly #onExpired: (id: string) => void

  constructor(onExpired: (id: string) => void) {
    this.#onExpired = onExpired
  }

  begin(id: string, milliseconds: number): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    // A timer may be a millisecond early by the clock that tells the time of the answer.
    const timer = setTimeout(() => this.#onExpired(id), milliseconds + 1)
    this.#waits.set(id, { over: promise, end: resolve, timer })
  }

  /** Resolves when the wait has ended; at once when there is none. */
  async over(id: string): Promise<void> {
    await this.#waits.get(id)?.over
  }

  end(id: string): void {
    const wait = this.#waits.get(id)
    if (!wait) return
    clearTimeout(wait.timer)
    this.#waits.delete(id)
    wait.end()
  }

  endAll(): void {
    for (const id of [...this.#waits.keys()]) this.end(id)
  }
}
