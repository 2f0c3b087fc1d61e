import type Database from 'better-sqlite3'

/** More lines say nothing new. */
const maxProblems = 20

/**
 * Checks every page and every index with `PRAGMA integrity_check`, the full-text indexes included, and all foreign keys.
 * Returns what is damaged, one line each. Throws what SQLite throws if the file is damaged so far that it cannot be checked.
 */
export function checkIntegrity(connection: Database.Database): string[] {
  const lines = connection
    .prepare<[], string>(`PRAGMA integrity_check(${maxProblems})`)
    .pluck()
    .all()
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== 'ok' && !line.startsWith('*** in database'))
  if (lines.length > 0) return lines.slice(0, maxProblems)
  const broken = connection.prepare<[], { table: string; parent: string }>('PRAGMA foreign_key_check').all()
  return [...new Set(broken.map(({ table, parent }) => `rows of ${table} refer to missing rows of ${parent}`))]
}
