import type { Database } from 'better-sqlite3'
import { endOfTime } from './cell-values.ts'

type Table = 'sessions' | 'messages'

/** Without these a table can't be read. Every other column may be missing, and counts as null then. */
const needed = { sessions: ['id'], messages: ['id', 'session_id', 'role'] } as const

/**
 * The tables and columns that a state.db has. Its `schema_version` row tells little: columns come and go on their own,
 * and forks add others, so they are probed.
 */
export class Layout {
  /** What can't be done without and is not there, as `table` or `table.column`. */
  readonly missing: readonly string[]
  readonly hasSessions: boolean
  readonly hasMessages: boolean
  /** A condition on a row of messages: neither taken back nor replaced. */
  readonly live: string
  /** A condition on a row of messages: people may see it, for it is live or was archived by a compaction. */
  readonly visible: string
  /** A condition on a row of messages: people see it as a message, or as a part of one. */
  readonly shown: string
  /** A scalar for a row of sessions: the time of its newest message that is shown, in seconds; null without one. */
  readonly newestMessage: string
  /** A scalar for a row of sessions: 1 when it has a message that is shown, whatever its time. */
  readonly hasMessage: string
  /** Differs where reading the same file gives other answers. */
  readonly print: string
  readonly #columns: Record<Table, ReadonlySet<string>>

  constructor(db: Database) {
    this.#columns = { sessions: columnsOf(db, 'sessions'), messages: columnsOf(db, 'messages') }
    this.missing = [...this.#missing('sessions'), ...this.#missing('messages')]
    this.hasSessions = this.#missing('sessions').length === 0
    this.hasMessages = this.#missing('messages').length === 0
    this.live = this.#has('active') ? 'coalesce(messages.active, 1) = 1' : 'TRUE'
    const archived = this.#has('active') && this.#has('compacted') ? ' OR messages.compacted = 1' : ''
    this.visible = `(${this.live}${archived})`
    const told = this.#has('display_kind') ? " AND messages.display_kind IS NOT 'hidden'" : ''
    this.shown = `(${this.visible} AND messages.role IS NOT 'session_meta'${told})`
    const ofSession = `FROM messages WHERE messages.session_id = sessions.id AND ${this.shown}`
    this.hasMessage = this.hasMessages ? `EXISTS (SELECT 1 ${ofSession})` : '0'
    // Damaged files hold times like 5e+246 and texts: a range leaves both out, and is answered by an index.
    this.newestMessage =
      this.hasMessages && this.#has('timestamp')
        ? `(SELECT messages.timestamp ${ofSession} AND messages.timestamp BETWEEN 0 AND ${endOfTime / 1000}
            ORDER BY messages.timestamp DESC LIMIT 1)`
        : 'NULL'
    this.print = JSON.stringify([this.newestMessage, this.hasMessage, [...this.#columns.sessions].sort()])
  }

  /** A list of columns to select, each under its own name, whether the table has it or not. */
  select(table: Table, names: readonly string[]): string {
    return names.map((name) => (this.#columns[table].has(name) ? `${table}.${name}` : `NULL AS ${name}`)).join(', ')
  }

  #has(column: string): boolean {
    return this.#columns.messages.has(column)
  }

  #missing(table: Table): string[] {
    const columns = this.#columns[table]
    if (columns.size === 0) return [table]
    return needed[table].filter((name) => !columns.has(name)).map((name) => `${table}.${name}`)
  }
}

function columnsOf(db: Database, table: Table): ReadonlySet<string> {
  return new Set(
    db
      .prepare<[], { name: string }>(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => name),
  )
}
