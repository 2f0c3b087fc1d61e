/** Wakes waiters when something has changed. It carries no data: each waiter reads the current state itself. */
export class Notifier {
  #version = 0
  #isClosed = false
  readonly #waiters = new Set<() => void>()

  /** The number of notifications so far. Read it before reading the state, and pass it to `wait` afterwards. */
  get version(): number {
    return this.#version
  }

  /** Whether `close` has been called. Nobody waits on a closed notifier. */
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

  /**
   * Resolves when there is a notification after `sinceVersion`, the notifier is closed, or the signal aborts. A
   * notification between reading the state and waiting is not missed.
   */
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
