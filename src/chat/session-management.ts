import { assertModelTakesEffort } from '../agent/models/efforts/assert-takes-effort.ts'
import type { ModelRegistry } from '../agent/models/model-registry.ts'
import type { Logger } from '../lib/logger.ts'
import type { TaskGate } from '../lib/async/task-gate.ts'
import { turnScheduler } from '../lib/event-loop/turn-scheduler.ts'
import type { SessionRecord } from '../model/session.ts'
import { normalizeTitle } from '../model/conversation/title.ts'
import type { ConversationRepository } from '../sessions/conversation-repository.ts'
import type { SessionRecordPatch } from '../storage/event-store.ts'
import {
  type IdempotencyKey,
  type IdempotencyKeyRecord,
  createCompletedIdempotencyKeyRecord,
} from '../storage/idempotency-key.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { ConversationSettingsPatch } from '../storage/sessions/conversation-settings.ts'
import { assertSessionsIdle } from './assert-sessions-idle.ts'
import { deleteStoredSessions } from './delete-stored-sessions.ts'
import type { EventLog } from './log/event-log.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import type { SessionActors } from './runtime/session-actors.ts'
import { CompactingError } from './runtime/session-errors.ts'
import type { WritableSessions } from './runtime/writable-sessions.ts'

/**
 * What a person can change about a session. Null removes the title, the choice of a model, the instructions or the effort. Pins and archive are those of
 * its conversation.
 */
export interface UpdateSessionRequest {
  readonly title?: string | null
  readonly model?: string | null
  /** Null: those of the profile. */
  readonly instructions?: string | null
  /** Null: the model's own default. */
  readonly effort?: string | null
  readonly pinned?: boolean
  readonly archived?: boolean
}

/** A change that is validated for all its sessions. A change in several profiles is prepared in all before it is applied. */
export interface PreparedSessionChange<Result> {
  /** The key of the call is stored with the change, which must be one of a single session then. */
  readonly apply: (idempotencyKey?: IdempotencyKey | null) => Promise<Result>
}

export interface SessionManagementOptions {
  readonly profile: ProfileStorage
  readonly models: Pick<ModelRegistry, 'assertKnown' | 'resolve'>
  readonly log: Logger
  readonly eventLog: EventLog
  readonly writableSessions: WritableSessions
  readonly activeSessions: ActiveSessions
  readonly actors: SessionActors
  readonly conversations: ConversationRepository
  readonly gate: TaskGate
}

/** Renames, pins, archives and deletes sessions. */
export class SessionManagement {
  readonly #options: SessionManagementOptions

  constructor(options: SessionManagementOptions) {
    this.#options = options
  }

  /**
   * Changes sessions, and returns them in the order of `ids`. Changes none of them unless all can be changed. Throws
   * BAD_USER_INPUT, NOT_FOUND, SESSION_READ_ONLY, SHUTTING_DOWN, and SESSION_BUSY while one of them is being compacted.
   */
  async update(ids: readonly string[], update: UpdateSessionRequest): Promise<SessionRecord[]> {
    return (await this.prepareUpdate(ids, update)).apply()
  }

  /** Validates an update. Throws what `update` throws. */
  async prepareUpdate(
    ids: readonly string[],
    update: UpdateSessionRequest,
  ): Promise<PreparedSessionChange<SessionRecord[]>> {
    const { models, activeSessions, profile, writableSessions, gate } = this.#options
    // Throws for a title that cannot be one.
    toSessionPatch(update)
    if (typeof update.model === 'string') await models.assertKnown(update.model)
    const sessions = await this.#loadSessions(ids)
    if (typeof update.effort === 'string')
      for (const { model } of sessions)
        await assertModelTakesEffort(
          models,
          update.model === undefined ? model : update.model,
          update.effort,
          'input',
          'effort',
        )
    // The session that continues a compacted one would not have the change.
    for (const { id } of sessions) await activeSessions.find(id)?.waitForCompaction('REJECT')
    const foreignClaims = (await profile.commands?.listForeignClaims()) ?? []
    if (sessions.some(({ id }) => foreignClaims.includes(id))) throw new CompactingError()
    const apply = async (key: IdempotencyKeyRecord | null): Promise<SessionRecord[]> => {
      for (const session of sessions) {
        if (turnScheduler.mustWait()) await turnScheduler.wait()
        await this.#update(session, update, key)
      }
      return Promise.all(ids.map((id) => writableSessions.get(id)))
    }
    return { apply: (key) => gate.run(() => apply(toSingleCallKey(key, sessions))) }
  }

