import {
  type ChatStore,
  type EventRange,
  LogConflict,
  type LogWrite,
  type NewSession,
  type SessionChange,
  StaleGeneration,
} from '../event-store.ts'
import type { ChatEvent, SessionRecord, StreamRecord, Usage } from '../../model/records.ts'
import { notFound } from '../../lib/errors.ts'
import { addUsage } from '../../model/records.ts'
import type { ProfileDatabase } from './database/sqlite-database.ts'
import {
  type EventRow,
  fromEvent,
  fromSession,
  type SessionRow,
  type StreamRow,
  toEvent,
  toSession,
  toStream,
} from './rows/row-mappers.ts'
import { insertEvent, insertSession, nameStream, putMessage, putStream } from './rows/row-writers.ts'
import { copyGrants, putDecision, putGrant } from './sqlite-decision-store.ts'

/** A page of events ends with the one that brings it over this size, in UTF-16 code units of their stored form. */
const pageUnits = 262_144

/** The logs and what is projected from them, in a profile's database. */
export class SqliteChatStore implements ChatStore {
  readonly #database: ProfileDatabase
  readonly #profile: string

  constructor(database: ProfileDatabase, profile: string) {
    this.#database = database
    this.#profile = profile
  }

  async createSession(start: NewSession): Promise<void> {
    this.#database.write(() => this.#begin(start))
  }

