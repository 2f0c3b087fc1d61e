import type Database from 'better-sqlite3'
import { GenerationalCache } from './generational-cache.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import type { StoredSession } from './stored-session.ts'

/** About a megabyte of sessions: twice what the largest page lists. */
const maxSessions = 2048
/** A session with more text, in UTF-16 code units, is read each time. */
const maxTextLength = 4096

/** Calls `session_written` for each session that is read differently afterwards, whoever writes on this connection. */
const sessionWrittenTriggers = [
  ...['INSERT', 'UPDATE', 'DELETE'].map((event) => ({ event, table: 'sessions', column: 'id' })),
  ...['INSERT', 'UPDATE', 'DELETE'].map((event) => ({ event, table: 'conversation_settings', column: 'session_id' })),
]
  .map(
    ({ event, table, column }) => `
  CREATE TEMP TRIGGER ${table}_${event.toLowerCase()}_written AFTER ${event} ON main.${table} BEGIN
    SELECT session_written(${event === 'DELETE' ? 'old' : 'new'}.${column});
  END;`,
  )
  .join('')

/**
 * The sessions of a profile's database that were read last, so that lists need not read and parse the rows of those that
 * have not changed. It always has what the database would return: triggers remove each session that this connection
 * writes, and everything is removed when another connection has written.
 */
export class SessionRecordCache {
  readonly #db: SqlConnection
  readonly #sessions = new GenerationalCache<string, StoredSession>(maxSessions)
  #dataVersion = 0

  constructor(db: SqlConnection) {
    this.#db = db
  }

  /** The number of sessions in the cache. */
  get size(): number {
    return this.#sessions.size
  }

  /** Begins with an empty cache for a connection, after its migrations. */
  watch(connection: Database.Database): void {
    this.#sessions.clear()
    connection.function('session_written', (id: unknown) => {
      if (typeof id === 'string') this.#sessions.delete(id)
    })
    connection.exec(sessionWrittenTriggers)
  }

  /**
   * The session of each of these ids, undefined where there is none. `read` reads those that the cache does not have. Call it
   * outside of transactions.
   */
  find(
    ids: readonly string[],
    read: (missing: readonly string[]) => readonly StoredSession[],
  ): (StoredSession | undefined)[] {
    this.#discardIfWrittenByOthers()
    const kept = ids.map((id) => this.#sessions.get(id))
    const missing = ids.filter((_, index) => kept[index] === undefined)
    if (missing.length === 0) return kept
    const found = new Map(read(missing).map((session) => [session.record.id, session]))
    for (const [id, session] of found) if (session.textLength <= maxTextLength) this.#sessions.set(id, session)
    return ids.map((id, index) => kept[index] ?? found.get(id))
  }

  #discardIfWrittenByOthers(): void {
    const version = this.#db.prepare<[], { data_version: number }>('PRAGMA data_version').get()?.data_version ?? 0
    if (version !== this.#dataVersion) this.#sessions.clear()
    this.#dataVersion = version
  }
}
