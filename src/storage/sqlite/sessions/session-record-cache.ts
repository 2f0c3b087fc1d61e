import type Database from 'better-sqlite3'
import { LruCache } from '../../../lib/lru-cache.ts'
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
  readonly #sessions = new LruCache<string, StoredSession>(maxSessions)
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

  /** Sessions by id. `read` reads those that the cache does not have. Call it outside of transactions. */
  find(ids: readonly string[], read: (missing: readonly string[]) => readonly StoredSession[]): StoredSession[] {
    this.#discardIfWrittenByOthers()
    const found: StoredSession[] = []
    const missing: string[] = []
    for (const id of ids) {
      const session = this.#sessions.get(id)
      if (session) found.push(session)
      else missing.push(id)
    }
    if (missing.length === 0) return found
    for (const session of read(missing)) {
      found.push(session)
      if (session.textLength <= maxTextLength) this.#sessions.set(session.record.id, session)
    }
    return found
  }

  #discardIfWrittenByOthers(): void {
    const version = this.#db.prepare<[], { data_version: number }>('PRAGMA data_version').get()?.data_version ?? 0
    if (version !== this.#dataVersion) this.#sessions.clear()
    this.#dataVersion = version
  }
}
