import { expect } from 'vitest'
import { TestDatabase } from '../storage/test-database.ts'

export interface Statement {
  readonly file: 'segue' | 'hermes'
  readonly sql: string
}

/** The length of all ids. SQLite abbreviates long lists to a byte count, so ids are counted by their length. */
const idLength = { segue: 30, hermes: 8 }

const anyList = /json_each\('((?:[^']|'')*)'(?:\/\*\+(\d+) bytes\*\/)?\)/g

/** Counts the ids in each list of a statement. All ids must have the length above. */
function countListIds({ file, sql }: Statement): number[] {
  return [...sql.matchAll(anyList)].map(([, visible = '', hiddenBytes = '0']) => {
    const bytes = Buffer.byteLength(visible.replaceAll("''", "'")) + Number(hiddenBytes)
    // Each id has two quotes and a comma; the list has two brackets.
    return (bytes - 1) / (idLength[file] + 3)
  })
}

/** Counts the ids of each read of sessions by id, in order. */
export function countSessionReads(statements: readonly Statement[], file: Statement['file']): number[] {
  return statements
    .filter((statement) => statement.file === file)
    .filter(({ sql }) =>
      / FROM sessions (LEFT JOIN conversation_settings .*)?WHERE (sessions\.)?id IN \(SELECT value FROM json_each/.test(
        sql.replaceAll(/\s+/g, ' '),
      ),
    )
    .filter(({ sql }) => !/^SELECT (sessions\.id FROM|id, message_count)/.test(sql))
    .flatMap((statement) => countListIds(statement))
}

/** Expects that no statement takes more than 500 ids or scans a table, and that Hermes is only read. */
export function expectBoundedReads(
  statements: readonly Statement[],
  paths: Readonly<Record<Statement['file'], string>>,
): void {
  using files = new DisposableStack()
  const open = (path: string) => files.use(new TestDatabase(path, { readonly: true }))
  const databases = { segue: open(paths.segue), hermes: open(paths.hermes) }
  // Temporary tables exist in the server's connection only.
  const reads = statements.filter(({ sql }) => /^\s*(SELECT|WITH)\b/i.test(sql) && !/\btemp\./.test(sql))
  expect(reads.length).toBeGreaterThan(0)
  // The plan does not depend on the ids in a list.
  const plans = new Map<string, Statement>()
  for (const statement of reads) {
    for (const count of countListIds(statement)) expect(count, statement.sql).toBeLessThanOrEqual(500)
    plans.set(statement.file + statement.sql.replaceAll(anyList, ''), statement)
  }
  for (const { file, sql } of plans.values()) expect(findTableScans(databases[file], sql), sql).toEqual([])
  const writes = statements.filter(({ file, sql }) => file === 'hermes' && !/^(SELECT|PRAGMA|BEGIN|COMMIT)/.test(sql))
  expect(writes).toEqual([])
}

/** Returns the steps of the query plan that scan a table. The rows of a page, and the values of flags, are in no table. */
function findTableScans(database: TestDatabase, sql: string): string[] {
  const plan = database.explain(sql)
  const scans = plan.filter((detail) => /^SCAN (?!json_each|CONSTANT|each$|page$|\(subquery)|AUTOMATIC/.test(detail))
  // In the order of the index, a list reads no more rows than its limit.
  const isPage = /\bLIMIT \d+(\.0)?\b/.test(sql) && !plan.some((detail) => /TEMP B-TREE/.test(detail))
  return isPage ? scans.filter((detail) => !/USING COVERING INDEX \w+_by_time$/.test(detail)) : scans
}
