import type { Database } from 'better-sqlite3'
import { maxTimestampMs } from './cell-values.ts'
import { syntheticUserMessagePrefixes } from './synthetic-user-messages.ts'

type StateTable = 'sessions' | 'messages'

/** A table without these cannot be read. Any other column may be missing; it reads as null then. */
const requiredColumns = { sessions: ['id'], messages: ['id', 'session_id', 'role'] } as const

/**
 * The tables and columns of a state.db. They are probed: Hermes' own `schema_version` does not determine them, because
 * columns come and go between versions, and forks add others.
 */
export class HermesStateSchema {
  /** What is required but does not exist, as `table` or `table.column`. */
  readonly missing: readonly string[]
  readonly hasSessions: boolean
  readonly hasMessages: boolean
  /** SQL condition on `messages`: the row was neither undone nor replaced. */
  readonly activeCondition: string
  /** SQL condition on `messages`: the row is active, or was archived by a compaction. */
  readonly visibleCondition: string
  /** SQL condition on `messages`: the row is shown as a message or as a part of one. */
  readonly messageCondition: string
  /** SQL scalar on `sessions`: the time of the newest shown message, in seconds; null without one. */
  readonly newestMessageTimeSql: string
  /** SQL scalar on `sessions`: 1 if there is a shown message, whatever its time. */
  readonly hasMessageSql: string
  /** What to select sessions from where `sessions.rowid` is needed. A view has none: its rows are numbered by their ids. */
  readonly numberedSessionsSql: string
  /** Changes if the same rows would be read differently. */
  readonly digest: string
  readonly #columns: Record<StateTable, ReadonlySet<string>>

  constructor(db: Database) {
    this.#columns = { sessions: readColumnNames(db, 'sessions'), messages: readColumnNames(db, 'messages') }
    this.missing = [...this.#findMissing('sessions'), ...this.#findMissing('messages')]
    this.hasSessions = this.#findMissing('sessions').length === 0
    this.hasMessages = this.#findMissing('messages').length === 0
    this.activeCondition = this.#hasMessageColumn('active') ? 'coalesce(messages.active, 1) = 1' : 'TRUE'
    const orArchived =
      this.#hasMessageColumn('active') && this.#hasMessageColumn('compacted') ? ' OR messages.compacted = 1' : ''
    this.visibleCondition = `(${this.activeCondition}${orArchived})`
    const andNotHidden = this.#hasMessageColumn('display_kind') ? " AND messages.display_kind IS NOT 'hidden'" : ''
    this.messageCondition = `(${this.visibleCondition} AND messages.role IS NOT 'session_meta'${andNotHidden}${this.#buildNotSyntheticSql()})`
    const fromSessionMessages = `FROM messages WHERE messages.session_id = sessions.id AND ${this.messageCondition}`
    this.hasMessageSql = this.hasMessages ? `EXISTS (SELECT 1 ${fromSessionMessages})` : '0'
    // Damaged files contain times such as 5e+246, and texts. The range excludes both, and an index answers it.
    this.newestMessageTimeSql =
      this.hasMessages && this.#hasMessageColumn('timestamp')
        ? `(SELECT messages.timestamp ${fromSessionMessages} AND messages.timestamp BETWEEN 0 AND ${maxTimestampMs / 1000}
            ORDER BY messages.timestamp DESC LIMIT 1)`
        : 'NULL'
    this.numberedSessionsSql = hasRowids(db, 'sessions')
      ? 'sessions'
      : '(SELECT row_number() OVER (ORDER BY id) AS rowid, * FROM sessions) AS sessions'
    this.digest = JSON.stringify([this.newestMessageTimeSql, this.hasMessageSql, [...this.#columns.sessions].sort()])
  }

  /** A list of columns to select, each under its own name. Columns that the table lacks are selected as null. */
  selectColumns(table: StateTable, names: readonly string[]): string {
    return names
      .map((name) => (this.#columns[table].has(name) ? `${table}.${name} AS ${name}` : `NULL AS ${name}`))
      .join(', ')
  }

  hasColumns(table: StateTable, names: readonly string[]): boolean {
    return names.every((name) => this.#columns[table].has(name))
  }

  /**
   * SQL scalar on `messages`: the first bytes of what a user or the assistant wrote, as a BLOB, if the text begins with one of these
   * characters, with white space or with a NUL; else null.
   */
  buildContentStartSql(byteCount: number, firstCharacters: readonly string[]): string {
    if (!this.#hasMessageColumn('content')) return 'NULL'
    // The first character of a text that begins with a NUL is the empty string.
    const starts = [
      "''",
      "' '",
      'char(9)',
      'char(10)',
      'char(13)',
      ...firstCharacters.map((character) => `'${character}'`),
    ]
    return `CASE WHEN messages.role IN ('user', 'assistant') AND substr(messages.content, 1, 1) IN (${starts.join(', ')})
      THEN substr(CAST(messages.content AS BLOB), 1, ${byteCount}) END`
  }

  #buildNotSyntheticSql(): string {
    if (!this.#hasMessageColumn('content')) return ''
    const starts = syntheticUserMessagePrefixes.map(
      (prefix) => `substr(messages.content, 1, ${prefix.length}) = '${prefix}'`,
    )
    return ` AND NOT (messages.role = 'user' AND coalesce(${starts.join(' OR ')}, FALSE))`
  }

  #hasMessageColumn(column: string): boolean {
    return this.#columns.messages.has(column)
  }

  #findMissing(table: StateTable): string[] {
    const columns = this.#columns[table]
    if (columns.size === 0) return [table]
    return requiredColumns[table].filter((name) => !columns.has(name)).map((name) => `${table}.${name}`)
  }
}

/** In lower case: SQL does not tell the names of columns apart by their case. Includes generated columns. */
function readColumnNames(db: Database, table: StateTable): ReadonlySet<string> {
  return new Set(
    db
      .prepare<[], { name: string }>(`PRAGMA table_xinfo(${table})`)
      .all()
      .map(({ name }) => name.toLowerCase()),
  )
}

/** Views and tables that are WITHOUT ROWID have none. */
function hasRowids(db: Database, table: StateTable): boolean {
  const row = db.prepare<[], { type: string; wr: number }>(`PRAGMA table_list(${table})`).get()
  return row?.type !== 'view' && row?.wr !== 1
}