  async append(write: LogWrite): Promise<void> {
    this.#database.write(() => {
      // First of all: what goes on elsewhere is there before this session ends.
      if (write.successor) this.#begin(write.successor)
      if (write.create) insertSession(this.#database, write.create)
      this.#advance(write)
      if (write.fence) this.#checkFence(write.fence)
      for (const event of write.events) insertEvent(this.#database, event)
      for (const stream of write.streams ?? []) putStream(this.#database, stream)
      for (const message of write.messages ?? []) putMessage(this.#database, message)
      for (const decision of write.decisions ?? []) putDecision(this.#database, decision)
      for (const grant of write.grants ?? []) putGrant(this.#database, grant)
      if (write.key) nameStream(this.#database, write.key)
      if (write.usage) this.#addUsage(write.sessionId, write.usage)
      if (write.change) this.#changeSession(write.sessionId, write.change)
    })
  }

  async removeSession(id: string): Promise<string[]> {
    return this.#database.write(() => {
      const hashes = this.#database
        .prepare<[string], { hash: string }>('SELECT hash FROM files WHERE session_id = ?')
        .all(id)
        .map(({ hash }) => hash)
      // Everything else refers to it, and goes with it.
      this.#database.prepare<[string]>('DELETE FROM sessions WHERE id = ?').run(id)
      return this.#unused(hashes)
    })
  }

  async headSeq(sessionId: string): Promise<number | null> {
    const row = this.#database
      .prepare<[string], { head_seq: number }>('SELECT head_seq FROM sessions WHERE id = ?')
      .get(sessionId)
    return row?.head_seq ?? null
  }

  async events({ sessionId, after, limit }: EventRange): Promise<ChatEvent[]> {
    const rows = this.#database
      .prepare<[string, number, number], EventRow>(
        'SELECT * FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?',
      )
      .iterate(sessionId, after, limit)
    const events: ChatEvent[] = []
    let units = 0
    for (const row of rows) {
      events.push(toEvent(row))
      units += row.body.length
      if (units >= pageUnits) break
    }
    return events
  }

  async stream(id: string): Promise<StreamRecord | null> {
    const row = this.#database.prepare<[string], StreamRow>('SELECT * FROM streams WHERE id = ?').get(id)
    return row ? toStream(row) : null
  }

  async streamOfKey(key: string): Promise<{ stream: StreamRecord; fingerprint: string } | null> {
    const row = this.#database
      .prepare<[string], StreamRow & { fingerprint: string }>('SELECT * FROM streams WHERE key = ?')
      .get(key)
    return row ? { stream: toStream(row), fingerprint: row.fingerprint } : null
  }

  async sessionOfKey(key: string): Promise<{ session: SessionRecord; fingerprint: string } | null> {
    const row = this.#database
      .prepare<[string], SessionRow & { fingerprint: string }>('SELECT * FROM sessions WHERE key = ?')
      .get(key)
    return row ? { session: toSession(row, this.#profile), fingerprint: row.fingerprint } : null
  }

  async successorOf(sessionId: string): Promise<SessionRecord | null> {
    const row = this.#database
      .prepare<[string], SessionRow>(
        'SELECT * FROM sessions WHERE parent_session_id = ? ORDER BY last_activity_at DESC, id DESC LIMIT 1',
      )
      .get(sessionId)
    return row ? toSession(row, this.#profile) : null
  }

  async unusedFiles(hashes: readonly string[]): Promise<string[]> {
    return this.#unused(hashes)
  }

  #unused(hashes: readonly string[]): string[] {
    return this.#database
      .prepare<[string], { hash: string }>(
        'SELECT value AS hash FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM files WHERE hash = value)',
      )
      .all(JSON.stringify(hashes))
      .map(({ hash }) => hash)
  }

  async activeStream(sessionId: string): Promise<StreamRecord | null> {
    const row = this.#database
      .prepare<[string], StreamRow>("SELECT * FROM streams WHERE session_id = ? AND status IN ('RUNNING', 'WAITING')")
      .get(sessionId)
    return row ? toStream(row) : null
  }

  async unfinishedStreams(): Promise<StreamRecord[]> {
    return this.#database
      .prepare<[], StreamRow>(
        // Named, for SQLite would rather walk through the whole table in order of the sessions.
        `SELECT * FROM streams INDEXED BY unfinished_streams WHERE finished_at IS NULL
         ORDER BY session_id, first_seq`,
      )
      .all()
      .map(toStream)
  }

  async replaceEvent(event: ChatEvent): Promise<void> {
    this.#database.write(() => {
      this.#database
        .prepare<[EventRow]>(
          'UPDATE events SET at = :at, version = :version, body = :body WHERE session_id = :session_id AND seq = :seq',
        )
        .run(fromEvent(event))
    })
  }

  async removeEvents(sessionId: string, seqs: readonly number[]): Promise<void> {
    this.#database.write(() => {
      this.#database
        .prepare<[string, string]>(
          'DELETE FROM events WHERE session_id = ? AND seq IN (SELECT value FROM json_each(?))',
        )
        .run(sessionId, JSON.stringify(seqs))
    })
  }

  #begin({ session, messages, key, grantsOf }: NewSession): void {
    insertSession(this.#database, session)
    for (const message of messages) putMessage(this.#database, message)
    this.#database
      .prepare<[number, string | null, string | null, string]>(
        'UPDATE sessions SET message_count = ?, key = ?, fingerprint = ? WHERE id = ?',
      )
      .run(messages.length, key?.key ?? null, key?.fingerprint ?? null, session.id)
    if (grantsOf !== undefined) copyGrants(this.#database, grantsOf, session.id)
  }

  /** Moves the session's counters on, if its log ends where the writer says. */
  #advance({ sessionId, head, events, messages = [], streams = [], activityAt = 0 }: LogWrite): void {
    const placed = messages.filter((message) => message.position !== null && !this.#isPlaced(message.id))
    const { changes } = this.#database
      .prepare<[number, number, number, string, number]>(
        `UPDATE sessions SET head_seq = ?, message_count = message_count + ?,
           last_activity_at = max(last_activity_at, ?) WHERE id = ? AND head_seq = ?`,
      )
      .run(head + events.length, placed.length, activityAt, sessionId, head)
    if (changes !== 1 && !this.#isThere(sessionId)) throw notFound('session', sessionId)
    if (changes !== 1) throw new LogConflict(`the log of ${sessionId} does not end at ${head}`)
    for (const stream of streams) if (stream.finishedAt !== null) this.#addUsage(sessionId, stream.usage)
  }

  #isThere(sessionId: string): boolean {
    return this.#database.prepare<[string]>('SELECT 1 FROM sessions WHERE id = ?').get(sessionId) !== undefined
  }

  #addUsage(sessionId: string, more: Usage): void {
    const row = this.#database
      .prepare<[string], { usage: string }>('SELECT usage FROM sessions WHERE id = ?')
      .get(sessionId)
    if (!row) return
    const usage = JSON.stringify(addUsage(JSON.parse(row.usage), more))
    this.#database.prepare<[string, string]>('UPDATE sessions SET usage = ? WHERE id = ?').run(usage, sessionId)
  }

  #changeSession(sessionId: string, change: SessionChange): void {
    const row = this.#database.prepare<[string], SessionRow>('SELECT * FROM sessions WHERE id = ?').get(sessionId)
    if (!row) return
    const now = toSession(row, this.#profile)
    // A title gives way to a better one only, a person's to what a person chooses.
    const isChosen = change.titleSource === 'PERSON' || change.titleSource === null
    const isBetter = isChosen || rankOf(change.titleSource) > rankOf(now.titleSource)
    const { title, titleSource } = change.title === undefined || isBetter ? { ...now, ...change } : now
    this.#database
      .prepare<[SessionRow]>(
        `UPDATE sessions SET title = :title, title_source = :title_source, ended_at = :ended_at,
           end_reason = :end_reason, pinned = :pinned, archived = :archived, model = :model WHERE id = :id`,
      )
      .run(fromSession({ ...now, ...change, title, titleSource }))
  }

  #checkFence({ streamId, generation }: { streamId: string; generation: number }): void {
    const row = this.#database
      .prepare<[string, number], { id: string }>(
        'SELECT id FROM streams WHERE id = ? AND generation = ? AND finished_at IS NULL',
      )
      .get(streamId, generation)
    if (!row) throw new StaleGeneration(`stream ${streamId} is no longer at generation ${generation}`)
  }

  #isPlaced(messageId: string): boolean {
    const row = this.#database
      .prepare<[string], { position: number | null }>('SELECT position FROM messages WHERE id = ?')
      .get(messageId)
    return typeof row?.position === 'number'
  }
}

const titleRanks: readonly SessionRecord['titleSource'][] = [null, 'MESSAGE', 'MODEL', 'PERSON']

function rankOf(source: SessionRecord['titleSource'] = null): number {
  return titleRanks.indexOf(source)
}
