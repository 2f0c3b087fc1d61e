/** Tells those who wait that something has happened; whoever is woken looks for itself what it was. */
export class Bell {
  #rung = 0
  #closed = false
  readonly #waiting = new Set<() => void>()

  /** How often it has rung: to be read before looking, and handed to `next` after. */
  get rung(): number {
    return this.#rung
  }

  /** It rings no more, and nobody waits for it. */
  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
    this.ring()
  }

  ring(): void {
    this.#rung += 1
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves when it has rung more often than this, is closed, or the signal aborts: nothing is missed in between. */
  async next(rung: number, signal: AbortSignal): Promise<void> {
    if (this.#rung > rung || this.#closed || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake)
    await promise
    this.#waiting.delete(wake)
    signal.removeEventListener('abort', wake)
  }
}
