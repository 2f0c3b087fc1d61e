import type { EventStore } from '../../storage/event-store.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { readEventPages } from './read-event-pages.ts'
import { type CoalescedEvent, DeltaCoalescer } from './delta-coalescer.ts'
import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import type { Logger } from '../../lib/logger.ts'

const delayMs = 300 // gives readers that are nearly up to date time to read the last deltas one by one

/**
 * Coalesces the deltas of finished streams in the stored log. The coalesced event replaces the last of its deltas first;
 * then the others are deleted in batches, newest first. Any state in between folds to the same message, without gaps.
 * If it is interrupted, the log stays as it is: readers coalesce what they read anyway.
 */
export class BackgroundDeltaCoalescer {
  readonly #store: EventStore
  readonly #log: Logger
  readonly #timers = new Set<NodeJS.Timeout>()
  #lastTask: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(store: EventStore, log: Logger) {
    this.#store = store
    this.#log = log
  }

  /** Coalesces the deltas of a stream within a second, after those of the streams before it. */
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

  /** Cancels what has not started, and waits until the batch in progress is done. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#lastTask
  }

  async #coalesce({ id, sessionId, firstSeq, lastSeq }: StreamRecord): Promise<void> {
    const coalescer = new DeltaCoalescer()
    for await (const events of readEventPages(this.#store, { sessionId, after: firstSeq - 1, upTo: lastSeq })) {
      if (this.#isClosed) break
      for (const event of events) if (event.streamId === id) await this.#replaceEvents(sessionId, coalescer.push(event))
    }
    // Closed in the middle of the stream: the runs are incomplete, so they stay as they are.
    if (!this.#isClosed) await this.#replaceEvents(sessionId, coalescer.flush())
  }

  async #replaceEvents(sessionId: string, coalesced: readonly CoalescedEvent[]): Promise<void> {
    for (const { event, supersededSeqs } of coalesced) {
      if (supersededSeqs.length === 0) continue
      await this.#store.replaceEvent(event)
      await this.#store.deleteEvents(sessionId, supersededSeqs)
      await yieldToEventLoop()
    }
  }
}
