import { notFound, SegueError } from '../../lib/errors.ts'
import type { SessionRepository } from '../../sessions/session-repository.ts'
import type { SessionRecord } from '../../model/session.ts'

/** The sessions that can be written to: those that are kept here. */
export class WritableSessions {
  readonly #sessions: SessionRepository

  constructor(sessions: SessionRepository) {
    this.#sessions = sessions
  }

  /** Throws NOT_FOUND, and SESSION_READ_ONLY for one of Hermes'. */
  async get(id: string): Promise<SessionRecord> {
    const session = await this.#sessions.find(id)
    if (!session) throw notFound('session', id)
    if (session.origin === 'SEGUE') return session
    throw new SegueError('SESSION_READ_ONLY', 'Sessions of Hermes are only read. Continue it in one of your own.')
  }

  /** One that has not ended. Throws as `find` does, and STALE. */
  async getOpen(id: string): Promise<SessionRecord> {
    const session = await this.get(id)
    if (session.endedAt !== null) throw await this.createStaleError(id)
    return session
  }

  /** What is told to whoever speaks in a session that has ended: where the chat goes on. */
  async createStaleError(id: string): Promise<SegueError> {
    const session = await this.#sessions.find(id)
    const tip = session && (await this.#sessions.findTip(session))
    if (!tip || tip.id === id) return new SegueError('STALE', 'This session has ended.')
    const message = 'This session was continued by another one: go on there.'
    return new SegueError('STALE', message, { tipId: tip.id })
  }
}
