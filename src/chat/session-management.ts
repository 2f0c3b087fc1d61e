import type { ModelRegistry } from '../agent/models/model-registry.ts'
import type { Logger } from '../lib/logger.ts'
import type { TaskGate } from '../lib/async/task-gate.ts'
import type { SessionRecord } from '../model/session.ts'
import { normalizeTitle } from '../model/conversation/title.ts'
import type { SessionRecordPatch } from '../storage/event-store.ts'
import {
  type IdempotencyKey,
  type IdempotencyKeyRecord,
  createCompletedIdempotencyKeyRecord,
} from '../storage/idempotency-key.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { EventLog } from './log/event-log.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import type { SessionActors } from './runtime/session-actors.ts'
import type { WritableSessions } from './runtime/writable-sessions.ts'

/** What a person can change about a session. Null removes the title, or the choice of a model. */
export interface UpdateSessionRequest {
  readonly title?: string | null
  readonly model?: string | null
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
  readonly models: Pick<ModelRegistry, 'assertKnown'>
  readonly log: Logger
  readonly eventLog: EventLog
  readonly writableSessions: WritableSessions
  readonly activeSessions: ActiveSessions
  readonly actors: SessionActors
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
    const { models, activeSessions, writableSessions, actors, gate } = this.#options
    const patch = toSessionPatch(update)
    if (typeof update.model === 'string') await models.assertKnown(update.model)
    const sessions = await this.#loadSessions(ids)
    // The session that continues a compacted one would not have the change.
    for (const { id } of sessions) await activeSessions.find(id)?.waitForCompaction('REJECT')
    const apply = async (key: IdempotencyKeyRecord | null): Promise<SessionRecord[]> => {
      for (const session of sessions)
        await actors.getOrCreate(session).update(patch, { idempotencyKeys: key ? [key] : [] })
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
    const { activeSessions, actors, gate } = this.#options
    const sessions = await this.#loadSessions(ids)
    for (const { id } of sessions) activeSessions.find(id)?.assertIdle()
    const apply = async (idempotencyKey: IdempotencyKeyRecord | null): Promise<void> => {
      for (const session of sessions)
        await actors.getOrCreate(session).delete(() => this.#deleteStoredSession(session.id, idempotencyKey))
    }
    return { apply: (key) => gate.run(() => apply(toSingleCallKey(key, sessions))) }
  }

  async #loadSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return Promise.all([...new Set(ids)].map((id) => this.#options.writableSessions.get(id)))
  }

  async #deleteStoredSession(id: string, idempotencyKey: IdempotencyKeyRecord | null): Promise<void> {
    const { profile, eventLog, log } = this.#options
    const unreferencedHashes = await profile.eventStore.deleteSession(id, idempotencyKey)
    eventLog.markRemoved(id)
    // The session is deleted even if its files are not. The next start removes them.
    await profile.blobs
      .deleteUnreferenced(unreferencedHashes, (hashes) => profile.eventStore.findUnreferencedBlobs(hashes))
      .catch((error: unknown) =>
        log.error({ err: error, session: id }, 'The files of a deleted session could not be removed.'),
      )
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

function toSessionPatch({ title, ...fields }: UpdateSessionRequest): SessionRecordPatch {
  if (title === undefined) return fields
  if (title === null) return { ...fields, title, titleSource: null }
  return { ...fields, title: normalizeTitle(title), titleSource: 'PERSON' }
}
