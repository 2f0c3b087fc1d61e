import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { ConversationSettingsUpdate } from './conversation-settings.ts'
import type { IdempotencyKeyRecord } from '../idempotency-key.ts'

/** A session and the messages that it begins with, such as those of a fork. */
export interface SessionWithInitialMessages {
  readonly session: SessionRecord
  readonly messages: readonly MessageRecord[]
  /** Its checkpoint, which stands for some of the messages. */
  readonly checkpoint?: ContextCheckpoint
  /** The key of the call that creates it. */
  readonly idempotencyKey?: IdempotencyKeyRecord | null
  /** A session that the new one continues: its approval rules move to the new one. */
  readonly moveApprovalRulesFrom?: string
}

export interface SessionWriter {
  createSession(request: SessionWithInitialMessages): Promise<void>
  /**
   * Changes the settings of a conversation of either origin.
   *
   * @param idempotencyKey The key of the call that changes them.
   */
  updateConversationSettings(
    update: ConversationSettingsUpdate,
    idempotencyKey?: IdempotencyKeyRecord | null,
  ): Promise<void>
  /**
   * Deletes Segue sessions with everything that belongs to them, in one transaction: from its commit on, nothing of them is
   * read any more. Their rows are removed in the background, also by a later process. Leaves out those that do not exist, and
   * throws NOT_FOUND if none does.
   * The oldest retry in the place of one takes the place over. Of each of its messages that were copied, search finds the
   * oldest copy once the row of the original is removed.
   * Resolves to the hashes of the blobs that nothing refers to any more.
   *
   * @param idempotencyKey The key of the call that deletes them.
   */
  deleteSessions(ids: readonly string[], idempotencyKey?: IdempotencyKeyRecord | null): Promise<string[]>
  /**
   * The session that continues this one, of either origin, or a retry that takes the place of one that does; of several, the
   * one with the newest activity.
   */
  findContinuation(sessionId: string): Promise<SessionRecord | null>
  /**
   * The oldest of the retries that take the place of each of these sessions, of either origin, which need not exist any more.
   * In no order: `takesPlaceOf` tells the place.
   */
  findOldestRetries(placeIds: readonly string[]): Promise<SessionRecord[]>
}