  /**
   * Deletes sessions with everything derived from them. Deletes none of them unless all can be deleted. Subscriptions to
   * them complete. Throws NOT_FOUND, SESSION_READ_ONLY, SHUTTING_DOWN, and SESSION_BUSY while a stream runs or is queued
   * in one of them, or it is being compacted.
   */
  async delete(ids: readonly string[]): Promise<void> {
    await (await this.prepareDelete(ids)).apply()
  }

  /** Validates a deletion. Throws what `delete` throws. */
  async prepareDelete(ids: readonly string[]): Promise<PreparedSessionChange<void>> {
    const { actors, gate } = this.#options
    const sessions = await this.#loadSessions(ids)
    await assertSessionsIdle(ids, this.#options)
    const apply = async (idempotencyKey: IdempotencyKeyRecord | null): Promise<void> => {
      for (const session of sessions) {
        if (turnScheduler.mustWait()) await turnScheduler.wait()
        await actors
          .getOrCreate(session)
          .delete(() => deleteStoredSessions([session.id], idempotencyKey, this.#options))
      }
    }
    return { apply: (key) => gate.run(() => apply(toSingleCallKey(key, sessions))) }
  }

  async #loadSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return Promise.all([...new Set(ids)].map((id) => this.#options.writableSessions.get(id)))
  }

  /**
   * Changes a session and, in the same transaction, the settings of its conversation: pins, archive, and the title if the
   * session is the tip. The log of the tip tells of pins and archive.
   */
  async #update(
    session: SessionRecord,
    { pinned, archived, ...sessionUpdate }: UpdateSessionRequest,
    key: IdempotencyKeyRecord | null,
  ): Promise<void> {
    const { actors, conversations } = this.#options
    const patch = toSessionPatch(sessionUpdate)
    const conversation = (await conversations.findBySessions([session])).get(session.id) ?? null
    const tip = conversation?.tip ?? session
    const settings: ConversationSettingsPatch = {
      ...(pinned !== undefined && { pinned }),
      ...(archived !== undefined && { archived }),
      ...(patch.title !== undefined && tip.id === session.id && { title: patch.title }),
    }
    const newKey = key ? { newKey: key } : {}
    if (Object.keys(settings).length === 0) return actors.getOrCreate(session).update(patch, newKey)
    const sessionIds = conversation ? await conversations.listSessionIds(conversation) : [session.id]
    const more = { ...newKey, conversationSettings: { sessionIds, patch: settings } }
    await actors.getOrCreate(session).update(patch, more)
    const isToldByTip = pinned !== undefined || archived !== undefined
    if (isToldByTip && tip.id !== session.id && tip.origin === 'SEGUE') await actors.getOrCreate(tip).update({})
  }
}

/** Changes of several sessions are several transactions, none of which can hold the key. */
function toSingleCallKey(
  key: IdempotencyKey | null = null,
  sessions: readonly SessionRecord[],
): IdempotencyKeyRecord | null {
  if (key && sessions.length !== 1) throw new TypeError('Only the change of a single session can be stored with a key.')
  return key && createCompletedIdempotencyKeyRecord(key)
}

function toSessionPatch({
  title,
  model,
  instructions,
  effort,
}: Omit<UpdateSessionRequest, 'pinned' | 'archived'>): SessionRecordPatch {
  const fields = {
    ...(model !== undefined && { model }),
    ...(instructions !== undefined && { instructions }),
    ...(effort !== undefined && { effort }),
  }
  if (title === undefined) return fields
  if (title === null) return { ...fields, title, titleSource: null }
  return { ...fields, title: normalizeTitle(title), titleSource: 'PERSON' }
}
