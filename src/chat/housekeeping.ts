import type { Models } from '../agent/models.ts'
import type { Profile } from '../profiles/profile.ts'
import { cleanTitle } from '../sessions/sessions.ts'
import type { SessionChange } from '../storage/chat-store.ts'
import type { SessionRecord } from '../storage/records.ts'
import type { ChatLog } from './chat-log.ts'
import type { Live } from './live.ts'
import type { OwnSessions } from './own-sessions.ts'
import type { SessionChat } from './session-chat.ts'

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
  /** Has the work finished before the server is, and throws once it stops. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>
}

/** What people do with sessions beside speaking in them: renaming, pinning, putting away, deleting. */
export class Housekeeping {
  readonly #options: HousekeepingOptions

  constructor(options: HousekeepingOptions) {
    this.#options = options
  }

  /**
   * Changes sessions; none of them unless all can be. Throws BAD_USER_INPUT, NOT_FOUND and SESSION_READ_ONLY.
   */
  async update(ids: readonly string[], update: SessionUpdate): Promise<SessionRecord[]> {
    const { own, run, chat, models } = this.#options
    if (update.model) await models.find(update.model)
    const change = changeOf(update)
    return run(async () => {
      for (const session of await this.#find(ids)) await chat(session).change(change)
      return Promise.all(ids.map((id) => own.find(id)))
    })
  }

  /**
   * Removes sessions, each with everything derived from it; none of them unless all can be when it begins.
   * Whoever follows one is told the end. Throws BAD_USER_INPUT, NOT_FOUND, SESSION_READ_ONLY, and SESSION_BUSY while a
   * stream runs or waits in one.
   */
  async remove(ids: readonly string[]): Promise<void> {
    const { run, chat, live } = this.#options
    await run(async () => {
      const sessions = await this.#find(ids)
      for (const { id } of sessions) live.chat(id)?.checkIdle()
      for (const session of sessions) await chat(session).remove(() => this.#erase(session.id))
    })
  }

  async #erase(id: string): Promise<void> {
    const { profile, log } = this.#options
    const unused = await profile.chats.removeSession(id)
    log.remove(id)
    await profile.files.remove(unused)
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
