import Database from 'better-sqlite3'

export interface IntegrityReport {
  /** What is damaged, one line each. */
  readonly damage: readonly string[]
  /** Pages that nothing uses, and that SQLite does not know to be free. They do no harm. */
  readonly unusedPageCount: number
}

/** More lines say nothing new. */
const maxProblems = 20
/** Unused pages have a line each, too. They must not keep SQLite from naming the damage. */
const maxLines = 10_000_000

/**
 * Checks every page and every index with `PRAGMA integrity_check`, the full-text indexes included, and all foreign keys.
 * Throws what SQLite throws if the file is damaged so far that it cannot be checked.
 */
export function checkIntegrity(connection: Database.Database): IntegrityReport {
  const { damage, unusedPageCount } = runIntegrityCheck(connection)
  if (damage.length > 0) return { damage, unusedPageCount }
  const broken = connection.prepare<[], { table: string; parent: string }>('PRAGMA foreign_key_check').all()
  const lines = broken.map(({ table, parent }) => `rows of ${table} refer to missing rows of ${parent}`)
  return { damage: [...new Set(lines)], unusedPageCount }
}

function runIntegrityCheck(connection: Database.Database): IntegrityReport {
  const damage: string[] = []
  let unusedPageCount = 0
  const check = connection.prepare<[], { integrity_check: string }>(`PRAGMA integrity_check(${maxLines})`)
  try {
    for (const { integrity_check: text } of check.iterate()) {
      for (const line of text.split('\n')) {
        if (unusedPagePattern.test(line)) unusedPageCount += 1
        else if (isProblem(line)) damage.push(line)
      }
      if (damage.length >= maxProblems) break
    }
  } catch (error) {
    // Damaged pages are listed first; the checks after them may fail.
    if (!(error instanceof Database.SqliteError) || damage.length + unusedPageCount === 0) throw error
  }
  return { damage: damage.slice(0, maxProblems), unusedPageCount }
}

const unusedPagePattern = /^Page \d+: never used$/
const isProblem = (line: string): boolean => line !== 'ok' && !line.startsWith('*** in database')
