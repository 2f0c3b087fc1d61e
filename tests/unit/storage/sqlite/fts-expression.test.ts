import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { normalizeSearchText } from '../../../../src/search/analyzer.ts'
import { SearchQuery, searchRanks } from '../../../../src/search/search-query.ts'
import { toFtsExpression } from '../../../../src/storage/sqlite/search/fts-expression.ts'
import { anyQuery, anyText } from '../../../support/search/any-text.ts'

/** An FTS5 table like those of the search index, in memory. */
function newTextTable(): Database.Database {
  const db = new Database(':memory:')
  onTestFinished(() => void db.close())
  db.exec("CREATE VIRTUAL TABLE texts USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii')")
  return db
}

test('FTS5 ranks any text for any query as rankText does', () => {
  const db = newTextTable()
  const insert = db.prepare('INSERT INTO texts (rowid, text) VALUES (1, ?)')
  const find = db.prepare('SELECT rowid FROM texts WHERE texts MATCH ?')
  fc.assert(
    fc.property(anyQuery, anyText, (queryText, text) => {
      const query = new SearchQuery(queryText)
      db.exec('DELETE FROM texts WHERE rowid = 1')
      insert.run(normalizeSearchText(text))
      const matchingRanks = searchRanks.filter((each) => {
        const expression = toFtsExpression(query, each)
        return expression !== null && find.get(expression) !== undefined
      })
      const rank = query.rankText(normalizeSearchText(text))
      expect(matchingRanks).toEqual(rank ? ['TITLE', rank] : [])
    }),
    { numRuns: 250 },
  )
})

test('FTS5 accepts the expressions of the longest queries', () => {
  const db = newTextTable()
  for (const text of ['語 '.repeat(500), '語'.repeat(1_000), `${'a" "b '.repeat(200)}cdef`, 'abcd '.repeat(200)]) {
    const query = new SearchQuery(text)
    for (const rank of searchRanks) {
      const expression = toFtsExpression(query, rank)
      if (expression) expect(db.prepare('SELECT rowid FROM texts WHERE texts MATCH ?').all(expression)).toEqual([])
    }
  }
})
