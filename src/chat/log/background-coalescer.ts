import type { EventStore } from '../../storage/event-store.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { readLogPages } from './read-pages.ts'
import { type CoalescedEvent, DeltaCoalescer } from './delta-coalescer.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'
import type { Logger } from '../../lib/logger.ts'

const delayMs = 300 // milliseconds: readers who are nearly up to date still get the last deltas one by one
const deleteBatchSize = 500 // events removed in one transaction

/**
 * Merges the deltas of streams that have ended, in the stored log: the merged event replaces the last of its deltas
 * first, then the others go in slices, the newest first, so that any mixture in between folds to the same, without a
 * hole on the way. A merge that was cut off is taken up by nobody, and harms nobody: readers merge what they find.
 */
export class BackgroundCoalescer {
  readonly #store: EventStore
  readonly #log: Logger
  readonly #timers = new Set<NodeJS.Timeout>()
  #lastTask: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(store: EventStore, log: Logger) {
    this.#store = store
    this.#log = log
  }

  /** Merges the stream's deltas within a second, after the merges before it. */
  schedule(stream: StreamRecord): void {
    if (this.#isClosed) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#lastTask = this.#lastTask
        .then(() => this.#coalesce(stream))
        .catch((error: unknown) =>
          this.#log.error({ err: error, stream: stream.id }, 'Coalescing the deltas of a finished stream failed.'),
        )
    }, delayMs)
    timer.unref()
    this.#timers.add(timer)
  }

  /** Lets go of what has not begun; what has, ends after its next slice. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#lastTask
  }

  async #coalesce({ id, sessionId, firstSeq, lastSeq }: StreamRecord): Promise<void> {
    const coalescer = new DeltaCoalescer()
    for await (const events of readLogPages(this.#store, { sessionId, after: firstSeq - 1, upTo: lastSeq })) {
      if (this.#isClosed) break
      for (const event of events) if (event.streamId === id) await this.#replaceEvents(sessionId, coalescer.push(event))
    }
    // Cut off by the end of the server, what is held back is left as it is.
    if (!this.#isClosed) await this.#replaceEvents(sessionId, coalescer.flush())
  }

  async #replaceEvents(sessionId: string, coalesced: readonly CoalescedEvent[]): Promise<void> {
    for (const { event, supersededSeqs } of coalesced) {
      if (supersededSeqs.length === 0) continue
      await this.#store.replaceEvent(event)
      for (let end = supersededSeqs.length; end > 0; end -= deleteBatchSize) {
        await this.#store.deleteEvents(sessionId, supersededSeqs.slice(Math.max(0, end - deleteBatchSize), end))
        await yieldToEventLoop()
      }
    }
  }
}
