import type { Logger } from '../../lib/logger.ts'
import type { EventStore } from '../../storage/event-store.ts'
import type { ActiveSessions } from '../runtime/active-sessions.ts'
import { findLostStreams } from '../runtime/lost-session-streams.ts'

export interface LostStreamsOptions {
  readonly store: Pick<EventStore, 'listOwnStreamIds' | 'onForeignAppend'>
  readonly activeSessions: Pick<ActiveSessions, 'find' | 'list'>
  readonly log: Logger
}

/**
 * The streams of this process that another one has ended or taken over, because this one did not react in time: it may have been
 * suspended. Without that, they would run here until their agent says something and cannot save it, or be queued for ever.
 */
export class LostStreams {
  readonly #options: LostStreamsOptions

  constructor(options: LostStreamsOptions) {
    this.#options = options
  }

  /** Looks for them whenever another process has written to a session. */
  follow(): void {
    const { store, log } = this.#options
    store.onForeignAppend((sessionId) => {
      this.leave(sessionId).catch((error: unknown) =>
        log.warn({ err: error }, 'Whether another process has ended streams of this one could not be read.'),
      )
    })
  }

  /** Has them end here. `sessionId`: null for those of all sessions. */
  async leave(sessionId: string | null): Promise<void> {
    const { store, activeSessions } = this.#options
    const actors = sessionId === null ? activeSessions.list() : [activeSessions.find(sessionId)]
    const ids = actors.flatMap((actor) => actor?.listStreams().map(({ id }) => id) ?? [])
    const lostIds = await findLostStreams(ids, store)
    if (lostIds.size > 0) await Promise.all(actors.map((actor) => actor?.leaveStreams(lostIds)))
  }
}
