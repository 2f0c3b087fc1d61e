import type { ChatEvent } from '../../model/chat-event.ts'
import type { AppendRequest, EventRange, EventStore } from '../../storage/event-store.ts'
import { noTelemetry, type Telemetry } from '../../lib/telemetry/telemetry.ts'
import { CoalescedTask } from '../../lib/async/coalesced-task.ts'
import { CachedSession, type WaitingReader } from './cached-session.ts'
import { CommitScheduler } from './commit-scheduler.ts'
import { GroupCommitter } from './group-committer.ts'

/** The part of the event store that the log uses. */
export type EventLogStore = Pick<EventStore, 'appendAll' | 'readEvents' | 'loadHeadSeq' | 'onForeignAppend'>

/** Is told of each append before it begins. */
export interface AppendObserver {
  beforeAppend(request: Pick<AppendRequest, 'sessionId' | 'expectedHeadSeq'>): void
}

/** A reader that follows the log of a session. Dispose of it when it stops. */
export interface EventLogReader extends Disposable {
  /** Whether the session was deleted, or its profile closed: nothing of it can be read any more. */
  readonly isRemoved: boolean
  /** The seq of the newest event that the reader has received. The reader keeps it up to date. */
  cursor: number
  /** For how many subscribers it reads. */
  subscribers: number
}

type FollowingReader = EventLogReader & { isRemoved: boolean }

/**
 * The event logs of a profile's sessions. Readers see an event once its transaction has committed, never before. Each
 * reader keeps a cursor and is woken when there is more; nothing is buffered for it.
 */
export class EventLog {
  readonly #store: EventLogStore
  readonly #telemetry: Telemetry
  readonly #committer: GroupCommitter
  /** When streams commit what they have collected. */
  readonly commits = new CommitScheduler()
  readonly #sessions = new Map<string, CachedSession>()
  readonly #observers = new Set<AppendObserver>()
  /** The sessions that are followed, with their readers. */
  readonly #readers = new Map<string, Set<FollowingReader>>()
  /** The sessions to which an append is in progress, with the seq of their newest event before it. */
  readonly #appending = new Map<string, number>()
  readonly #pollHeads = new CoalescedTask(() => this.#readHeads())
  #version = 0
  #isClosed = false

  constructor(store: EventLogStore, telemetry: Telemetry = noTelemetry) {
    this.#store = store
    this.#committer = new GroupCommitter(store, (durationMs) => this.commits.onCommitted(durationMs))
    this.#telemetry = telemetry
    store.onForeignAppend((sessionId) => {
      if (sessionId === null) void this.#pollHeads.request()
      else this.#onForeignAppend(sessionId)
    })
  }

