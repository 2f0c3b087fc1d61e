import { setImmediate as breathe } from 'node:timers/promises'
import type { ChatStore } from '../../storage/event-store.ts'
import type { StreamRecord } from '../../model/records.ts'
import { logPages } from './read-pages.ts'
import { type Merged, Merger } from './delta-coalescer.ts'

const after = 300 // milliseconds: readers who are nearly up to date still get the last deltas one by one
const slice = 500 // events removed in one transaction

/**
 * Merges the deltas of streams that have ended, in the stored log: the merged event replaces the last of its deltas
 * first, then the others go in slices, the newest first, so that any mixture in between folds to the same, without a
 * hole on the way. A merge that was cut off is taken up by nobody, and harms nobody: readers merge what they find.
 */
export class LogMerging {
  readonly #store: ChatStore
  readonly #onProblem: (error: unknown, what: string) => void
  readonly #timers = new Set<NodeJS.Timeout>()
  #work: Promise<void> = Promise.resolve()
  #closed = false

  constructor(store: ChatStore, onProblem: (error: unknown, what: string) => void) {
    this.#store = store
    this.#onProblem = onProblem
  }

  /** Merges the stream's deltas within a second, after the merges before it. */
  schedule(stream: StreamRecord): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#work = this.#work
        .then(() => this.#merge(stream))
        .catch((error: unknown) => this.#onProblem(error, 'the log of a stream could not be merged'))
    }, after)
    timer.unref()
    this.#timers.add(timer)
  }

  /** Lets go of what has not begun; what has, ends after its next slice. */
  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#work
  }

  async #merge({ id, sessionId, firstSeq, lastSeq }: StreamRecord): Promise<void> {
    const merger = new Merger()
    for await (const events of logPages(this.#store, { sessionId, after: firstSeq - 1, upTo: lastSeq })) {
      if (this.#closed) break
      for (const event of events) if (event.streamId === id) await this.#apply(sessionId, merger.push(event))
    }
    // Cut off by the end of the server, what is held back is left as it is.
    if (!this.#closed) await this.#apply(sessionId, merger.flush())
  }

  async #apply(sessionId: string, merged: readonly Merged[]): Promise<void> {
    for (const { event, replaced } of merged) {
      if (replaced.length === 0) continue
      await this.#store.replaceEvent(event)
      for (let end = replaced.length; end > 0; end -= slice) {
        await this.#store.removeEvents(sessionId, replaced.slice(Math.max(0, end - slice), end))
        await breathe()
      }
    }
  }
}
