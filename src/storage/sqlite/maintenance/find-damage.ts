import Database from 'better-sqlite3'
import type { DatabaseProblem } from '../../maintenance/database-inspection.ts'
import { isSearchTable } from '../search/rebuild-search-index.ts'
import { checkIntegrity, type IntegrityReport } from './check-integrity.ts'

interface SchemaItem {
  readonly type: string
  readonly name: string
  readonly table: string
}

/** Checks the file of an open database, and names the page and the table of each damage. */
export function findDamage(connection: Database.Database): DatabaseProblem[] {
  let report: IntegrityReport
  try {
    report = checkIntegrity(connection)
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    return [{ kind: 'FILE', text: `it cannot be checked: ${error.message}` }]
  }
  const { damage, unusedPageCount } = report
  const problems = damage.map((line) => classify(line, connection))
  if (unusedPageCount > 0)
    problems.push({
      kind: 'UNUSED_PAGES',
      text: `nothing uses ${unusedPageCount} pages, such as those of an old search index`,
    })
  return problems
}

/** In lines such as `Tree 7 page 12 cell 3: Offset 0 out of range 10..4096`. */
const pagePattern = /^(?:Tree (?<tree>\d+) page|On tree page) (?<page>\d+)(?: cell \d+)?:? (?<what>.*)$/
const indexPattern = /missing from index (?<missing>\S+)|wrong # of entries in index (?<wrong>\S+)/
const searchPattern = /fts5.*\b(?:message|title)_index\b/i

function classify(line: string, connection: Database.Database): DatabaseProblem {
  if (searchPattern.test(line)) return { kind: 'SEARCH_INDEX', text: line }
  if (indexPattern.test(line)) return { kind: 'INDEX', text: line }
  const { tree, page, what } = pagePattern.exec(line)?.groups ?? {}
  if (page === undefined) return { kind: 'FILE', text: line }
  const item = findSchemaItem(Number(tree ?? page), connection)
  const owner = item === null ? '' : ` of the ${item.type} ${item.name}`
  // Also one of an index: SQLite cannot free the pages of a damaged tree. The tables of the search index can be given up.
  const kind = item !== null && isSearchTable(item.table) ? 'SEARCH_INDEX' : 'FILE'
  return { kind, text: `page ${page}${owner} is damaged: ${what}` }
}

function findSchemaItem(rootPage: number, connection: Database.Database): SchemaItem | null {
  try {
    const find = connection.prepare<[number], SchemaItem>(
      'SELECT type, name, tbl_name AS "table" FROM sqlite_schema WHERE rootpage = ?',
    )
    return find.get(rootPage) ?? null
  } catch {
    return null // the schema itself is damaged
  }
}
