import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openProfileStorage } from '../../../src/services/storage/open-profile-storage.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import { ConversationRepository } from '../../../src/sessions/conversation-repository.ts'
import { CombinedSessionRepository } from '../../../src/sessions/combined-session-repository.ts'
import { HermesDb, type HermesLayout } from '../hermes/hermes-db.ts'
import { TestDatabase } from '../storage/test-database.ts'
import { newHome, newTempFolder } from '../server/segue.ts'
import { newSessionRecord } from './session-record.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import type { ModelSettings } from './conversation-settings-model.ts'
import { ConversationModel, isSegueId, type ModelSession, segueId } from './conversation-model.ts'

/** The Segue and Hermes databases of a profile, which are written with SQL as by other processes, and their model. */
export class ConversationFixture {
  readonly #stack = new DisposableStack()
  /** A connection to the Segue database, like that of another process. */
  readonly segueDb: TestDatabase
  readonly hermesDb: HermesDb
  readonly home: string
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  readonly conversations: ConversationRepository
  model = new ConversationModel()

  private constructor(home: string, hermesHome: string, profile: ProfileStorage, hermes: HermesDb) {
    this.home = home
    this.profile = profile
    this.hermesDb = hermes
    this.segueDb = TestDatabase.write(home)
    this.sessions = new CombinedSessionRepository(profile)
    this.conversations = new ConversationRepository(profile, this.sessions)
    for (const folder of [home, hermesHome]) this.#stack.defer(() => rmSync(folder, { recursive: true, force: true }))
    this.#stack.defer(() => this.segueDb.close())
    this.#stack.defer(() => hermes.close())
  }

  static async open(layout: HermesLayout = 'newest'): Promise<ConversationFixture> {
    const [home, hermesHome] = [newHome(), newTempFolder()]
    const hermes = new HermesDb(join(hermesHome, 'state.db'), layout)
    hermes.db.pragma('foreign_keys = OFF')
    const profile = openProfileStorage({ home, hermesHome, durable: false, log: silentLogger })
    // The first write creates the Segue database.
    await profile.eventStore.createSession({
      session: newSessionRecord({ id: segueId(0), origin: 'SEGUE', source: 'segue' }),
      messages: [],
    })
    const fixture = new ConversationFixture(home, hermesHome, profile, hermes)
    fixture.clear()
    return fixture
  }

  clear(): void {
    this.segueDb.exec('DELETE FROM sessions; DELETE FROM session_ids')
    this.hermesDb.db.exec('DELETE FROM messages; DELETE FROM sessions')
    this.model = new ConversationModel()
  }

  upsertSession(input: ModelSession): void {
    const { id } = input
    const hasFlags = !isSegueId(id) && this.hermesDb.columnNames('sessions').has('archived')
    const row = hasFlags ? input : { ...input, archived: false, pinned: false }
    this.model.rows.set(id, row)
    if (isSegueId(id)) this.#upsertSegueSession(row)
    else this.#upsertHermesSession(row, hasFlags)
    this.#updateCounters(id)
  }

  delete(id: string): void {
    this.model.delete(id)
    if (isSegueId(id)) this.segueDb.run('DELETE FROM sessions WHERE id = ?', id)
    else {
      this.hermesDb.db.prepare('DELETE FROM messages WHERE session_id = ?').run(id)
      this.hermesDb.db.prepare('DELETE FROM sessions WHERE id = ?').run(id)
    }
  }

  addMessage(id: string, at: number): void {
    if (!this.model.rows.has(id)) return
    const earlier = this.model.messages.get(id) ?? []
    this.model.messages.set(id, [...earlier, at])
    // A session that begins with its parent's messages would be a fork, which the model does not know.
    if (!isSegueId(id)) this.hermesDb.addMessage(id, at, { content: `${id} ${earlier.length}` })
    this.#updateCounters(id)
  }

  /** Deletes all messages from this time on. */
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

  /** Sets what the patch contains for the conversation of a session. */
  async setSettings(id: string, patch: ModelSettings): Promise<void> {
    const session = await this.sessions.find(id)
    const conversation = session && (await this.conversations.findBySessions([session])).get(id)
    if (!conversation) return
    const sessionIds = await this.conversations.listSessionIds(conversation)
    await this.profile.eventStore.updateConversationSettings({ sessionIds, patch })
    this.model.setSettings(id, patch)
  }

  /** Deletes all settings. The index of Hermes forgets them, too, as if the database had been restored from a backup. */
  async clearSettings(): Promise<void> {
    await this.settle()
    this.segueDb
      .exec(`DELETE FROM conversation_settings; DELETE FROM pending_settings; DELETE FROM cross_origin_changes;
      UPDATE change_sequences SET latest = 0 WHERE feed = 'cross_origin'`)
    await this.settle()
  }

  /** Waits until every session has taken over the settings of its conversation. */
  async settle(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      await this.profile.segueSessions.refresh()
      await this.profile.hermesSessions?.refresh()
    }
    this.model.spreadSettings()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.profile.close()
    this.#stack.dispose()
  }

  #upsertSegueSession({ id, parent, end, source, started }: ModelSession): void {
    this.segueDb.run(
      `INSERT INTO sessions (id, source, parent_session_id, started_at, end_reason, last_activity_at, usage)
         VALUES (?, ?, ?, ?, ?, ?, '{}')
         ON CONFLICT (id) DO UPDATE SET source = excluded.source, parent_session_id = excluded.parent_session_id,
           started_at = excluded.started_at, end_reason = excluded.end_reason`,
      id,
      source,
      parent,
      started * 1000,
      end,
      started * 1000,
    )
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

  /** Updates the counters that the real writers keep in the transaction of the message. */
  #updateCounters(id: string): void {
    const messages = this.model.messages.get(id) ?? []
    if (!isSegueId(id)) {
      this.hermesDb.db.prepare('UPDATE sessions SET message_count = ? WHERE id = ?').run(messages.length, id)
      return
    }
    const at = messages.length > 0 ? Math.max(...messages) : (this.model.rows.get(id)?.started ?? 0)
    this.segueDb.run(
      'UPDATE sessions SET message_count = ?, last_activity_at = ? WHERE id = ?',
      messages.length,
      at * 1000,
      id,
    )
  }
}
