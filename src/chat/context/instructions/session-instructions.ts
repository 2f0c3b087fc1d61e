import type { SessionRecord } from '../../../model/session.ts'
import type { CombinedSessionRepository } from '../../../sessions/combined-session-repository.ts'

/** The instructions of a profile. */
export interface ProfileInstructionsSource {
  /** As they are now; null if there are none. Never rejects. */
  load(): Promise<string | null>
}

/** A profile without instructions. */
export const noProfileInstructions: ProfileInstructionsSource = { load: async () => null }

/** Finds the instructions that are in force in a session. */
export class SessionInstructions {
  readonly #sessions: Pick<CombinedSessionRepository, 'find'>
  readonly #profileInstructions: ProfileInstructionsSource

  constructor(sessions: Pick<CombinedSessionRepository, 'find'>, profileInstructions: ProfileInstructionsSource) {
    this.#sessions = sessions
    this.#profileInstructions = profileInstructions
  }

  /** The session's own, else the profile's. Hermes has instructions of its own for its sessions, which are not known. */
  async findFor({
    origin,
    instructions = null,
  }: Pick<SessionRecord, 'origin' | 'instructions'>): Promise<string | null> {
    return origin === 'HERMES' ? null : (instructions ?? (await this.#profileInstructions.load()))
  }

  /** The same by the id of a session, whose instructions may have changed since it was read. */
  async findCurrent(sessionId: string): Promise<string | null> {
    const session = await this.#sessions.find(sessionId)
    return session && this.findFor(session)
  }
}
