import { yieldToEventLoop } from '../../../lib/async/yield-to-event-loop.ts'
import { type MigratedTable, migratedFeeds, type StoredRow } from '../../migration/migrated-tables.ts'
import type { SqlConnection } from '../database/statement-cache.ts'

const feedList = migratedFeeds.map((feed) => `'${feed}'`).join(', ')

/** What these tables have besides. */
const conditions: Readonly<Record<string, string>> = { change_sequences: `WHERE feed IN (${feedList})` }

/** Rows that are read before the event loop has its turn. */
const rowsPerTurn = 500

/** In the order in which they were stored where that means something: by the number that SQLite gives each row. */
export async function* readSqliteRows(
  db: SqlConnection,
  { name, columns, isOrdered }: MigratedTable,
): AsyncGenerator<StoredRow> {
  const sql = `SELECT ${Object.keys(columns).join(', ')} FROM ${name} ${conditions[name] ?? ''}`
  let count = 0
  for (const row of db.prepare<[], StoredRow>(isOrdered ? `${sql} ORDER BY rowid` : sql).iterate()) {
    yield row
    count += 1
    if (count % rowsPerTurn === 0) await yieldToEventLoop()
  }
}

/** The rows of a profile that has no database yet. */
export function listInitialRows({ name }: MigratedTable): readonly StoredRow[] {
  if (name === 'read_marks_start') return [{ at: 0 }]
  return name === 'change_sequences' ? migratedFeeds.map((feed) => ({ feed, latest: 0 })) : []
}

/** SQL that inserts a row. Rows that every new database has are replaced. */
export function toInsertSql({ name, columns }: MigratedTable): string {
  const names = Object.keys(columns)
  const values = names.map((column) => `@${column}`).join(', ')
  if (name === 'read_marks_start') return 'UPDATE read_marks_start SET at = @at'
  return `INSERT ${name === 'change_sequences' ? 'OR REPLACE ' : ''}INTO ${name} (${names.join(', ')}) VALUES (${values})`
}

/** SQL: the triggers queue only what is inserted or becomes searchable, but not copies that are searchable already. */
export const queueStandInsSql = `INSERT INTO search_queue
  SELECT 'message', id, parts = 'null' OR length(parts) > 16384 FROM messages
  WHERE stands_in = 1 AND copy_of IS NOT NULL AND role IN ('USER', 'ASSISTANT') ON CONFLICT DO NOTHING`
