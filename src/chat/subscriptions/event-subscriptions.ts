import { notFound } from '../../lib/errors.ts'
import type { Profile } from '../../services/profile-stores.ts'
import type { Sessions } from '../../sessions/session-repository.ts'
import type { Delivered, SessionRecord, StreamRecord } from '../../model/records.ts'
import type { ChatLog } from '../log/event-log.ts'
import { follow, isBehind, type Snapshot } from './subscribe-to-log.ts'
import type { Live } from '../runtime/active-sessions.ts'
import type { Saved } from '../runtime/stream-runner.ts'
import type { Transcripts } from '../context/message-queries.ts'

export interface FollowersOptions {
  readonly profile: Profile
  readonly sessions: Sessions
  readonly log: ChatLog
  readonly live: Live
  readonly transcripts: Transcripts
}

/** Has readers follow what happens, each from its own cursor. */
export class Followers {
  readonly #options: FollowersOptions

  constructor(options: FollowersOptions) {
    this.#options = options
  }

  /** Follows one stream from after a seq to its end. Throws NOT_FOUND. */
  async followStream(streamId: string, after: number): Promise<AsyncIterableIterator<Delivered>> {
    const { stream, session } = await this.#streamIn(streamId)
    const { id: sessionId, headSeq } = session
    const snapshot = (): Promise<Snapshot> => this.#snapshotOfStream(streamId)
    return follow(this.#options.log, { sessionId, stream, isKept: true, headSeq, snapshot }, after)
  }

  /** Whether a reader of a stream at this cursor has everything already. Throws NOT_FOUND. */
  async isAtEnd(streamId: string, after: number): Promise<boolean> {
    const { stream, session } = await this.#streamIn(streamId)
    return isBehind(stream, session.headSeq, after)
  }

  /** Follows all that happens in a session, for as long as it is there. Throws NOT_FOUND. */
  async followSession(sessionId: string, after: number): Promise<AsyncIterableIterator<Delivered>> {
    const session = await this.#options.sessions.find(sessionId)
    if (!session) throw notFound('session', sessionId)
    const snapshot = (): Promise<Snapshot> => this.#snapshotOf(sessionId)
    const isKept = session.origin === 'SEGUE'
    return follow(this.#options.log, { sessionId, stream: null, isKept, headSeq: session.headSeq, snapshot }, after)
  }

  async #streamIn(streamId: string): Promise<{ stream: StreamRecord; session: SessionRecord }> {
    const { live, profile, sessions } = this.#options
    const stream = live.stream(streamId) ?? (await profile.chats.stream(streamId))
    const session = stream && (await sessions.find(stream.sessionId))
    if (!session) throw notFound('stream', streamId)
    return { stream, session }
  }

  async #snapshotOf(sessionId: string): Promise<Snapshot> {
    const session = await this.#options.sessions.find(sessionId)
    // Looked at last: what begins later is told behind the head.
    const saved = this.#options.live.saved(sessionId)
    return saved ? asOf(saved) : { seq: session?.headSeq ?? 0, message: null }
  }

  async #snapshotOfStream(streamId: string): Promise<Snapshot> {
    const { live, profile, transcripts } = this.#options
    const saved = live.savedOf(streamId)
    if (saved) return asOf(saved)
    const stored = await profile.chats.stream(streamId)
    if (!stored) throw notFound('stream', streamId)
    // It waits, or its turn has just come.
    if (stored.finishedAt === null) return asOf(live.savedOf(streamId) ?? { stream: stored, answer: null })
    const message = stored.messageId === null ? null : await transcripts.stored(stored.messageId)
    // Its end is told once more: the message is as it was before that.
    return { seq: stored.lastSeq - 1, message: message && { ...message, status: 'STREAMING', usage: null } }
  }
}

function asOf({ stream, answer }: Saved): Snapshot {
  return { seq: stream.lastSeq, message: answer }
}
