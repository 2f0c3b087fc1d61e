import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openProfileStorage } from '../../../src/services/open-profile-storage.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { ConversationRepository } from '../../../src/sessions/conversation-repository.ts'
import { SessionRepository } from '../../../src/sessions/session-repository.ts'
import { channelForSource } from '../../../src/model/channel.ts'
import { HermesDb, type HermesLayout } from '../hermes/hermes-db.ts'
import { newTempFolder } from '../server/segue.ts'
import { newSessionRecord } from './session-record.ts'
import { silentLogger } from '../../../src/lib/logger.ts'

/** A session as a person would describe it. Times are seconds, as in Hermes' file. */
export interface ModelSession {
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
export const segueId = (index: number): string => `ses_01h455vb4pex5vsknk084s${String(index).padStart(4, '0')}`

export const isSegueId = (id: string): boolean => id.startsWith('ses_')

/** Sessions in plain maps, and the rule of conversations applied to all of them at once, with no thought of speed. */
class ConversationModel {
  readonly rows = new Map<string, ModelSession>()
  readonly messages = new Map<string, number[]>()

  listConversations(filter: ModelFilter = {}): ModelConversation[] {
    return this.listAll()
      .filter(({ tip }) => this.#latestMessageAt(tip) > 0)
      .filter((each) => this.#matchesFilter(each, filter))
      .sort((a, b) => b.at - a.at || compareBytes(b.root, a.root))
  }

  /** Empty ones too. */
  listAll(): ModelConversation[] {
    const families = Map.groupBy(this.rows.values(), ({ id }) => this.findRoot(id))
    return [...families].map(([root, family]) => {
      const byTip = family.toSorted(
        (a, b) =>
          this.#latestMessageAt(b.id) - this.#latestMessageAt(a.id) ||
          b.started - a.started ||
          compareBytes(b.id, a.id),
      )
      const tip = byTip[0]?.id ?? root
      const others = family
        .filter(({ id }) => id !== root)
        .sort((a, b) => a.started - b.started || this.#depth(a.id) - this.#depth(b.id) || compareBytes(a.id, b.id))
      const segments = [root, ...others.map(({ id }) => id)]
      return { root, tip, at: this.#latestMessageAt(tip) || (this.rows.get(tip)?.started ?? 0), segments }
    })
  }

  findRoot(id: string): string {
    const path = this.#pathToRoot(id)
    return path.at(-1) ?? id
  }

  #depth(id: string): number {
    return this.#pathToRoot(id).length
  }

  /** From a session up to its root, itself alone in a cycle. */
  #pathToRoot(id: string): string[] {
    const path = [id]
    for (let up = this.#findParent(id); up !== null; up = this.#findParent(up)) {
      if (path.includes(up)) return [id]
      path.push(up)
    }
    return path
  }

  #findParent(id: string): string | null {
    const row = this.rows.get(id)
    const parent = this.rows.get(row?.parent ?? '')
    if (!row || !parent || parent.id === id) return null
    if (parent.end !== 'compression' && parent.end !== 'cli_close') return null
    if (row.branchOf === parent.id || row.source === 'tool' || row.source === 'subagent') return null
    return isSegueId(parent.id) && !isSegueId(id) ? null : parent.id
  }

  #latestMessageAt(id: string): number {
    return Math.max(0, ...(this.messages.get(id) ?? []))
  }

  #matchesFilter({ root, tip }: ModelConversation, { channels, origin, archived, pinned }: ModelFilter): boolean {
    const row = this.rows.get(tip)
    if (!row) return false
    const channel = (id: string): string => channelForSource(this.rows.get(id)?.source ?? '')
    const isInternal = [root, tip].every((id) => ['TOOL', 'CRON'].includes(channel(id)))
    return (
      (channels ? channels.includes(channel(tip)) : !isInternal) &&
      (origin === undefined || (origin === 'SEGUE') === isSegueId(tip)) &&
      (archived === undefined || row.archived === archived) &&
      (pinned === undefined || row.pinned === pinned)
    )
  }
}

/** As SQLite compares texts. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Both databases of a profile, written to by SQL as others do, and the model of what is in them. */
export class ConversationFixture {
  readonly #stack = new DisposableStack()
  /** Another connection to our database, as others have. */
  readonly segueDb: Database.Database
  readonly hermesDb: HermesDb
  readonly home: string
  readonly profile: ProfileStorage
  readonly sessions: SessionRepository
  readonly conversations: ConversationRepository
  model = new ConversationModel()

