import Database from 'better-sqlite3'

/** More lines say nothing new. */
const maxProblems = 20

/**
 * Checks every page and every index with `PRAGMA integrity_check`, the full-text indexes included, and all foreign keys.
 * Returns what is damaged, one line each. Throws what SQLite throws if the file is damaged so far that it cannot be checked.
 */
export function checkIntegrity(connection: Database.Database): string[] {
  const lines = runIntegrityCheck(connection)
  if (lines.length > 0) return lines.slice(0, maxProblems)
  const broken = connection.prepare<[], { table: string; parent: string }>('PRAGMA foreign_key_check').all()
  return [...new Set(broken.map(({ table, parent }) => `rows of ${table} refer to missing rows of ${parent}`))]
}

function runIntegrityCheck(connection: Database.Database): string[] {
  const lines: string[] = []
  const check = connection.prepare<[], { integrity_check: string }>(`PRAGMA integrity_check(${maxProblems})`)
  try {
    for (const { integrity_check: text } of check.iterate()) lines.push(...text.split('\n').filter(isProblem))
  } catch (error) {
    // Damaged pages are listed first; the checks after them may fail.
    if (!(error instanceof Database.SqliteError) || lines.length === 0) throw error
  }
  return lines
}

const isProblem = (line: string): boolean => line !== 'ok' && !line.startsWith('*** in database')
