import type { StateDatabaseConnection } from '../state/state-database.ts'
import type { CopyableMessageRow } from './align-copied-rows.ts'

const rowsPerQuery = 200

interface StoredMessageRow {
  readonly id: number
  readonly role: unknown
  readonly timestamp: unknown
  readonly tool_call_id: unknown
  readonly active: unknown
  readonly compacted: unknown
}

/** A row of messages without its content. */
export interface ComparedMessageRow extends CopyableMessageRow {
  readonly role: unknown
  readonly timestamp: unknown
  readonly toolCallId: unknown
}

/**
 * The rows of a session and, as far as they are compared, their contents. Contents are read in batches, in order: a
 * comparison that ends at the first row has read few.
 */
export class CopyableMessageRows {
  readonly rows: readonly ComparedMessageRow[]
  readonly #file: StateDatabaseConnection
  readonly #contents = new Map<number, unknown>()

  /** `startedAt`: the start of the copy, in seconds; rows that are newer could not be copied. */
  constructor(file: StateDatabaseConnection, sessionId: string, startedAt: unknown) {
    this.#file = file
    this.rows = readRows(file, sessionId).map((row) => ({
      id: row.id,
      role: row.role,
      timestamp: row.timestamp,
      toolCallId: row.tool_call_id,
      isActive: row.active === null || row.active === 1,
      isUndone: row.active === 0 && row.compacted !== 1,
      isNewer: typeof row.timestamp === 'number' && typeof startedAt === 'number' && row.timestamp > startedAt,
    }))
  }

  /** The content of a row, as stored. */
  loadContent({ id }: ComparedMessageRow): unknown {
    if (!this.#contents.has(id)) this.#loadContents(id)
    return this.#contents.get(id) ?? null
  }

  #loadContents(firstId: number): void {
    const { db, schema } = this.#file
    const index = this.rows.findIndex(({ id }) => id === firstId)
    const ids = this.rows.slice(index, index + rowsPerQuery).map(({ id }) => id)
    const read = db.prepare<[string], { id: number; content: unknown }>(
      `SELECT ${schema.selectColumns('messages', ['id', 'content'])} FROM messages
       WHERE messages.id IN (SELECT value FROM json_each(?))`,
    )
    for (const { id, content } of read.all(JSON.stringify(ids))) this.#contents.set(id, content)
  }
}

function readRows({ db, schema }: StateDatabaseConnection, sessionId: string): StoredMessageRow[] {
  const columns = ['id', 'role', 'timestamp', 'tool_call_id', 'active', 'compacted']
  return db
    .prepare<[string], StoredMessageRow>(
      `SELECT ${schema.selectColumns('messages', columns)} FROM messages WHERE messages.session_id = ? ORDER BY messages.id`,
    )
    .all(sessionId)
}
