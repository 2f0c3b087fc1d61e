import { createIdNotFoundError, SegueError } from '../../lib/errors.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'

/** Finds sessions that can be written to: those of Segue. Sessions of Hermes are read-only. */
export class WritableSessions {
  readonly #sessions: CombinedSessionRepository

  constructor(sessions: CombinedSessionRepository) {
    this.#sessions = sessions
  }

  /** Throws NOT_FOUND, and SESSION_READ_ONLY for a session of Hermes. */
  async get(id: string): Promise<SessionRecord> {
    const session = await this.#sessions.find(id)
    if (!session) throw createIdNotFoundError('session', id)
    if (session.origin === 'SEGUE') return session
    const message = 'Sessions of Hermes are read-only. Create a session that continues it, or fork one of its messages.'
    throw new SegueError('SESSION_READ_ONLY', message)
  }

  /** A session that has not ended. Throws what `get` throws, and STALE. */
  async getOpen(id: string): Promise<SessionRecord> {
    const session = await this.get(id)
    if (session.endedAt !== null) throw await this.createStaleError(id)
    return session
  }

  /** The error for messages to a session that has ended. It names the session to continue in, if there is one. */
  async createStaleError(id: string): Promise<SegueError> {
    const session = await this.#sessions.find(id)
    const tip = session && (await this.#sessions.findTip(session))
    if (!tip || tip.id === id) return new SegueError('STALE', 'This session has ended. Start a new one.')
    const message = 'This session is continued by another one. Send the message to the session tipId.'
    return new SegueError('STALE', message, { tipId: tip.id })
  }
}
