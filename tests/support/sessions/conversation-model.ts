import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openProfile, type Profile } from '../../../src/services/profile-stores.ts'
import { Conversations } from '../../../src/sessions/conversation-repository.ts'
import { Sessions } from '../../../src/sessions/session-repository.ts'
import { channelOf } from '../../../src/model/channel.ts'
import { HermesDb, type HermesLayout } from '../hermes/hermes-db.ts'
import { newFolder } from '../server/segue.ts'
import { sessionRecord } from './session-record.ts'

/** A session as a person would describe it. Times are seconds, as in Hermes' file. */
export interface Row {
  readonly id: string
  readonly parent: string | null
  readonly end: string | null
  readonly source: string
  readonly started: number
  /** The parent that it says it is a branch of. */
  readonly branchOf: string | null
  readonly archived: boolean
  readonly pinned: boolean
}

export interface ModelConversation {
  readonly root: string
  readonly tip: string
  readonly at: number
  readonly segments: readonly string[]
}

export interface ModelFilter {
  readonly channels?: readonly string[]
  readonly origin?: 'SEGUE' | 'HERMES'
  readonly archived?: boolean
  readonly pinned?: boolean
}

/** The id of a session kept here. */
export const mine = (index: number): string => `ses_01h455vb4pex5vsknk084s${String(index).padStart(4, '0')}`

export const isOwn = (id: string): boolean => id.startsWith('ses_')

/** Sessions in plain maps, and the rule of conversations applied to all of them at once, with no thought of speed. */
class Model {
  readonly rows = new Map<string, Row>()
  readonly messages = new Map<string, number[]>()

  conversations(filter: ModelFilter = {}): ModelConversation[] {
    return this.all()
      .filter(({ tip }) => this.#newest(tip) > 0)
      .filter((each) => this.#passes(each, filter))
      .sort((a, b) => b.at - a.at || compare(b.root, a.root))
  }

  /** Empty ones too. */
  all(): ModelConversation[] {
    const families = Map.groupBy(this.rows.values(), ({ id }) => this.rootOf(id))
    return [...families].map(([root, family]) => {
      const byTip = family.toSorted(
        (a, b) => this.#newest(b.id) - this.#newest(a.id) || b.started - a.started || compare(b.id, a.id),
      )
      const tip = byTip[0]?.id ?? root
      const others = family
        .filter(({ id }) => id !== root)
        .sort((a, b) => a.started - b.started || this.#depth(a.id) - this.#depth(b.id) || compare(a.id, b.id))
      const segments = [root, ...others.map(({ id }) => id)]
      return { root, tip, at: this.#newest(tip) || (this.rows.get(tip)?.started ?? 0), segments }
    })
  }

  rootOf(id: string): string {
    const path = this.#path(id)
    return path.at(-1) ?? id
  }

  #depth(id: string): number {
    return this.#path(id).length
  }

  /** From a session up to its root, itself alone in a cycle. */
  #path(id: string): string[] {
    const path = [id]
    for (let up = this.#parentOf(id); up !== null; up = this.#parentOf(up)) {
      if (path.includes(up)) return [id]
      path.push(up)
    }
    return path
  }

  #parentOf(id: string): string | null {
    const row = this.rows.get(id)
    const parent = this.rows.get(row?.parent ?? '')
    if (!row || !parent || parent.id === id) return null
    if (parent.end !== 'compression' && parent.end !== 'cli_close') return null
    if (row.branchOf === parent.id || row.source === 'tool' || row.source === 'subagent') return null
    return isOwn(parent.id) && !isOwn(id) ? null : parent.id
  }

  #newest(id: string): number {
    return Math.max(0, ...(this.messages.get(id) ?? []))
  }

  #passes({ root, tip }: ModelConversation, { channels, origin, archived, pinned }: ModelFilter): boolean {
    const row = this.rows.get(tip)
    if (!row) return false
    const channel = (id: string): string => channelOf(this.rows.get(id)?.source ?? '')
    const isInternal = [root, tip].every((id) => ['TOOL', 'CRON'].includes(channel(id)))
    return (
      (channels ? channels.includes(channel(tip)) : !isInternal) &&
      (origin === undefined || (origin === 'SEGUE') === isOwn(tip)) &&
      (archived === undefined || row.archived === archived) &&
      (pinned === undefined || row.pinned === pinned)
    )
  }
}

/** As SQLite compares texts. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Both databases of a profile, written to by SQL as others do, and the model of what is in them. */
export class Both {
  readonly #stack = new DisposableStack()
  /** Another connection to our database, as others have. */
  readonly own: Database.Database
  readonly hermes: HermesDb
  readonly home: string
  readonly profile: Profile
  readonly sessions: Sessions
  readonly conversations: Conversations
  model = new Model()

