import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { CombinedSessionRepository } from '../sessions/combined-session-repository.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { ForeignAnswers } from './context/streaming/foreign-answers.ts'
import { ProfileMessageReader } from './context/profile-message-reader.ts'
import type { EventLog } from './log/event-log.ts'
import { ActiveSessionsSnapshot } from './runtime/active-sessions-snapshot.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'

export interface ChatSnapshotOptions {
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  readonly activeSessions: ActiveSessions
  readonly eventLog: EventLog
}

/** Streams and messages during one execution: those that run, as of its begin. See `ActiveSessionsSnapshot`. */
export class ChatSnapshot implements Disposable {
  readonly messages: ProfileMessageReader
  readonly #profile: ProfileStorage
  readonly #sessions: CombinedSessionRepository
  readonly #activeSessions: ActiveSessions
  readonly #active: ActiveSessionsSnapshot
  /** Null where a home belongs to one process. */
  #foreign: ForeignAnswers | null
  #foreignClaims: Promise<string[]> | null = null

  constructor({ profile, sessions, activeSessions, eventLog }: ChatSnapshotOptions) {
    this.#profile = profile
    this.#sessions = sessions
    this.#activeSessions = activeSessions
    this.#active = new ActiveSessionsSnapshot(activeSessions, eventLog)
    this.#foreign = this.#openForeign()
    const openForeignAnswers = (): ForeignAnswers | null => this.#foreign
    this.messages = new ProfileMessageReader(profile, sessions, this.#active, { openForeignAnswers })
  }

  /** Whether `compactSession` is at work in a session, in any process. */
  isCompacting(sessionId: string): boolean | Promise<boolean> {
    const isCompactingHere = this.#activeSessions.find(sessionId)?.isCompacting ?? false
    const { commands } = this.#profile
    if (isCompactingHere || !commands) return isCompactingHere
    this.#foreignClaims ??= commands.listForeignClaims()
    return this.#foreignClaims.then((ids) => ids.includes(sessionId))
  }

  /** Continues to use it after it was disposed of. False if anything may have changed since it was taken. */
  reopen(): boolean {
    this.#foreign = this.#openForeign()
    this.#foreignClaims = null
    return this.#active.reopen()
  }

  [Symbol.dispose](): void {
    this.#active[Symbol.dispose]()
  }

  /** Streams by id. Unknown ids are left out. */
  async findStreams(ids: readonly string[]): Promise<Map<string, StreamRecord>> {
    const foreign = (await this.#foreign?.listReadStreams()) ?? []
    const active = ids.flatMap((id) => this.#active.findStream(id) ?? foreign.find((stream) => stream.id === id) ?? [])
    const activeIds = new Set(active.map(({ id }) => id))
    const stored = await this.#profile.eventStore.findStreams(ids.filter((id) => !activeIds.has(id)))
    return new Map([...active, ...stored].map((stream) => [stream.id, stream]))
  }

  /** How many messages each of the sessions has, including the one that is streaming, by the session's id. */
  async countMessages(sessions: readonly SessionRecord[]): Promise<Map<string, number>> {
    const foreign = (await this.#foreign?.listStreams()) ?? []
    const counts = await this.#sessions.countMessages(sessions)
    for (const { sessionId, status, messageId } of foreign) {
      const count = counts.get(sessionId)
      if (count !== undefined && status !== 'QUEUED' && messageId !== null) counts.set(sessionId, count + 1)
    }
    const ended: SessionRecord[] = []
    for (const session of sessions) {
      const streaming = this.#countStreamingMessages(session.id)
      if (streaming === null) ended.push(session)
      else counts.set(session.id, (counts.get(session.id) ?? 0) + streaming)
    }
    // These answers were stored before or after the count: count again.
    const recounted = ended.length > 0 ? await this.#sessions.countMessages(ended) : []
    return new Map([...counts, ...recounted])
  }

  /** The same of one session, if the list that it is from has counted what is stored; null otherwise. */
  findListedMessageCount({ id, listed }: SessionRecord): number | null {
    // Another process may run an answer there.
    if (this.#foreign) return null
    const streaming = listed ? this.#countStreamingMessages(id) : null
    return listed && streaming !== null ? listed.messageCount + streaming : null
  }

  /** 1 if a message is streaming that is not stored, 0 if not. Null if it has ended, so that it may be stored meanwhile. */
  #countStreamingMessages(sessionId: string): 0 | 1 | null {
    const answer = this.messages.findStreamingMessage(sessionId)
    if (!answer) return 0
    return this.#activeSessions.findCommittedState(sessionId)?.answer?.id === answer.id ? 1 : null
  }

  /** The stream that is running in a session. */
  findActiveStream(sessionId: string): StreamRecord | null | Promise<StreamRecord | null> {
    const stream = this.#active.findCommittedState(sessionId)?.stream ?? null
    if (stream || !this.#foreign) return stream
    return this.#listForeignStreams(sessionId, ({ status }) => status !== 'QUEUED').then(([first]) => first ?? null)
  }

  /** The queued streams of a session, in the order in which they run. */
  listQueue(sessionId: string): StreamRecord[] | Promise<StreamRecord[]> {
    const queue = this.#active.listQueue(sessionId)
    if (queue.length > 0 || !this.#foreign) return queue
    return this.#listForeignStreams(sessionId, ({ status }) => status === 'QUEUED')
  }

  async #listForeignStreams(sessionId: string, isListed: (stream: StreamRecord) => boolean): Promise<StreamRecord[]> {
    const streams = (await this.#foreign?.listStreams()) ?? []
    return streams.filter((stream) => stream.sessionId === sessionId && isListed(stream))
  }

  #openForeign(): ForeignAnswers | null {
    const [profile, sessions] = [this.#profile, this.#sessions]
    return ForeignAnswers.open({ profile, sessions, runsHere: (id) => this.#active.findStream(id) !== null })
  }

  /** The seq of a session's newest event, never newer than what is read beside it. */
  limitHeadSeq(sessionId: string, readHeadSeq: number): number | Promise<number> {
    const limited = this.#active.limitHeadSeq(sessionId, readHeadSeq)
    return this.#foreign?.findReadSeq(sessionId).then((seq) => Math.min(limited, seq ?? limited)) ?? limited
  }
}
