import { yieldToEventLoop } from '../../../lib/async/yield-to-event-loop.ts'
import type { ConversationIndexMaintainer } from './conversation-index-maintainer.ts'

/** Brings the conversation index up to date in slices, after changes that are too large for one transaction. */
export class ConversationIndexRefresher {
  readonly #index: Pick<ConversationIndexMaintainer, 'hasPendingWork'>
  readonly #processSlice: () => void
  #isScheduled = false

  /** @param processSlice Runs a transaction, which indexes some of what is pending. */
  constructor(index: Pick<ConversationIndexMaintainer, 'hasPendingWork'>, processSlice: () => void) {
    this.#index = index
    this.#processSlice = processSlice
  }

  /** Yields to the event loop between the slices. Throws StorageError, as when another process holds the lock. */
  async refresh(): Promise<void> {
    while (this.#index.hasPendingWork) {
      this.#processSlice()
      if (!this.#index.hasPendingWork) return
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
}