  /** How far each subscriber is behind, in events. 0 for one whose session is idle. */
  listReaderLags(): number[] {
    return [...this.#readers].flatMap(([sessionId, readers]) => {
      const latestSeq = this.latestSeq(sessionId)
      return [...readers].flatMap(({ cursor, subscribers }) =>
        Array<number>(subscribers).fill(Math.max(0, latestSeq - cursor)),
      )
    })
  }

  /** When the newest event of a session was committed, by `performance.now`. Null for an idle session. */
  findCommitTime(sessionId: string): number | null {
    return this.#sessions.get(sessionId)?.committedAt ?? null
  }

  /** A live reader has accepted all events up to those that were committed at a time. */
  onDelivered(committedAt: number): void {
    this.#telemetry.recordDelivery(performance.now() - committedAt)
  }

  /** How many sessions are cached in memory, how many subscribers wait for the next event of one, and how many observe appends. */
  get stats(): { readonly sessions: number; readonly waiting: number; readonly observers: number } {
    let waiting = 0
    for (const { waiters } of this.#sessions.values())
      waiting += waiters.values().reduce((sum, { subscribers }) => sum + subscribers, 0)
    return { sessions: this.#sessions.size, waiting, observers: this.#observers.size }
  }

  /** Changes when an append begins and when it ends, and when a session is removed. */
  get version(): number {
    return this.#version
  }

  /** Tells the observer of each append, those in progress included, until `unobserve`. */
  observe(observer: AppendObserver): void {
    this.#observers.add(observer)
    for (const [sessionId, expectedHeadSeq] of this.#appending) observer.beforeAppend({ sessionId, expectedHeadSeq })
  }

  unobserve(observer: AppendObserver): void {
    this.#observers.delete(observer)
  }

  /** Commits the request, calls `onCommitted`, then wakes readers. If the store throws, readers see nothing of it. */
  append(request: AppendRequest, onCommitted: () => void = () => undefined): Promise<void> {
    return this.appendAll([request], onCommitted)
  }

  /** Like `append`, for the logs of several sessions in one transaction. */
  async appendAll(requests: readonly AppendRequest[], onCommitted: () => void): Promise<void> {
    this.#beginAppend(requests)
    try {
      await this.#committer.append(requests)
      onCommitted()
    } catch (error) {
      this.#endAppend(requests)
      // Another process may have written instead. Readers were told to leave that out until now.
      for (const { sessionId } of requests) this.#onForeignAppend(sessionId)
      throw error
    }
    this.#endAppend(requests)
    for (const request of requests) this.#deliver(request)
  }

  /**
   * The event of a session after a seq cannot be committed. Until one is, here or in another process, readers that have received
   * all others get the error. `headSeq`: null for the newest seq that is cached.
   */
  interruptReaders(sessionId: string, error: Error, headSeq: number | null): void {
    this.#getOrCreateSession(sessionId).fail(error, headSeq ?? this.latestSeq(sessionId))
  }

  /** Ends the waiting for a session that was deleted. */
  markRemoved(sessionId: string): void {
    this.#version += 1
    for (const reader of this.#readers.get(sessionId) ?? []) reader.isRemoved = true
    const session = this.#sessions.get(sessionId)
    if (!session) return
    session.tail.clear()
    session.isRemoved = true
    session.wakeAll()
    this.#evictIfIdle(sessionId)
  }

  /** Marks all sessions as removed; from now on there is nothing to read or to wait for. */
  close(): void {
    this.#isClosed = true
    for (const id of new Set([...this.#sessions.keys(), ...this.#readers.keys()])) this.markRemoved(id)
  }

  /** Begins to follow the log of a session. */
  openReader(sessionId: string): EventLogReader {
    const readers = this.#readers.get(sessionId) ?? new Set()
    const reader = {
      cursor: Number.POSITIVE_INFINITY,
      subscribers: 1,
      isRemoved: this.#isClosed,
      [Symbol.dispose]: () => {
        readers.delete(reader)
        if (readers.size === 0 && this.#readers.get(sessionId) === readers) this.#readers.delete(sessionId)
      },
    }
    this.#readers.set(sessionId, readers.add(reader))
    return reader
  }

  /** The newest seq that is cached in memory; 0 for an idle session. */
  latestSeq(sessionId: string): number {
    return this.#sessions.get(sessionId)?.tail.newest?.seq ?? 0
  }

  /**
   * The next events of a session after a seq, from memory if possible. Those of an append that has not ended are left out,
   * although they may be stored: what is in memory of their stream is older than they are.
   */
  async read(range: EventRange): Promise<ChatEvent[]> {
    if (this.#isClosed) return []
    const cached = this.#sessions.get(range.sessionId)?.tail.read(range.after, range.limit)
    if (cached) return cached
    const stored = await this.#store.readEvents(range)
    const limit = this.#appending.get(range.sessionId)
    return limit === undefined ? stored : stored.filter(({ seq }) => seq <= limit)
  }

  /**
   * Resolves when a Segue session has, or may have, an event after the reader's cursor: at once if it has one, and when the signal
   * aborts. Resolves to false if the session was removed, and rejects if its next event cannot be committed. Starts to wait
   * before it reads the head, so that no commit in between is missed.
   */
  async waitForMore(sessionId: string, reader: WaitingReader, signal: AbortSignal): Promise<boolean> {
    const session = this.#getOrCreateSession(sessionId)
    const seq = reader.cursor
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    session.waiters.set(wake, reader)
    signal.addEventListener('abort', wake)
    try {
      const headSeq = this.#isClosed ? null : await this.loadHeadSeq(sessionId)
      if (headSeq === null) return false
      if (!signal.aborted && headSeq <= seq && !session.findFailure(headSeq)) await promise
      const failure = headSeq <= seq ? session.findFailure(headSeq) : null
      if (failure) throw failure
      return !session.isRemoved
    } finally {
      session.waiters.delete(wake)
      signal.removeEventListener('abort', wake)
      this.#evictIfIdle(sessionId)
    }
  }

  /** The seq of the newest event that `read` returns; 0 if there is none, null if there is no such session. */
  async loadHeadSeq(sessionId: string): Promise<number | null> {
    const cached = this.#sessions.get(sessionId)?.tail.newest?.seq
    if (cached !== undefined) return cached
    const stored = await this.#store.loadHeadSeq(sessionId)
    return stored && Math.min(stored, this.#appending.get(sessionId) ?? stored)
  }

  /** What is cached in memory of the session ends before what another process has appended. Readers look at the store. */
  #onForeignAppend(sessionId: string): void {
    const session = this.#sessions.get(sessionId)
    if (!session) return
    session.tail.clear()
    session.wakeAll()
    this.#evictIfIdle(sessionId)
  }

  /** Another process may have appended to any session, or deleted it. Only those are woken who wait for one of which that is so. */
  async #readHeads(): Promise<void> {
    // What cannot be read now is looked at the next time.
    await Promise.allSettled(
      [...this.#sessions.keys()].map(async (id) => {
        const headSeq = await this.#store.loadHeadSeq(id)
        this.#sessions.get(id)?.onHeadRead(headSeq)
        this.#evictIfIdle(id)
      }),
    )
  }

  #beginAppend(requests: readonly AppendRequest[]): void {
    this.#version += 1
    for (const request of requests) {
      for (const observer of this.#observers) observer.beforeAppend(request)
      this.#appending.set(request.sessionId, request.expectedHeadSeq)
    }
  }

  #endAppend(requests: readonly AppendRequest[]): void {
    for (const { sessionId } of requests) this.#appending.delete(sessionId)
    this.#version += 1
  }

  #deliver({ sessionId, events }: AppendRequest): void {
    this.#getOrCreateSession(sessionId).append(events)
    this.#evictIfIdle(sessionId)
  }

  #getOrCreateSession(id: string): CachedSession {
    let session = this.#sessions.get(id)
    if (!session) {
      session = new CachedSession()
      this.#sessions.set(id, session)
    }
    return session
  }

  /** Removes an idle session from memory, unless a reader waits for it. */
  #evictIfIdle(id: string): void {
    if (this.#sessions.get(id)?.isIdle) this.#sessions.delete(id)
  }
}
