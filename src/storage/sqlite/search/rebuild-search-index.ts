import Database from 'better-sqlite3'
import { migration007 } from '../database/migrations/006-to-015/007-rebuild-search-index.ts'

/**
 * Statements that empty the search index and have everything indexed again: texts in the background, titles that people gave
 * with the next commit. They fail if pages of the index are damaged, which SQLite cannot free.
 */
const emptySearchIndexSql = `${migration007}
  INSERT INTO search_queue SELECT 'title', session_id, 0 FROM conversation_settings
    WHERE title IS NOT NULL AND session_id IN (SELECT id FROM sessions)
    ON CONFLICT DO NOTHING;`

/** A condition for the rows of `sqlite_schema` that belong to the search index: its tables, their indexes and triggers. */
const isOfSearchIndexSql = `(tbl_name GLOB 'message_index*' OR tbl_name GLOB 'title_index*'
  OR tbl_name IN ('message_entries', 'title_entries', 'search_queue', 'search_backfill'))`

/** Whether a table, or the table of an index, belongs to the search index. */
export function isSearchTable(name: string): boolean {
  return /^(?:message|title)_(?:index|entries)|^search_(?:queue|backfill)$/.test(name)
}

/**
 * Empties the search index, to be built again. If its pages are damaged, its tables are created anew; the old pages stay in
 * the file, where nothing uses them, until `VACUUM` removes them. Runs transactions of its own.
 */
export function rebuildSearchIndex(connection: Database.Database): void {
  try {
    connection.transaction(() => connection.exec(emptySearchIndexSql)).immediate()
  } catch (error) {
    if (!(error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CORRUPT'))) throw error
    // Another transaction: FTS5 writes at the end of the first one, also if it was rolled back to a savepoint.
    connection
      .transaction(() => {
        replaceSearchTables(connection)
        connection.exec(emptySearchIndexSql)
      })
      .immediate()
  }
}

/**
 * Forgets the tables, without reading their pages, and creates them again, empty. `DROP TABLE` would free each page, and
 * fail at a damaged one.
 */
function replaceSearchTables(connection: Database.Database): void {
  // FTS5 creates the tables within a full-text index by itself.
  const statements = connection
    .prepare<[], { sql: string }>(
      `SELECT sql FROM sqlite_schema WHERE ${isOfSearchIndexSql} AND sql IS NOT NULL AND name NOT GLOB '*_index_*'
       ORDER BY type = 'trigger', type = 'index', rowid`,
    )
    .all()
  connection.unsafeMode(true)
  try {
    connection.pragma('writable_schema = ON')
    connection.exec(`DELETE FROM sqlite_schema WHERE ${isOfSearchIndexSql}`)
  } finally {
    // Also has SQLite read the schema again.
    connection.pragma('writable_schema = RESET')
    connection.unsafeMode(false)
  }
  for (const { sql } of statements) connection.exec(sql)
}
