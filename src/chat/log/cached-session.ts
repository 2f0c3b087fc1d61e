import type { ChatEvent } from '../../model/chat-event.ts'
import { EventLogTail } from './event-log-tail.ts'

/** Events after which a session may be silent for a long time. */
const idleEventTypes: ReadonlySet<ChatEvent['type']> = new Set(['StreamFinished', 'SessionChanged', 'SessionContinued'])

/** Who waits for the next event of a session. */
export interface WaitingReader {
  /** The seq of the newest event that it has received. */
  readonly cursor: number
  /** For how many subscribers it reads. */
  readonly subscribers: number
}

/** What is in memory of a session that is read or written now. */
export class CachedSession {
  /** Its newest event is the newest of the log. */
  readonly tail = new EventLogTail()
  /** What wakes those that wait for its next event, with the readers for which they wait. */
  readonly waiters = new Map<() => void, WaitingReader>()
  isRemoved = false
  /** When its newest event was committed, by `performance.now`. */
  committedAt = performance.now()
  #failure: { readonly error: Error; readonly headSeq: number } | null = null

  /** Whether nothing needs it in memory. */
  get isIdle(): boolean {
    if (this.waiters.size > 0 || this.#failure) return false
    const { newest } = this.tail
    return !newest || idleEventTypes.has(newest.type) || isEmptyQueue(newest)
  }

  /** Adds what was committed here. */
  append(events: readonly ChatEvent[]): void {
    this.#failure = null
    this.tail.append(events)
    this.committedAt = performance.now()
    this.wakeAll()
  }

  wakeAll(): void {
    for (const wake of [...this.waiters.keys()]) wake()
  }

  /** The event after a seq cannot be committed. */
  fail(error: Error, headSeq: number): void {
    this.#failure = { error, headSeq }
    this.wakeAll()
  }

  /** Why no event can be committed after a seq; null if nothing is known to be in the way. */
  findFailure(headSeq: number): Error | null {
    // Another process has committed the event.
    if (this.#failure && this.#failure.headSeq < headSeq) this.#failure = null
    return this.#failure?.error ?? null
  }

  /** The log ends at a seq now, null if the session was deleted: wakes those who have something to read, or to learn. */
  onHeadRead(headSeq: number | null): void {
    if (headSeq !== null && headSeq <= (this.tail.newest?.seq ?? 0)) return
    this.findFailure(headSeq ?? Infinity)
    this.tail.clear()
    for (const [wake, { cursor }] of [...this.waiters]) if (headSeq === null || cursor < headSeq) wake()
  }
}

/** Whether the event tells that the last queued message was taken back, or has begun its turn. */
function isEmptyQueue(event: ChatEvent): boolean {
  return event.type === 'QueueChanged' && event.streamIds.length === 0
}
