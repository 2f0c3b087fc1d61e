import type { ModelRegistry } from '../agent/models/model-registry.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { normalizeTitle } from '../model/title.ts'
import type { SessionRecordPatch } from '../storage/event-store.ts'
import type { SessionRecord } from '../model/session.ts'
import type { EventLog } from './log/event-log.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import type { WritableSessions } from './runtime/writable-sessions.ts'
import type { SessionActor } from './runtime/session-actor.ts'
import type { Logger } from '../lib/logger.ts'

/** What a person can change of a session; null takes the title, or the choice of a model, away. */
export interface SessionUpdate {
  readonly title?: string | null
  readonly model?: string | null
  readonly pinned?: boolean
  readonly archived?: boolean
}

export interface SessionManagementOptions {
  readonly profile: ProfileStorage
  readonly models: Pick<ModelRegistry, 'assertKnown'>
  readonly writableSessions: WritableSessions
  readonly eventLog: EventLog
  readonly activeSessions: ActiveSessions
  readonly actorFor: (session: SessionRecord) => SessionActor
  readonly log: Logger
  /** Has the work finished before the server is, and throws once it stops. */
  readonly runTracked: <T>(work: () => Promise<T>) => Promise<T>
}

/** What people do with sessions beside speaking in them: renaming, pinning, putting away, deleting. */
export class SessionManagement {
  readonly #options: SessionManagementOptions

  constructor(options: SessionManagementOptions) {
    this.#options = options
  }

  /** Whether sessions can be changed. Throws as `update` does. */
  async assertCanUpdate(ids: readonly string[], update: SessionUpdate): Promise<void> {
    toSessionChange(update)
    if (typeof update.model === 'string') this.#options.models.assertKnown(update.model)
    // What is continued by then would not have it.
    for (const { id } of await this.#requireWritableSessions(ids))
      await this.#options.activeSessions.find(id)?.waitForCompaction('REJECT')
  }

  /**
   * Changes sessions; none of them unless all can be when it begins. Throws BAD_USER_INPUT, NOT_FOUND, SESSION_READ_ONLY,
   * and SESSION_BUSY while one is being compacted.
   */
  async update(ids: readonly string[], update: SessionUpdate): Promise<SessionRecord[]> {
    const { writableSessions, runTracked, actorFor } = this.#options
    await this.assertCanUpdate(ids, update)
    const change = toSessionChange(update)
    return runTracked(async () => {
      // Looked up when its turn comes: somebody may have spoken in it while the others were changed.
      for (const id of new Set(ids)) await actorFor(await writableSessions.get(id)).update(change)
      return Promise.all(ids.map((id) => writableSessions.get(id)))
    })
  }

  /** Whether sessions can be removed. Throws as `remove` does. */
  async assertCanDelete(ids: readonly string[]): Promise<void> {
    for (const { id } of await this.#requireWritableSessions(ids)) this.#options.activeSessions.find(id)?.assertIdle()
  }

  /**
   * Removes sessions, each with everything derived from it; none of them unless all can be when it begins.
   * Whoever follows one is told the end. Throws NOT_FOUND, SESSION_READ_ONLY, and SESSION_BUSY while a stream runs or waits
   * in one, or it is being compacted.
   */
  async delete(ids: readonly string[]): Promise<void> {
    const { writableSessions, runTracked, actorFor } = this.#options
    await runTracked(async () => {
      await this.assertCanDelete(ids)
      for (const id of new Set(ids))
        await actorFor(await writableSessions.get(id)).remove(() => this.#deleteStoredSession(id))
    })
  }

  async #deleteStoredSession(id: string): Promise<void> {
    const { profile, eventLog, log } = this.#options
    const unreferencedHashes = await profile.eventStore.deleteSession(id)
    eventLog.markRemoved(id)
    // It is gone, whatever becomes of them: what is left is swept out at the next start.
    await profile.blobs
      .deleteUnreferenced(unreferencedHashes, (hashes) => profile.eventStore.findUnreferencedBlobs(hashes))
      .catch((error: unknown) =>
        log.error({ err: error, session: id }, 'The files of a deleted session could not be removed.'),
      )
  }

  async #requireWritableSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return Promise.all([...new Set(ids)].map((id) => this.#options.writableSessions.get(id)))
  }
}

function toSessionChange({ title, ...fields }: SessionUpdate): SessionRecordPatch {
  if (title === undefined) return fields
  if (title === null) return { ...fields, title, titleSource: null }
  return { ...fields, title: normalizeTitle(title), titleSource: 'PERSON' }
}
