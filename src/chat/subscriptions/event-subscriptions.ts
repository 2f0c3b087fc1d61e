import { createIdNotFoundError } from '../../lib/errors.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { EventLog } from '../log/event-log.ts'
import type { DeliveredEvent } from '../../model/chat-event.ts'
import { createStreamReset, type EventLogSnapshot } from './deliver-events.ts'
import { EventSubscription } from './event-subscription.ts'
import type { ActiveSessions } from '../runtime/active-sessions.ts'
import type { CommittedStreamState } from '../streaming/stream-committer.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'

export interface EventSubscriptionsOptions {
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  readonly eventLog: EventLog
  readonly activeSessions: ActiveSessions
  readonly messageQueries: ProfileMessageReader
  readonly runtime: Pick<ClockAndIds, 'now'>
}

/** Lets readers follow streams and sessions, each from its own cursor. */
export class EventSubscriptions {
  readonly #options: EventSubscriptionsOptions

  constructor(options: EventSubscriptionsOptions) {
    this.#options = options
  }

  /** The events of a stream after a seq, up to its end. Throws NOT_FOUND. */
  async subscribeToStream(streamId: string, after: number): Promise<EventSubscription> {
    const { stream, session } = await this.#requireStream(streamId)
    const subscription = {
      profileName: this.#options.profile.name,
      sessionId: session.id,
      stream,
      isSegueSession: true,
      headSeq: session.headSeq,
      endSeq: stream.finishedAt === null ? null : stream.lastSeq,
      loadSnapshot: () => this.#loadStreamSnapshot(streamId),
      now: this.#options.runtime.now,
    }
    return new EventSubscription(this.#options.eventLog, subscription, after)
  }

  /** The events of a session after a seq, until the session is continued by another or deleted. Throws NOT_FOUND. */
  async subscribeToSession(sessionId: string, after: number): Promise<EventSubscription> {
    const session = await this.#options.sessions.find(sessionId)
    if (!session) throw createIdNotFoundError('session', sessionId)
    const subscription = {
      profileName: this.#options.profile.name,
      sessionId,
      stream: null,
      isSegueSession: session.origin === 'SEGUE',
      headSeq: session.headSeq,
      endSeq: session.endedAt === null ? null : await this.#findContinuationSeq(session),
      loadSnapshot: () => this.#loadSessionSnapshot(sessionId),
      now: this.#options.runtime.now,
    }
    return new EventSubscription(this.#options.eventLog, subscription, after)
  }

  /** A page of a session's log after a seq, or a reset alone if the cursor is beyond its end. Throws NOT_FOUND. */
  async loadPage(sessionId: string, after: number, limit: number): Promise<DeliveredEvent[]> {
    const { eventLog, sessions, runtime } = this.#options
    const events = await eventLog.read({ sessionId, after, limit })
    if (events.length > 0 || after === 0) return events
    const session = await sessions.find(sessionId)
    if (!session) throw createIdNotFoundError('session', sessionId)
    if (after <= session.headSeq) return events
    return [createStreamReset(sessionId, null, await this.#loadSessionSnapshot(sessionId), runtime.now())]
  }

  async #requireStream(streamId: string): Promise<{ stream: StreamRecord; session: SessionRecord }> {
    const { activeSessions, profile, sessions } = this.#options
    const stream = activeSessions.findStream(streamId) ?? (await profile.eventStore.findStream(streamId))
    const session = stream && (await sessions.find(stream.sessionId))
    if (!session) throw createIdNotFoundError('stream', streamId)
    return { stream, session }
  }

  /** The seq of SessionContinued, which is the last event of a log; null without one. */
  async #findContinuationSeq({ id: sessionId, headSeq }: SessionRecord): Promise<number | null> {
    const [newest] = await this.#options.eventLog.read({ sessionId, after: headSeq - 1, limit: 1 })
    return newest?.type === 'SessionContinued' ? newest.seq : null
  }

  async #loadSessionSnapshot(sessionId: string): Promise<EventLogSnapshot> {
    const session = await this.#options.sessions.find(sessionId)
    // Read after the head: events of a stream that starts in between come after the snapshot.
    const { activeSessions, messageQueries } = this.#options
    const committed =
      activeSessions.findCommittedState(sessionId) ?? (await messageQueries.findForeignAnswer({ sessionId }))
    return committed ? toSnapshot(committed) : { seq: session?.headSeq ?? 0, message: null }
  }

  async #loadStreamSnapshot(streamId: string): Promise<EventLogSnapshot> {
    const { activeSessions, profile, messageQueries } = this.#options
    const committed = activeSessions.findCommittedStateOfStream(streamId)
    if (committed) return toSnapshot(committed)
    const stored = await profile.eventStore.findStream(streamId)
    if (!stored) throw createIdNotFoundError('stream', streamId)
    // It is queued, or has just started.
    if (stored.finishedAt === null)
      return toSnapshot(
        activeSessions.findCommittedStateOfStream(streamId) ??
          (await messageQueries.findForeignAnswer({ streamId })) ?? { stream: stored, answer: null },
      )
    const message = stored.messageId === null ? null : await messageQueries.findStoredMessage(stored.messageId)
    // The reader receives StreamFinished again. It adds nothing to the parts of the message.
    return { seq: stored.lastSeq - 1, message }
  }
}

function toSnapshot({ stream, answer }: CommittedStreamState): EventLogSnapshot {
  return { seq: stream.lastSeq, message: answer }
}
