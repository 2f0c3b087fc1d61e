import type { ChatEvent } from '../../model/chat-event.ts'
import type { AppendRequest, EventRange, EventStore } from '../../storage/event-store.ts'
import { EventLogTail } from './event-log-tail.ts'

/** Events after which a session may be silent for a long time. */
const idleEventTypes: ReadonlySet<ChatEvent['type']> = new Set(['StreamFinished', 'SessionChanged', 'SessionContinued'])

/** The part of the event store that the log uses. */
export type EventLogStore = Pick<EventStore, 'append' | 'appendAll' | 'readEvents' | 'loadHeadSeq'>

interface CachedSession {
  /** Its newest event is the newest of the log. */
  readonly tail: EventLogTail
  readonly waiters: Set<() => void>
  isRemoved: boolean
}

/**
 * The event logs of a profile's sessions. Readers see an event once its transaction has committed, never before. Each
 * reader keeps a cursor and is woken when there is more; nothing is buffered for it.
 */
export class EventLog {
  readonly #store: EventLogStore
  readonly #sessions = new Map<string, CachedSession>()
  #isClosed = false

  constructor(store: EventLogStore) {
    this.#store = store
  }

  /** How many sessions are cached in memory, and how many readers wait for the next event of one. */
  get stats(): { readonly sessions: number; readonly waiting: number } {
    let waiting = 0
    for (const { waiters } of this.#sessions.values()) waiting += waiters.size
    return { sessions: this.#sessions.size, waiting }
  }

  /** Commits the request, calls `onCommitted`, then wakes readers. If the store throws, readers see nothing of it. */
  append(request: AppendRequest, onCommitted: () => void = () => undefined): Promise<void> {
    return this.appendAll([request], onCommitted)
  }

  /** Like `append`, for the logs of several sessions in one transaction. */
  async appendAll(requests: readonly AppendRequest[], onCommitted: () => void): Promise<void> {
    const [first, ...others] = requests
    await (first && others.length === 0 ? this.#store.append(first) : this.#store.appendAll(requests))
    onCommitted()
    for (const request of requests) this.#deliver(request)
  }

  /** Ends the waiting for a session that was deleted. */
  markRemoved(sessionId: string): void {
    const session = this.#sessions.get(sessionId)
    if (!session) return
    session.tail.clear()
    session.isRemoved = true
    for (const wake of [...session.waiters]) wake()
    this.#evictIfIdle(sessionId)
  }

  /** Marks all sessions as removed; from now on there is nothing to read or to wait for. */
  close(): void {
    this.#isClosed = true
    for (const id of [...this.#sessions.keys()]) this.markRemoved(id)
  }

  /** The newest seq that is cached in memory; 0 for an idle session. */
  latestSeq(sessionId: string): number {
    return this.#sessions.get(sessionId)?.tail.newest?.seq ?? 0
  }

  /** The next events of a session after a seq, from memory if possible. */
  async read(range: EventRange): Promise<ChatEvent[]> {
    if (this.#isClosed) return []
    const cached = this.#sessions.get(range.sessionId)?.tail.read(range.after, range.limit)
    return cached ?? this.#store.readEvents(range)
  }

  /**
   * Resolves when a Segue session has, or may have, an event after `seq`: at once if it has one, and when the signal
   * aborts. Resolves to false if the session was removed. Starts to wait before it reads the head, so that no commit in
   * between is missed.
   */
  async waitForMore(sessionId: string, seq: number, signal: AbortSignal): Promise<boolean> {
    const session = this.#getOrCreateSession(sessionId)
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    session.waiters.add(wake)
    signal.addEventListener('abort', wake)
    try {
      const headSeq = this.#isClosed ? null : await this.loadHeadSeq(sessionId)
      if (headSeq === null) return false
      if (!signal.aborted && headSeq <= seq) await promise
      return !session.isRemoved
    } finally {
      session.waiters.delete(wake)
      signal.removeEventListener('abort', wake)
      this.#evictIfIdle(sessionId)
    }
  }

  /** The seq of a session's newest event; 0 if it has none, null if there is no such session. */
  async loadHeadSeq(sessionId: string): Promise<number | null> {
    return this.#sessions.get(sessionId)?.tail.newest?.seq ?? this.#store.loadHeadSeq(sessionId)
  }

  #deliver({ sessionId, events }: AppendRequest): void {
    const session = this.#getOrCreateSession(sessionId)
    session.tail.append(events)
    for (const wake of [...session.waiters]) wake()
    this.#evictIfIdle(sessionId)
  }

  #getOrCreateSession(id: string): CachedSession {
    let session = this.#sessions.get(id)
    if (!session) {
      session = { tail: new EventLogTail(), waiters: new Set(), isRemoved: false }
      this.#sessions.set(id, session)
    }
    return session
  }

  /** Removes an idle session from memory, unless a reader waits for it. */
  #evictIfIdle(id: string): void {
    const session = this.#sessions.get(id)
    if (!session || session.waiters.size > 0) return
    const { newest } = session.tail
    if (!newest || idleEventTypes.has(newest.type)) this.#sessions.delete(id)
  }
}
