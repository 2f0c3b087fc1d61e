import Database from 'better-sqlite3'
import type { SessionKey } from '../session-source.ts'
import { activityOf } from './session-rows.ts'
import type { OpenFile } from './state-file.ts'
import { endOfTime, millisOf } from './values.ts'

const chunk = 500 // rows a statement: a reader of a file without WAL keeps its writers waiting meanwhile

/**
 * An index that Hermes' file lacks, kept in memory: its sessions by the time of their newest message. It follows the
 * file by what was added to it; what was taken away since shows when a row is looked at, and is corrected then.
 */
export class ActivityIndex {
  readonly #index = new Database(':memory:')
  #file: OpenFile | null = null
  #dataVersion: unknown = null
  #lastMessage = 0
  #lastRowid = 0
  #lastSession: unknown = null

  constructor() {
    this.#index.exec(`
      CREATE TABLE activity (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE INDEX activity_order ON activity (at, id);
    `)
  }

  /** Takes in what has changed in the file. When it fails halfway, the next call goes on from there. */
  follow(file: OpenFile): void {
    const dataVersion = file.db.pragma('data_version', { simple: true })
    if (file === this.#file && dataVersion === this.#dataVersion) return
    const newest = newestMessageId(file)
    if (file !== this.#file || newest < this.#lastMessage || !this.#rowidsHold(file)) {
      this.#index.exec('DELETE FROM activity')
      this.#file = file
      this.#dataVersion = null
      this.#lastRowid = 0
      // What comes in while the sessions are read is looked at again below.
      this.#lastMessage = newest
    }
    this.#addSessions(file)
    this.#addMessages(file)
    this.#dataVersion = dataVersion
  }

  /** Up to `limit` sessions between two keys, neither included: the newest first, or the oldest first. */
  between(newer: SessionKey | null, older: SessionKey | null, oldestFirst: boolean, limit: number): SessionKey[] {
    const order = oldestFirst ? 'ASC' : 'DESC'
    return this.#index
      .prepare<[number, string, number, string, number], SessionKey>(
        `SELECT id, at AS lastActivityAt FROM activity WHERE (at, id) < (?, ?) AND (at, id) > (?, ?)
         ORDER BY at ${order}, id ${order} LIMIT ?`,
      )
      .all(newer?.lastActivityAt ?? endOfTime + 1, newer?.id ?? '', older?.lastActivityAt ?? -1, older?.id ?? '', limit)
  }

  put(id: string, at: number): void {
    this.#index.prepare<[string, number]>('INSERT OR REPLACE INTO activity (id, at) VALUES (?, ?)').run(id, at)
  }

  remove(id: string): void {
    this.#index.prepare<[string]>('DELETE FROM activity WHERE id = ?').run(id)
  }

  /** False when rows were numbered anew, by a VACUUM or by taking away the newest: what is new can't be told then. */
  #rowidsHold({ db }: OpenFile): boolean {
    if (this.#lastRowid === 0) return true
    const row = db.prepare<[number], { id: unknown }>('SELECT id FROM sessions WHERE rowid = ?').get(this.#lastRowid)
    return row?.id === this.#lastSession
  }

  #addSessions({ db, layout }: OpenFile): void {
    if (!layout.hasSessions) return
    const read = db.prepare<[number, number], { row: number; id: unknown; started_at: unknown; newest: unknown }>(
      `SELECT sessions.rowid AS row, ${layout.select('sessions', ['id', 'started_at'])}, ${layout.newestMessage} AS newest
       FROM sessions WHERE sessions.rowid > ? ORDER BY sessions.rowid LIMIT ?`,
    )
    this.#inChunks(
      () => read.all(this.#lastRowid, chunk),
      ({ row, id, started_at, newest }) => {
        if (typeof id === 'string') this.put(id, activityOf(newest, started_at))
        this.#lastRowid = row
        this.#lastSession = id
      },
    )
  }

  #addMessages({ db, layout }: OpenFile): void {
    if (!layout.hasMessages) return
    const read = db.prepare<
      [number, number],
      { id: number; session_id: unknown; timestamp: unknown; visible: unknown }
    >(
      `SELECT ${layout.select('messages', ['id', 'session_id', 'timestamp'])}, ${layout.visible} AS visible
       FROM messages WHERE messages.id > ? ORDER BY messages.id LIMIT ?`,
    )
    const raise = this.#index.prepare<[number, unknown]>('UPDATE activity SET at = max(at, ?) WHERE id = ?')
    this.#inChunks(
      () => read.all(this.#lastMessage, chunk),
      ({ id, session_id, timestamp, visible }) => {
        const at = millisOf(timestamp)
        if (visible === 1 && at !== null && typeof session_id === 'string') raise.run(at, session_id)
        this.#lastMessage = id
      },
    )
  }

  #inChunks<Row>(read: () => Row[], take: (row: Row) => void): void {
    const takeAll = this.#index.transaction((rows: Row[]) => rows.forEach(take))
    for (;;) {
      const rows = read()
      takeAll(rows)
      if (rows.length < chunk) return
    }
  }
}

function newestMessageId({ db, layout }: OpenFile): number {
  if (!layout.hasMessages) return 0
  return db.prepare<[], { id: number | null }>('SELECT max(messages.id) AS id FROM messages').get()?.id ?? 0
}
