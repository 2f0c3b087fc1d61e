import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { AppendRequest } from '../../storage/event-store.ts'
import type { StreamingAnswer, StreamingAnswerLookup } from '../context/streaming/streaming-answer-lookup.ts'
import type { AppendObserver, EventLog } from '../log/event-log.ts'
import type { ActiveSessions } from './active-sessions.ts'

/** What runs in a session, and the seq of its newest event, before the first append since the snapshot was taken. */
interface SessionBeforeAppend {
  readonly headSeq: number
  readonly running: StreamingAnswer | null
  readonly streams: readonly StreamRecord[]
}

/**
 * What runs in the sessions of a profile, as of one moment: appends that begin later do not change it. So everything that
 * is read through it belongs together, and no seq in it is newer than the text beside it. Nothing is copied until an
 * append begins. Dispose of it, so that appends need not copy for it any more.
 */
export class ActiveSessionsSnapshot implements StreamingAnswerLookup, AppendObserver, Disposable {
  readonly #activeSessions: ActiveSessions
  readonly #eventLog: EventLog
  readonly #version: number
  readonly #changed = new Map<string, SessionBeforeAppend>()

  constructor(activeSessions: ActiveSessions, eventLog: EventLog) {
    this.#activeSessions = activeSessions
    this.#eventLog = eventLog
    this.#version = eventLog.version
    eventLog.observe(this)
  }

  /** Observes appends again after it was disposed of, unless one has begun or ended since it was taken. */
  reopen(): boolean {
    if (this.#eventLog.version !== this.#version) return false
    this.#eventLog.observe(this)
    return true
  }

  [Symbol.dispose](): void {
    this.#eventLog.unobserve(this)
  }

  beforeAppend({ sessionId, expectedHeadSeq: headSeq }: Pick<AppendRequest, 'sessionId' | 'expectedHeadSeq'>): void {
    if (this.#changed.has(sessionId)) return
    const running = this.#activeSessions.findCommittedState(sessionId)
    const streams = this.#activeSessions.find(sessionId)?.listStreams() ?? []
    this.#changed.set(sessionId, { headSeq, running, streams })
  }

  /** The seq of a session's newest event, given the one that was read since the snapshot was taken. */
  limitHeadSeq(sessionId: string, readHeadSeq: number): number {
    return Math.min(readHeadSeq, this.#changed.get(sessionId)?.headSeq ?? readHeadSeq)
  }

  /** A stream that runs or is queued, by id. */
  findStream(id: string): StreamRecord | null {
    for (const { streams } of this.#changed.values()) {
      const stream = streams.find((each) => each.id === id)
      if (stream) return stream
    }
    return this.#activeSessions.findStream(id)
  }

  /** The queued streams of a session, in the order in which they run. */
  listQueue(sessionId: string): StreamRecord[] {
    const streams = this.#changed.get(sessionId)?.streams ?? this.#activeSessions.find(sessionId)?.listStreams() ?? []
    return streams.filter(({ status }) => status === 'QUEUED')
  }

  findCommittedState(sessionId: string): StreamingAnswer | null {
    const changed = this.#changed.get(sessionId)
    return changed ? changed.running : this.#activeSessions.findCommittedState(sessionId)
  }

  findCommittedStateOfStream(streamId: string): StreamingAnswer | null {
    for (const { running } of this.#changed.values()) if (running?.stream.id === streamId) return running
    return this.#activeSessions.findCommittedStateOfStream(streamId)
  }

  findStreamingMessage(messageId: string): MessageRecord | null {
    for (const { running } of this.#changed.values()) if (running?.answer?.id === messageId) return running.answer
    return this.#activeSessions.findStreamingMessage(messageId)
  }

  listStreamingMessages(): MessageRecord[] {
    const changed = [...this.#changed.values()].flatMap(({ running }) => running?.answer ?? [])
    const others = this.#activeSessions.listStreamingMessages()
    return [...changed, ...others.filter(({ sessionId }) => !this.#changed.has(sessionId))]
  }
}
