import { setTimeout as delay } from 'node:timers/promises'
import { SegueError } from '../../../lib/errors.ts'
import { StorageError } from '../../errors.ts'

const retryDelayMs = 25
/** A program that holds the lock for longer than this is not waited for. */
const maxWaitMs = 30_000
const lockMessage = 'Another program holds the database. Close that program and try again.'

/**
 * Runs write transactions while other programs write to the same database. SQLite's own busy timeout would block the
 * thread, and with it all reads, so the queue waits in the event loop. Transactions run in the order of the calls.
 */
export class WriteLockQueue {
  readonly #retryDelayMs: number
  readonly #maxWaitMs: number
  /** The last transaction that waits for the lock; null while none does. */
  #lastWaiting: Promise<unknown> | null = null

  /** Both limits are in milliseconds. */
  constructor(limits: { readonly retryDelayMs?: number; readonly maxWaitMs?: number } = {}) {
    this.#retryDelayMs = limits.retryDelayMs ?? retryDelayMs
    this.#maxWaitMs = limits.maxWaitMs ?? maxWaitMs
  }

  /**
   * Calls `attempt`, which throws a StorageError BUSY if another program holds the lock. It is called again until that
   * program lets go. Throws STORAGE after 30 seconds. Without a lock, `attempt` has run when this returns.
   */
  async run<T>(attempt: () => T): Promise<T> {
    if (this.#lastWaiting === null) {
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error)) throw error
      }
    }
    const result = (this.#lastWaiting ?? Promise.resolve()).then(() => this.#retry(attempt))
    const completion = result
      .catch(() => undefined)
      .then(() => {
        if (this.#lastWaiting === completion) this.#lastWaiting = null
      })
    this.#lastWaiting = completion
    return result
  }

  async #retry<T>(attempt: () => T): Promise<T> {
    const startedAt = performance.now()
    for (;;) {
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error)) throw error
        if (performance.now() - startedAt > this.#maxWaitMs) throw new SegueError('STORAGE', lockMessage)
      }
      await delay(this.#retryDelayMs)
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof StorageError && error.failure === 'BUSY'
}
