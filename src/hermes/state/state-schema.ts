import type { Database } from 'better-sqlite3'
import { maxTimestampMs } from './cell-values.ts'

type StateTable = 'sessions' | 'messages'

/** Without these a table can't be read. Every other column may be missing, and counts as null then. */
const requiredColumns = { sessions: ['id'], messages: ['id', 'session_id', 'role'] } as const

/**
 * The tables and columns that a state.db has. Its `schema_version` row tells little: columns come and go on their own,
 * and forks add others, so they are probed.
 */
export class StateSchema {
  /** What can't be done without and is not there, as `table` or `table.column`. */
  readonly missing: readonly string[]
  readonly hasSessions: boolean
  readonly hasMessages: boolean
  /** A condition on a row of messages: neither taken back nor replaced. */
  readonly activeCondition: string
  /** A condition on a row of messages: people may see it, for it is live or was archived by a compaction. */
  readonly visibleCondition: string
  /** A condition on a row of messages: people see it as a message, or as a part of one. */
  readonly messageCondition: string
  /** A scalar for a row of sessions: the time of its newest message that is shown, in seconds; null without one. */
  readonly newestMessageTimeSql: string
  /** A scalar for a row of sessions: 1 when it has a message that is shown, whatever its time. */
  readonly hasMessageSql: string
  /** Differs where reading the same file gives other answers. */
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
    this.messageCondition = `(${this.visibleCondition} AND messages.role IS NOT 'session_meta'${andNotHidden})`
    const fromSessionMessages = `FROM messages WHERE messages.session_id = sessions.id AND ${this.messageCondition}`
    this.hasMessageSql = this.hasMessages ? `EXISTS (SELECT 1 ${fromSessionMessages})` : '0'
    // Damaged files hold times like 5e+246 and texts: a range leaves both out, and is answered by an index.
    this.newestMessageTimeSql =
      this.hasMessages && this.#hasMessageColumn('timestamp')
        ? `(SELECT messages.timestamp ${fromSessionMessages} AND messages.timestamp BETWEEN 0 AND ${maxTimestampMs / 1000}
            ORDER BY messages.timestamp DESC LIMIT 1)`
        : 'NULL'
    this.digest = JSON.stringify([this.newestMessageTimeSql, this.hasMessageSql, [...this.#columns.sessions].sort()])
  }

  /** A list of columns to select, each under its own name, whether the table has it or not. */
  selectColumns(table: StateTable, names: readonly string[]): string {
    return names.map((name) => (this.#columns[table].has(name) ? `${table}.${name}` : `NULL AS ${name}`)).join(', ')
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

function readColumnNames(db: Database, table: StateTable): ReadonlySet<string> {
  return new Set(
    db
      .prepare<[], { name: string }>(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => name),
  )
}
