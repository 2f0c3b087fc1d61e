/** Tells those who wait that something has happened; whoever is woken looks for itself what it was. */
export class Notifier {
  #version = 0
  #isClosed = false
  readonly #waiters = new Set<() => void>()

  /** How often it has rung: to be read before looking, and handed to `next` after. */
  get version(): number {
    return this.#version
  }

  /** It rings no more, and nobody waits for it. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    this.#isClosed = true
    this.notify()
  }

  notify(): void {
    this.#version += 1
    for (const wake of [...this.#waiters]) wake()
  }

  /** Resolves when it has rung more often than this, is closed, or the signal aborts: nothing is missed in between. */
  async wait(sinceVersion: number, signal: AbortSignal): Promise<void> {
    if (this.#version > sinceVersion || this.#isClosed || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    this.#waiters.add(wake)
    signal.addEventListener('abort', wake)
    await promise
    this.#waiters.delete(wake)
    signal.removeEventListener('abort', wake)
  }
}
