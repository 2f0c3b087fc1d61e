import { assertSessionsIdle } from './assert-sessions-idle.ts'
import { SegueError } from '../lib/errors.ts'
import type { TaskGate } from '../lib/async/task-gate.ts'
import type { ClockAndIds } from '../lib/clock-and-ids.ts'
import type { Logger } from '../lib/logger.ts'
import type { SessionRecord } from '../model/session.ts'
import type { Conversation } from '../sessions/conversation.ts'
import type { ConversationRepository } from '../sessions/conversation-repository.ts'
import { type IdempotencyKey, createCompletedIdempotencyKeyRecord } from '../storage/idempotency-key.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { ConversationSettingsPatch } from '../storage/sessions/conversation-settings.ts'
import { deleteStoredSessions } from './delete-stored-sessions.ts'
import type { EventLog } from './log/event-log.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import type { SessionActor } from './runtime/session-actor.ts'
import type { SessionActors } from './runtime/session-actors.ts'
import type { WritableSessions } from './runtime/writable-sessions.ts'

export interface ConversationManagementOptions {
  readonly profile: ProfileStorage
  readonly log: Logger
  readonly runtime: ClockAndIds
  readonly conversations: ConversationRepository
  readonly eventLog: EventLog
  readonly writableSessions: WritableSessions
  readonly activeSessions: ActiveSessions
  readonly actors: SessionActors
  readonly gate: TaskGate
}

const maxDeleteAttempts = 3 // a session may join the conversation meanwhile

/** Renames, pins, archives, marks and deletes conversations. */
export class ConversationManagement {
  readonly #options: ConversationManagementOptions

  constructor(options: ConversationManagementOptions) {
    this.#options = options
  }

  /**
   * Changes the settings of a conversation of either origin, in one transaction with the key of the call. Pins and archive
   * are told in the log of the tip, if Segue stores it. Throws SHUTTING_DOWN.
   */
  update(conversation: Conversation, patch: ConversationSettingsPatch, key: IdempotencyKey | null): Promise<void> {
    const { profile, conversations, actors, gate } = this.#options
    return gate.run(async () => {
      const update = { sessionIds: await conversations.listSessionIds(conversation), patch }
      const keyRecord = key && createCompletedIdempotencyKeyRecord(key)
      const { tip } = conversation
      const isTold = tip.origin === 'SEGUE' && (patch.pinned !== undefined || patch.archived !== undefined)
      if (!isTold) return profile.eventStore.updateConversationSettings(update, keyRecord)
      return actors
        .getOrCreate(tip)
        .update({}, { conversationSettings: update, ...(keyRecord && { newKey: keyRecord }) })
    })
  }

  /**
   * Marks a conversation of either origin as read up to a time, in epoch milliseconds, but not beyond now; null: up to now.
   * Throws SHUTTING_DOWN.
   */
  markRead(conversation: Conversation, at: number | null, key: IdempotencyKey | null): Promise<void> {
    const { tip, lastActivityAt } = conversation
    // The clock of the process that has stored the newest message may be ahead.
    const now = Math.max(this.#options.runtime.now(), tip.origin === 'SEGUE' ? lastActivityAt : 0)
    return this.update(conversation, { readAt: Math.min(at ?? now, now) }, key)
  }

  /**
   * Deletes all sessions of a conversation with everything derived from them, in one transaction with the key of the call.
   * Throws NOT_FOUND, SHUTTING_DOWN, SESSION_READ_ONLY if one of them is Hermes', and SESSION_BUSY while a stream runs or
   * waits in one of them, or it is being compacted. Nothing is deleted then.
   */
  delete(conversation: Conversation, key: IdempotencyKey | null): Promise<void> {
    return this.#options.gate.run(async () => {
      for (let attempt = 1; attempt <= maxDeleteAttempts; attempt += 1) {
        if (await this.#deleteOnce(conversation, key)) return
      }
      throw new SegueError('SESSION_BUSY', 'The conversation is growing. Try again.')
    })
  }

  /** Returns false, and changes nothing, if a session has joined the conversation meanwhile. */
  async #deleteOnce(conversation: Conversation, key: IdempotencyKey | null): Promise<boolean> {
    const { conversations, writableSessions, actors } = this.#options
    // In one order for all calls, so that two of them do not wait for each other.
    const ids = (await conversations.listSessionIds(conversation)).toSorted()
    const sessions: SessionRecord[] = []
    for (const id of ids) sessions.push(await writableSessions.get(id))
    await assertSessionsIdle(ids, this.#options)
    try {
      await deleteTogether(
        sessions.map((session) => actors.getOrCreate(session)),
        async () => {
          const currentIds = await conversations.listSessionIds(conversation)
          if (currentIds.some((id) => !ids.includes(id))) throw new ConversationGrewError()
          await deleteStoredSessions(ids, key && createCompletedIdempotencyKeyRecord(key), this.#options)
        },
      )
      return true
    } catch (error) {
      if (error instanceof ConversationGrewError) return false
      throw error
    }
  }
}

class ConversationGrewError extends Error {}

/** Runs a task that deletes the sessions of all these actors while none of them does anything else. */
function deleteTogether([actor, ...others]: readonly SessionActor[], deleteAll: () => Promise<void>): Promise<void> {
  return actor ? actor.delete(() => deleteTogether(others, deleteAll)) : deleteAll()
}
