// Writes latest-schema.ts, the schema that the migrations make of an empty database. Run it after adding a migration.
import { writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { defaultProfileName } from '../../src/profiles/profile-name.ts'
import { applyMigrations } from '../../src/storage/sqlite/database/migrate.ts'

const file = new URL('../../src/storage/sqlite/database/migrations/latest-schema.ts', import.meta.url)
const connection = new Database(':memory:')
applyMigrations(connection, defaultProfileName)

// FTS5 makes its shadow tables and SQLite its internal ones: they cannot be created by their text.
const statements = connection
  .prepare<[], { sql: string }>(
    `SELECT sql FROM sqlite_schema AS object WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND NOT EXISTS (
       SELECT 1 FROM sqlite_schema AS virtual WHERE virtual.sql LIKE 'CREATE VIRTUAL TABLE%'
         AND substr(object.name, 1, length(virtual.name) + 1) = virtual.name || '_')
     ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, name`,
  )
  .all()
  .map(({ sql }) => `${sql.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')};\n`)

writeFileSync(
  file,
  `/**
 * The schema that all migrations make of an empty database, without the rows. A new database gets it at once, because the
 * migrations take longer. Written by scripts/database/write-latest-schema.ts.
 */
export const latestSchemaSql = \`
${statements.join('\n')}\`
`,
)
process.stderr.write(`Wrote ${statements.length} statements.\n`)
