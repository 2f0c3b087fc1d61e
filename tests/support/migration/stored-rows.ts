import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import { toProfileFolder } from '../../../src/profiles/profile-paths.ts'

/** Tables of SQLite that are derived from others, or say what is to be derived. */
const derivedTables = new Set([
  'conversation_counts',
  'conversation_sessions',
  'conversations',
  'cross_origin_changes',
  'deleted_jobs',
  'deleted_sessions',
  'job_ids',
  'message_entries',
  'pending_children',
  'pending_rechecks',
  'pending_sessions',
  'pending_settings',
  'search_backfill',
  'search_queue',
  'session_ids',
  'title_entries',
])

/** The tables of SQLite itself but for these, with the columns of each. */
export function listColumns(path: string): Record<string, string[]> {
  const db = new Database(path, { readonly: true })
  try {
    const rows = db
      .prepare<[], { table: string; column: string }>(
        `SELECT m.name AS "table", c.name AS "column" FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
          WHERE m.type = 'table' AND m.name NOT LIKE '%\\_index%' ESCAPE '\\'`,
      )
      .all()
      .filter(({ table }) => !derivedTables.has(table))
    return Object.fromEntries(
      Object.entries(Object.groupBy(rows, ({ table }) => table)).map(([table, columns = []]) => [
        table,
        columns.map(({ column }) => column),
      ]),
    )
  } finally {
    db.close()
  }
}

/** Everything that is stored of a profile, as text: rows in the order of all their columns, messages and streams in their own. */
export function readStoredRows(home: string, profile: string): Record<string, readonly string[]> {
  const folder = toProfileFolder(home, profile)
  const path = join(folder, 'segue.db')
  const db = new Database(path, { readonly: true })
  try {
    const tables = Object.keys(listColumns(path)).map((table) => {
      const isOrdered = table === 'messages' || table === 'streams'
      const filter = table === 'change_sequences' ? `WHERE feed <> 'cross_origin'` : ''
      const rows = db.prepare(`SELECT * FROM ${table} ${filter} ${isOrdered ? 'ORDER BY rowid' : ''}`).all()
      const texts = rows.map((row) => JSON.stringify(row))
      return [table, isOrdered ? texts : texts.toSorted()] as const
    })
    const files = readdirSync(join(folder, 'files')).toSorted()
    const digests = files.map((name) =>
      createHash('sha256')
        .update(name)
        .update(readFileSync(join(folder, 'files', name)))
        .digest('hex'),
    )
    return Object.fromEntries([...tables, ['files', digests]])
  } finally {
    db.close()
  }
}

/** Tables of PostgreSQL with rows of profiles that are derived, of processes that run, or copied as files. */
const otherPostgresTables = [
  'blob_chunks',
  'blob_contents',
  'blobs',
  'commands',
  'conversation_changes',
  'conversation_counts',
  'conversation_sessions',
  'conversations',
  'hermes_agents',
  'hermes_sessions',
  'pending_sessions',
  'search_entries',
  'search_queue',
  'session_claims',
]

/** The tables of PostgreSQL with rows of profiles, but for these. */
export async function listPostgresTables(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.columns
        WHERE table_schema = 'segue' AND column_name = 'profile' AND NOT table_name = ANY($1)`,
      [otherPostgresTables],
    )
    return rows.map(({ name }) => name).toSorted()
  } finally {
    await client.end()
  }
}
