import { yieldToEventLoop } from '../../../lib/async/yield-to-event-loop.ts'
import { readDataVersion } from '../row-cache/read-data-version.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import type { ConversationIndexMaintainer } from './conversation-index-maintainer.ts'

/** Brings the conversation index up to date in slices, after changes that are too large for one transaction. */
export class ConversationIndexRefresher {
  readonly #db: SqlConnection
  readonly #index: Pick<ConversationIndexMaintainer, 'hasPendingWork'>
  readonly #processSlice: () => void
  #isScheduled = false
  /** The version of the database at which nothing was pending. Null: this connection may have written since. */
  #currentVersion: number | null = null

  /** @param processSlice Runs a transaction, which indexes some of what is pending. */
  constructor(db: SqlConnection, index: Pick<ConversationIndexMaintainer, 'hasPendingWork'>, processSlice: () => void) {
    this.#db = db
    this.#index = index
    this.#processSlice = processSlice
  }

  /** Call it before each transaction of the connection. */
  onWrite(): void {
    this.#currentVersion = null
  }

  /** Yields to the event loop between the slices. Throws StorageError, as when another process holds the lock. */
  async refresh(): Promise<void> {
    while (!this.#isCurrent()) {
      this.#processSlice()
      if (this.#isCurrent()) return
      await yieldToEventLoop()
    }
  }

  /** Refreshes the index soon, unless that is scheduled already. */
  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    void yieldToEventLoop()
      .then(() => this.refresh())
      // The next read or write of a list tries again.
      .catch(() => undefined)
      .finally(() => (this.#isScheduled = false))
  }

  /** Most reads find that nothing was written since the last one. */
  #isCurrent(): boolean {
    const version = readDataVersion(this.#db)
    if (version === this.#currentVersion) return true
    if (this.#index.hasPendingWork) return false
    this.#currentVersion = version
    return true
  }
}