  private constructor(home: string, hermesHome: string, profile: ProfileStorage, hermes: HermesDb) {
    this.home = home
    this.profile = profile
    this.hermesDb = hermes
    this.segueDb = new Database(join(home, 'segue.db'))
    this.sessions = new SessionRepository(profile)
    this.conversations = new ConversationRepository(profile, this.sessions)
    for (const folder of [home, hermesHome]) this.#stack.defer(() => rmSync(folder, { recursive: true, force: true }))
    this.#stack.defer(() => this.segueDb.close())
    this.#stack.defer(() => hermes.close())
  }

  static async open(layout: HermesLayout = 'newest'): Promise<ConversationFixture> {
    const [home, hermesHome] = [newTempFolder(), newTempFolder()]
    const hermes = new HermesDb(join(hermesHome, 'state.db'), layout)
    hermes.db.pragma('foreign_keys = OFF')
    const profile = openProfileStorage({ home, hermesHome, durable: false, log: silentLogger })
    // A database of ours is made by the first write.
    await profile.eventStore.createSession({
      session: newSessionRecord({ id: segueId(0), origin: 'SEGUE', source: 'segue' }),
      messages: [],
    })
    const fixture = new ConversationFixture(home, hermesHome, profile, hermes)
    fixture.clear()
    return fixture
  }

  clear(): void {
    this.segueDb.exec('DELETE FROM sessions')
    this.hermesDb.db.exec('DELETE FROM messages; DELETE FROM sessions')
    this.model = new ConversationModel()
  }

  upsertSession(input: ModelSession): void {
    const { id } = input
    const hasFlags = isSegueId(id) || this.hermesDb.columnNames('sessions').has('archived')
    const row = hasFlags ? input : { ...input, archived: false, pinned: false }
    this.model.rows.set(id, row)
    if (isSegueId(id)) this.#upsertSegueSession(row)
    else this.#upsertHermesSession(row, hasFlags)
    this.#updateCounters(id)
  }

  delete(id: string): void {
    this.model.rows.delete(id)
    this.model.messages.delete(id)
    if (isSegueId(id)) this.segueDb.prepare('DELETE FROM sessions WHERE id = ?').run(id)
    else {
      this.hermesDb.db.prepare('DELETE FROM messages WHERE session_id = ?').run(id)
      this.hermesDb.db.prepare('DELETE FROM sessions WHERE id = ?').run(id)
    }
  }

  /** Adds a message. */
  addMessage(id: string, at: number): void {
    if (!this.model.rows.has(id)) return
    this.model.messages.set(id, [...(this.model.messages.get(id) ?? []), at])
    if (!isSegueId(id)) this.hermesDb.addMessage(id, at)
    this.#updateCounters(id)
  }

  /** Takes all messages of a time and later back. */
  deleteMessagesFrom(id: string, from: number): void {
    if (!this.model.rows.has(id)) return
    this.model.messages.set(
      id,
      (this.model.messages.get(id) ?? []).filter((at) => at < from),
    )
    if (!isSegueId(id)) {
      this.hermesDb.db.prepare('DELETE FROM messages WHERE session_id = ? AND timestamp >= ?').run(id, from)
    }
    this.#updateCounters(id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.profile.close()
    this.#stack.dispose()
  }

  #upsertSegueSession({ id, parent, end, source, started, archived, pinned }: ModelSession): void {
    this.segueDb
      .prepare(
        `INSERT INTO sessions (id, source, parent_session_id, started_at, end_reason, last_activity_at, archived, pinned, usage)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{}')
         ON CONFLICT (id) DO UPDATE SET source = excluded.source, parent_session_id = excluded.parent_session_id,
           started_at = excluded.started_at, end_reason = excluded.end_reason, archived = excluded.archived,
           pinned = excluded.pinned`,
      )
      .run(id, source, parent, started * 1000, end, started * 1000, Number(archived), Number(pinned))
  }

  #upsertHermesSession(
    { id, parent, end, source, started, branchOf, archived, pinned }: ModelSession,
    hasFlags: boolean,
  ): void {
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
    this.hermesDb.db
      .prepare(
        `INSERT INTO sessions (${names.join(', ')}) VALUES (${names.map((name) => `:${name}`).join(', ')})
         ON CONFLICT (id) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`,
      )
      .run(row)
  }

  /** The counters, which both kinds of writers keep in the same transaction. */
  #updateCounters(id: string): void {
    const messages = this.model.messages.get(id) ?? []
    if (!isSegueId(id)) {
      this.hermesDb.db.prepare('UPDATE sessions SET message_count = ? WHERE id = ?').run(messages.length, id)
      return
    }
    const at = messages.length > 0 ? Math.max(...messages) : (this.model.rows.get(id)?.started ?? 0)
    this.segueDb
      .prepare('UPDATE sessions SET message_count = ?, last_activity_at = ? WHERE id = ?')
      .run(messages.length, at * 1000, id)
  }
}
