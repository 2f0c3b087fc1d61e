import { notFound, SegueError } from '../../lib/errors.ts'
import type { Sessions } from '../../sessions/session-repository.ts'
import type { SessionRecord } from '../../model/records.ts'

/** The sessions that can be written to: those that are kept here. */
export class OwnSessions {
  readonly #sessions: Sessions

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  /** Throws NOT_FOUND, and SESSION_READ_ONLY for one of Hermes'. */
  async find(id: string): Promise<SessionRecord> {
    const session = await this.#sessions.find(id)
    if (!session) throw notFound('session', id)
    if (session.origin === 'SEGUE') return session
    throw new SegueError('SESSION_READ_ONLY', 'Sessions of Hermes are only read. Continue it in one of your own.')
  }

  /** One that has not ended. Throws as `find` does, and STALE. */
  async open(id: string): Promise<SessionRecord> {
    const session = await this.find(id)
    if (session.endedAt !== null) throw await this.stale(id)
    return session
  }

  /** What is told to whoever speaks in a session that has ended: where the chat goes on. */
  async stale(id: string): Promise<SegueError> {
    const session = await this.#sessions.find(id)
    const tip = session && (await this.#sessions.tip(session))
    if (!tip || tip.id === id) return new SegueError('STALE', 'This session has ended.')
    const sentence = 'This session was continued by another one: go on there.'
    return new SegueError('STALE', sentence, { tipId: tip.id })
  }
}
