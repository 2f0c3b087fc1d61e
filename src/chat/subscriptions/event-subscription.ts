import { createAbortOnReturnIterator } from '../../lib/async/iterables/abort-on-return-iterator.ts'
import type { DeliveredEvent } from '../../model/chat-event.ts'
import type { EventLog, EventLogReader } from '../log/event-log.ts'
import { deliverEvents, type FollowedLog, isLastEvent } from './deliver-events.ts'

/**
 * The events of a stream or a session after a seq, then the live ones. Those of one stream end with it, those of a session
 * with its continuation, and both when the session is deleted. A subscription holds a cursor, and no buffer. A cursor beyond
 * the end of the log is answered with a `StreamReset`.
 */
export class EventSubscription implements AsyncIterableIterator<DeliveredEvent> {
  /** Whether the cursor was at the end when it started: it completes at once. */
  readonly isFullyRead: boolean
  readonly #log: EventLog
  readonly #followed: FollowedLog
  readonly #events: AsyncIterableIterator<DeliveredEvent>
  #reader: EventLogReader | null = null
  #isComplete = false
  #subscriberCount = 1

  constructor(log: EventLog, followed: FollowedLog, after: number) {
    const { headSeq, endSeq } = followed
    this.#log = log
    this.#followed = followed
    this.isFullyRead = endSeq !== null && after >= endSeq && after <= headSeq
    this.#events = createAbortOnReturnIterator((signal) => this.#deliver(after, signal))
  }

  /** Names what it follows. Subscriptions with the same key have the same events after the same seq. */
  get key(): string {
    const { profileName, sessionId, stream } = this.#followed
    return `${profileName}/${sessionId}/${stream?.id ?? ''}`
  }

  /** For how many subscribers it reads. */
  set subscriberCount(count: number) {
    this.#subscriberCount = count
    if (this.#reader) this.#reader.subscribers = count
  }

  /** Whether the session was deleted. What an event of it leads to cannot be read any more. */
  isSessionRemoved(): boolean {
    return this.#reader?.isRemoved ?? false
  }

  /** Whether it has emitted the last event there will be. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Whether no event after this seq is known. */
  isAtEnd(seq: number): boolean {
    const { sessionId, headSeq } = this.#followed
    return seq >= headSeq && seq >= this.#log.latestSeq(sessionId)
  }

  /** Another subscription to the same, for a reader that has received all events up to this one. */
  openAfter(seq: number): EventSubscription {
    const headSeq = Math.max(this.#followed.headSeq, seq)
    return new EventSubscription(this.#log, { ...this.#followed, headSeq }, seq)
  }

  next(): Promise<IteratorResult<DeliveredEvent>> {
    return this.#events.next()
  }

  async return(): Promise<IteratorResult<DeliveredEvent>> {
    return (await this.#events.return?.()) ?? { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async *#deliver(after: number, signal: AbortSignal): AsyncGenerator<DeliveredEvent, void, void> {
    if (this.isFullyRead) return
    using reader = this.#log.openReader(this.#followed.sessionId)
    reader.subscribers = this.#subscriberCount
    this.#reader = reader
    for await (const event of deliverEvents(this.#log, this.#followed, reader, { after, signal })) {
      if (reader.isRemoved) return
      this.#isComplete = isLastEvent(event, this.#followed.stream)
      yield event
    }
  }
}
