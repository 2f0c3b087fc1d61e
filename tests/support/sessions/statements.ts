import Database from 'better-sqlite3'
import { expect } from 'vitest'

export interface Statement {
  readonly file: 'segue' | 'hermes'
  readonly sql: string
}

/** How long ids are: SQLite shows the beginning of a long list and how many bytes it leaves out, so ids are counted by it. */
const idLength = { segue: 30, hermes: 8 }

const anyList = /json_each\('((?:[^']|'')*)'(?:\/\*\+(\d+) bytes\*\/)?\)/g

/** How many ids each of a statement's lists holds, provided that all of them are of the usual length. */
function countListIds({ file, sql }: Statement): number[] {
  return [...sql.matchAll(anyList)].map(([, shown = '', hidden = '0']) => {
    const bytes = Buffer.byteLength(shown.replaceAll("''", "'")) + Number(hidden)
    // Brackets around, quotes around each, commas between.
    return (bytes - 1) / (idLength[file] + 3)
  })
}

/** How many rows each read of sessions by id asked for, in the order of the reads. */
export function countSessionReads(statements: readonly Statement[], file: Statement['file']): number[] {
  return statements
    .filter((statement) => statement.file === file)
    .filter(({ sql }) =>
      / FROM sessions WHERE (sessions\.)?id IN \(SELECT value FROM json_each/.test(sql.replaceAll(/\s+/g, ' ')),
    )
    .filter(({ sql }) => !/^SELECT (sessions\.id FROM|id, message_count)/.test(sql))
    .flatMap((statement) => countListIds(statement))
}

/** Every statement takes at most 500 ids, and none walks over all sessions or messages of its file. */
export function expectBoundedReads(
  statements: readonly Statement[],
  paths: Readonly<Record<Statement['file'], string>>,
): void {
  using files = new DisposableStack()
  const open = (path: string) => files.adopt(new Database(path, { readonly: true }), (db) => db.close())
  const databases = { segue: open(paths.segue), hermes: open(paths.hermes) }
  // What is in memory alone is not there for others.
  const reads = statements.filter(({ sql }) => /^\s*(SELECT|WITH)\b/i.test(sql) && !/\btemp\./.test(sql))
  expect(reads.length).toBeGreaterThan(0)
  // The ids in a list change nothing of the plan.
  const plans = new Map<string, Statement>()
  for (const statement of reads) {
    for (const count of countListIds(statement)) expect(count, statement.sql).toBeLessThanOrEqual(500)
    plans.set(statement.file + statement.sql.replaceAll(anyList, ''), statement)
  }
  for (const { file, sql } of plans.values()) expect(findTableScans(databases[file], sql), sql).toEqual([])
  const writes = statements.filter(({ file, sql }) => file === 'hermes' && !/^(SELECT|PRAGMA|BEGIN|COMMIT)/.test(sql))
  expect(writes).toEqual([])
}

/** The steps of a statement's plan that read a whole table. */
function findTableScans(db: Database.Database, sql: string): string[] {
  const plan = db
    .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => detail)
  const scans = plan.filter((detail) => /^SCAN (?!json_each|CONSTANT)|AUTOMATIC/.test(detail))
  // In the order of its index and without a condition, a list reads no more rows than it is limited to.
  const isPage = !/\bWHERE\b/.test(sql) && /\bLIMIT \d+(\.0)?$/.test(sql) && plan.length === 1
  return isPage ? scans.filter((detail) => !/USING INDEX \w+_by_activity$/.test(detail)) : scans
}
