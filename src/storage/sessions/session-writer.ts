import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { IdempotencyKey } from '../idempotency-key.ts'

/** A session and the messages that it begins with, such as those of a fork. */
export interface CreateSessionRequest {
  readonly session: SessionRecord
  readonly messages: readonly MessageRecord[]
  /** The key of the request that creates it. */
  readonly idempotencyKey?: IdempotencyKey
  /** A session whose tool grants the new one gets, too. */
  readonly copyGrantsFrom?: string
}

export interface SessionWriter {
  createSession(request: CreateSessionRequest): Promise<void>
  /**
   * Deletes a Segue session with everything that belongs to it, in one transaction; does nothing if there is none.
   * Resolves to the hashes of the blobs that nothing refers to any more.
   */
  deleteSession(id: string): Promise<string[]>
  /** The session whose parent is this one, of either origin; of several, the one with the newest activity. */
  findContinuation(sessionId: string): Promise<SessionRecord | null>
}