  private constructor(home: string, hermesHome: string, profile: Profile, hermes: HermesDb) {
    this.home = home
    this.profile = profile
    this.hermes = hermes
    this.own = new Database(join(home, 'segue.db'))
    this.sessions = new Sessions(profile)
    this.conversations = new Conversations(profile, this.sessions)
    for (const folder of [home, hermesHome]) this.#stack.defer(() => rmSync(folder, { recursive: true, force: true }))
    this.#stack.defer(() => this.own.close())
    this.#stack.defer(() => hermes.close())
  }

  static async open(layout: HermesLayout = 'newest'): Promise<Both> {
    const [home, hermesHome] = [newFolder(), newFolder()]
    const hermes = new HermesDb(join(hermesHome, 'state.db'), layout)
    hermes.db.pragma('foreign_keys = OFF')
    const log = { info: () => undefined, warn: () => undefined }
    const profile = openProfile({ home, hermesHome, durable: false, log })
    // A database of ours is made by the first write.
    await profile.chats.createSession({
      session: sessionRecord({ id: mine(0), origin: 'SEGUE', source: 'segue' }),
      messages: [],
    })
    const both = new Both(home, hermesHome, profile, hermes)
    both.clear()
    return both
  }

  clear(): void {
    this.own.exec('DELETE FROM sessions')
    this.hermes.db.exec('DELETE FROM messages; DELETE FROM sessions')
    this.model = new Model()
  }

  put(given: Row): void {
    const { id } = given
    const hasFlags = isOwn(id) || this.hermes.columns('sessions').has('archived')
    const row = hasFlags ? given : { ...given, archived: false, pinned: false }
    this.model.rows.set(id, row)
    if (isOwn(id)) this.#putOwn(row)
    else this.#putHermes(row, hasFlags)
    this.#count(id)
  }

  remove(id: string): void {
    this.model.rows.delete(id)
    this.model.messages.delete(id)
    if (isOwn(id)) this.own.prepare('DELETE FROM sessions WHERE id = ?').run(id)
    else {
      this.hermes.db.prepare('DELETE FROM messages WHERE session_id = ?').run(id)
      this.hermes.db.prepare('DELETE FROM sessions WHERE id = ?').run(id)
    }
  }

  /** Adds a message. */
  say(id: string, at: number): void {
    if (!this.model.rows.has(id)) return
    this.model.messages.set(id, [...(this.model.messages.get(id) ?? []), at])
    if (!isOwn(id)) this.hermes.message(id, at)
    this.#count(id)
  }

  /** Takes all messages of a time and later back. */
  takeBack(id: string, from: number): void {
    if (!this.model.rows.has(id)) return
    this.model.messages.set(
      id,
      (this.model.messages.get(id) ?? []).filter((at) => at < from),
    )
    if (!isOwn(id)) {
      this.hermes.db.prepare('DELETE FROM messages WHERE session_id = ? AND timestamp >= ?').run(id, from)
    }
    this.#count(id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.profile.close()
    this.#stack.dispose()
  }

  #putOwn({ id, parent, end, source, started, archived, pinned }: Row): void {
    this.own
      .prepare(
        `INSERT INTO sessions (id, source, parent_session_id, started_at, end_reason, last_activity_at, archived, pinned, usage)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{}')
         ON CONFLICT (id) DO UPDATE SET source = excluded.source, parent_session_id = excluded.parent_session_id,
           started_at = excluded.started_at, end_reason = excluded.end_reason, archived = excluded.archived,
           pinned = excluded.pinned`,
      )
      .run(id, source, parent, started * 1000, end, started * 1000, Number(archived), Number(pinned))
  }

  #putHermes({ id, parent, end, source, started, branchOf, archived, pinned }: Row, hasFlags: boolean): void {
    const config = branchOf === null ? null : JSON.stringify({ _branched_from: branchOf })
    const row = {
      id,
      parent_session_id: parent,
      end_reason: end,
      source,
      started_at: started,
      model_config: config,
      ...(hasFlags && { archived: Number(archived), pinned: Number(pinned) }),
    }
    const names = Object.keys(row)
    this.hermes.db
      .prepare(
        `INSERT INTO sessions (${names.join(', ')}) VALUES (${names.map((name) => `:${name}`).join(', ')})
         ON CONFLICT (id) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`,
      )
      .run(row)
  }

  /** The counters, which both kinds of writers keep in the same transaction. */
  #count(id: string): void {
    const messages = this.model.messages.get(id) ?? []
    if (!isOwn(id)) {
      this.hermes.db.prepare('UPDATE sessions SET message_count = ? WHERE id = ?').run(messages.length, id)
      return
    }
    const at = messages.length > 0 ? Math.max(...messages) : (this.model.rows.get(id)?.started ?? 0)
    this.own
      .prepare('UPDATE sessions SET message_count = ?, last_activity_at = ? WHERE id = ?')
      .run(messages.length, at * 1000, id)
  }
}
