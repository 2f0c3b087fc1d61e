import type { Models } from '../agent/models/model-registry.ts'
import type { Profile } from '../services/profile-stores.ts'
import { cleanTitle } from '../sessions/session-repository.ts'
import type { SessionChange } from '../storage/event-store.ts'
import type { SessionRecord } from '../model/records.ts'
import type { ChatLog } from './log/event-log.ts'
import type { Live } from './runtime/active-sessions.ts'
import type { OwnSessions } from './runtime/writable-sessions.ts'
import type { SessionChat } from './runtime/session-actor.ts'

/** What a person can change of a session; null takes the title, or the choice of a model, away. */
export interface SessionUpdate {
  readonly title?: string | null
  readonly model?: string | null
  readonly pinned?: boolean
  readonly archived?: boolean
}

export interface HousekeepingOptions {
  readonly profile: Profile
  readonly models: Pick<Models, 'find'>
  readonly own: OwnSessions
  readonly log: ChatLog
  readonly live: Live
  readonly chat: (session: SessionRecord) => SessionChat
  readonly onProblem: (error: unknown, what: string) => void
  /** Has the work finished before the server is, and throws once it stops. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

/** What people do with sessions beside speaking in them: renaming, pinning, putting away, deleting. */
export class Housekeeping {
  readonly #options: HousekeepingOptions

  constructor(options: HousekeepingOptions) {
    this.#options = options
  }

  /** Whether sessions can be changed. Throws as `update` does. */
  async checkUpdate(ids: readonly string[], update: SessionUpdate): Promise<void> {
    changeOf(update)
    if (typeof update.model === 'string') await this.#options.models.find(update.model)
    // What is continued by then would not have it.
    for (const { id } of await this.#find(ids)) await this.#options.live.chat(id)?.notCompacting('REJECT')
  }

  /**
   * Changes sessions; none of them unless all can be when it begins. Throws BAD_USER_INPUT, NOT_FOUND, SESSION_READ_ONLY,
   * and SESSION_BUSY while one is being compacted.
   */
  async update(ids: readonly string[], update: SessionUpdate): Promise<SessionRecord[]> {
    const { own, run, chat } = this.#options
    await this.checkUpdate(ids, update)
    const change = changeOf(update)
    return run(async () => {
      // Looked up when its turn comes: somebody may have spoken in it while the others were changed.
      for (const id of new Set(ids)) await chat(await own.find(id)).change(change)
      return Promise.all(ids.map((id) => own.find(id)))
    })
  }

  /** Whether sessions can be removed. Throws as `remove` does. */
  async checkRemove(ids: readonly string[]): Promise<void> {
    for (const { id } of await this.#find(ids)) this.#options.live.chat(id)?.checkIdle()
  }

  /**
   * Removes sessions, each with everything derived from it; none of them unless all can be when it begins.
   * Whoever follows one is told the end. Throws NOT_FOUND, SESSION_READ_ONLY, and SESSION_BUSY while a stream runs or waits
   * in one, or it is being compacted.
   */
  async remove(ids: readonly string[]): Promise<void> {
    const { own, run, chat } = this.#options
    await run(async () => {
      await this.checkRemove(ids)
      for (const id of new Set(ids)) await chat(await own.find(id)).remove(() => this.#erase(id))
    })
  }

  async #erase(id: string): Promise<void> {
    const { profile, log, onProblem } = this.#options
    const unused = await profile.chats.removeSession(id)
    log.remove(id)
    // It is gone, whatever becomes of them: what is left is swept out at the next start.
    await profile.files
      .remove(unused, (hashes) => profile.chats.unusedFiles(hashes))
      .catch((error: unknown) => onProblem(error, 'files of a deleted session could not be removed'))
  }

  async #find(ids: readonly string[]): Promise<SessionRecord[]> {
    return Promise.all([...new Set(ids)].map((id) => this.#options.own.find(id)))
  }
}

function changeOf({ title, ...choices }: SessionUpdate): SessionChange {
  if (title === undefined) return choices
  if (title === null) return { ...choices, title, titleSource: null }
  return { ...choices, title: cleanTitle(title), titleSource: 'PERSON' }
}
