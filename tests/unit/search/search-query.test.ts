import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeText } from '../../../src/search/analyzer.ts'
import { searchRanks, SearchQuery } from '../../../src/search/search-query.ts'
import { anyQuery, anyText } from '../../support/search/texts.ts'

const rankOf = (query: string, text: string) => new SearchQuery(query).rankText(normalizeText(text))

describe('what a query finds', () => {
  test.each([
    ['rust', 'I like Rust.', 'LITERAL'],
    ['rust', 'It is rusty.', 'BEGINNING'],
    ['rust', 'I trust you.', null],
    ['"rust"', 'It is rusty.', null],
    ['ru', 'It is rusty.', null],
    ['ru', 'ru is a language', 'LITERAL'],
    ['red wine', 'A glass of red wine, please', 'LITERAL'],
    ['red wine', 'Two red wines', 'BEGINNING'],
    ['red wine', 'Wine that is red', 'WORDS'],
    ['red wine', 'Wines that are red', 'WORDS'],
    ['red wine', 'Redder wine', null],
    ['red wine', 'Wine', null],
    ['"red wine"', 'Wine that is red', null],
    ['"red wine" glass', 'A glass of red wine', 'WORDS'],
    ['wine "red', 'red wine', 'WORDS'],
    ['wine "red', 'redder wine', null],
    ['“red wine” glass', 'glass, wine, red', null],
    ['node.js', 'Install node js', 'LITERAL'],
    ['node.js', 'js node', null],
    ['foo_bar baz', 'baz(foo.bar)', 'WORDS'],
    ['c++', 'C is old', 'LITERAL'],
    ['rust AND', 'rust', null],
    ['rust OR go', 'rust', null],
    ['NOT rust', 'rust', null],
    ['NOT rust', 'rust, not go', 'WORDS'],
    ['rust*', 'rust', 'LITERAL'],
    ['content:rust', 'content rust', 'LITERAL'],
    ['cafe', 'Café', 'LITERAL'],
    ['CAFÉ', 'cafe', 'LITERAL'],
    ['strasse', 'Straße', 'LITERAL'],
    ['lodz', 'Łódź', 'LITERAL'],
    ['σίσυφος', 'ΣΊΣΥΦΟΣ', 'LITERAL'],
    ['istanbul', 'İSTANBUL', 'LITERAL'],
    ['ｆｕｌｌ', 'full', 'LITERAL'],
    ['日本', '私は日本語を話す', 'LITERAL'],
    ['日本 話す', '私は日本語を話す', 'WORDS'],
    ['本日', '日本', null],
    ['학교', '학교에서', 'LITERAL'],
    ['กิน', 'ฉันกินข้าว', 'LITERAL'],
    ['कि', 'की', null],
    ['محمد', 'مُحَمَّد', 'LITERAL'],
    ['🎉', 'Done 🎉!', 'LITERAL'],
    ['rust rust', 'rust', 'WORDS'],
    ['', 'anything', null],
    [' \n', 'anything', null],
    ['!?', 'anything!?', null],
  ])('%j in %j: %s', (query, text, rank) => {
    expect(rankOf(query, text)).toBe(rank)
  })

  test('is the same for the index as for a text by itself, whatever the query and the text', () => {
    using files = new DisposableStack()
    const db = files.adopt(new Database(':memory:'), (open) => open.close())
    db.exec("CREATE VIRTUAL TABLE texts USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii')")
    const insert = db.prepare('INSERT INTO texts (rowid, text) VALUES (1, ?)')
    const find = db.prepare('SELECT rowid FROM texts WHERE texts MATCH ?')
    fc.assert(
      fc.property(anyQuery, anyText, (typed, text) => {
        const query = new SearchQuery(typed)
        db.exec('DELETE FROM texts WHERE rowid = 1')
        insert.run(normalizeText(text))
        const found = searchRanks.filter((rank) => {
          const expression = query.toFtsExpression(rank)
          return expression !== null && find.get(expression) !== undefined
        })
        const rank = query.rankText(normalizeText(text))
        expect(found).toEqual(rank ? ['TITLE', rank] : [])
      }),
      { numRuns: 250 },
    )
  })

  test('is something for any text that is in it', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (before, query, after) => {
        // Without a sign between them its first word might be the end of another one.
        const text = `${before} ${query} ${after}`
        if (normalizeText(query) !== '' && !/["“”„]/.test(query)) expect(rankOf(query, text)).not.toBeNull()
      }),
    )
  })
})

test('of a long query the first 1,000 code units and 32 words count', () => {
  const numbers = Array.from({ length: 40 }, (_, index) => `n${index}`)
  expect(rankOf(numbers.join(' '), numbers.slice(0, 32).join(' '))).toBe('LITERAL')
  expect(rankOf(numbers.join(' '), numbers.slice(0, 31).join(' '))).toBeNull()
  expect(rankOf(`${'a '.repeat(500)}zebra`, 'a '.repeat(500))).toBe('LITERAL')
  const cjk = '語'.repeat(100_000)
  expect(rankOf(cjk, '語'.repeat(1_000))).toBe('LITERAL')
  expect(new SearchQuery(cjk).fullPhrase.words).toHaveLength(1_000)
})

test('FTS5 takes the longest query that there is', () => {
  using files = new DisposableStack()
  const db = files.adopt(new Database(':memory:'), (open) => open.close())
  db.exec("CREATE VIRTUAL TABLE texts USING fts5(text, content = '', contentless_delete = 1, tokenize = 'ascii')")
  for (const typed of ['語 '.repeat(500), '語'.repeat(1_000), `${'a" "b '.repeat(200)}cdef`, 'abcd '.repeat(200)]) {
    const query = new SearchQuery(typed)
    for (const rank of searchRanks) {
      const expression = query.toFtsExpression(rank)
      if (expression) expect(db.prepare('SELECT rowid FROM texts WHERE texts MATCH ?').all(expression)).toEqual([])
    }
  }
})
