import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeText } from '../../../src/search/analyzer.ts'
import { SearchQuery } from '../../../src/search/search-query.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import {
  addFtsIndexes,
  type FtsLayout,
  type HermesSearchFixture,
  newestRows,
  newHermesSearchFixture,
  setMeta,
} from '../../support/search/hermes-chats.ts'
import { hitId, readAllPages } from '../../support/search/segue-chats.ts'
import { anyQuery, anyText } from '../../support/search/texts.ts'
import { newReader } from '../../support/hermes/reading.ts'

/** Messages that say nothing of interest, so that those before them are no longer among the newest. */
function fillUp(hermes: HermesDb): void {
  hermes.transaction(() => {
    hermes.addSession('filler')
    for (let i = 0; i < newestRows; i++) hermes.addMessage('filler', 1, { content: 'x' })
  })
}

const usesIndex = ({ statements }: HermesSearchFixture, table: string): boolean =>
  statements.some((sql) => sql.includes(`${table} MATCH`))

const readsRows = ({ statements }: HermesSearchFixture): boolean =>
  statements.some((sql) => /messages\.id < (?!9)\d+(?:\.0)? AND messages\.id > 0/.test(sql))

test('titles come first, then messages by how well they answer, each the newest first', async () => {
  const { hermes, find } = newHermesSearchFixture()
  hermes.addSession('a', { title: 'Red wine', started_at: 10 })
  hermes.addSession('b', { title: 'Winery, red', started_at: 20 })
  hermes.addMessage('a', 110, { content: 'wine that is red' })
  hermes.addMessage('b', 120, { content: 'red wine' })
  hermes.addMessage('a', 100, { content: 'red wines' })
  hermes.addMessage('a', 130, { content: 'Some red wine', role: 'assistant' })
  hermes.addMessage('a', 140, { content: 'white wine' })
  const { hits, searchedUpTo: reached } = await find('red wine')
  expect(hits.map(hitId)).toEqual(['b', 'a', 'a:4', 'b:2', 'a:3', 'a:1'])
  expect(hits.map(({ key }) => key.rank)).toEqual(['TITLE', 'TITLE', 'PHRASE', 'PHRASE', 'PHRASE_PREFIX', 'ALL_TERMS'])
  expect(hits.map(({ snippet }) => snippet)).toEqual([
    'Winery, red',
    'Red wine',
    'Some red wine',
    'red wine',
    'red wines',
    'wine that is red',
  ])
  expect(reached).toBeNull()
})

test.each(['newest', 'compacting', 'v7', 'v2'] as const)('in the layout %s', async (layout) => {
  const { hermes, findIds } = newHermesSearchFixture(layout)
  hermes.addSession('s', layout === 'v2' ? {} : { title: 'A needle' })
  hermes.addMessage('s', 1, { content: 'needle' })
  expect(await findIds('needle')).toEqual(layout === 'v2' ? ['s:1'] : ['s', 's:1'])
})

test('only what is shown is found, under the id by which it is shown', async () => {
  const { hermes, findIds, find } = newHermesSearchFixture()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'needle taken back', active: 0, compacted: 0 })
  hermes.addMessage('s', 2, { content: 'needle hidden', display_kind: 'hidden' })
  hermes.addMessage('s', 3, { content: 'needle meta', role: 'session_meta' })
  hermes.addMessage('s', 4, { content: 'needle note', role: 'system' })
  hermes.addToolCalls('s', 5, ['c'], { content: 'I look.' })
  hermes.addToolResult('s', 6, 'c', 'needle in a result')
  hermes.addMessage('s', 7, { content: 'needle one', active: 0, compacted: 1 })
  hermes.addMessage('s', 7, { content: 'needle one', active: 1 })
  hermes.addMessage('s', 8, { content: 'needle two' })
  hermes.addMessage('s', 9, { content: 'I think', reasoning: 'needle', role: 'assistant' })
  hermes.db.pragma('foreign_keys = OFF')
  hermes.addMessage('nobody', 10, { content: 'needle without a session' })
  expect(await findIds('needle')).toEqual(['s:9', 's:7'])
  expect((await find('needle')).hits.map(({ snippet }) => snippet)).toEqual(['needle two', 'needle one'])
})

test('a compaction with a display order shows a message by its oldest row, and so does the search', async () => {
  const { hermes, findIds } = newHermesSearchFixture()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'needle', display_order: 1, active: 0, compacted: 1 })
  hermes.addMessage('s', 2, { content: 'summary', display_order: 2 })
  hermes.addMessage('s', 3, { content: 'needle', display_order: 1 })
  expect(await findIds('needle')).toEqual(['s:1'])
})

test('texts in parts, and those that codex kept, are found', async () => {
  const { hermes, findIds, find } = newHermesSearchFixture()
  hermes.addSession('s')
  const parts = [
    { type: 'text', text: 'first line\nneedle é' },
    { type: 'image_url', image_url: { url: 'https://example.org/thread.png' } },
  ]
  hermes.addMessage('s', 1, { content: `\0json:${JSON.stringify(parts)}` })
  const items = [{ content: [{ type: 'output_text', text: 'a thimble' }] }]
  hermes.addMessage('s', 2, { content: '', role: 'assistant', codex_message_items: JSON.stringify(items) })
  expect(await findIds('needle e')).toEqual(['s:1'])
  expect(await findIds('thread')).toEqual([])
  expect(await findIds('json')).toEqual([])
  expect(await findIds('thimble')).toEqual(['s:2'])
  expect((await find('needle')).hits[0]?.snippet).toBe('first line needle é')
})

test('filters', async () => {
  const { hermes, findIds, find } = newHermesSearchFixture()
  const rows = {
    terminal: {},
    phone: { source: 'telegram', archived: 1 },
    job: { source: 'cron', pinned: 1 },
    both: { archived: 1, pinned: 1 },
  }
  for (const [index, [id, row]] of Object.entries(rows).entries()) {
    hermes.addSession(id, { title: `needle ${index}`, started_at: index, ...row })
    hermes.addMessage(id, 100 + index, { content: 'a needle' })
  }
  const found = async (filter: object) => {
    const all = await findIds('needle', { filter })
    const half = all.length / 2
    expect(all.slice(half).map((id) => id.replace(/:\d$/, ''))).toEqual(all.slice(0, half))
    for (const backwards of [false, true]) {
      const walked = await readAllPages((request) => find('needle', { ...request, filter }), 1, backwards)
      expect(walked.map(hitId)).toEqual(all)
    }
    return all.slice(0, half)
  }
  expect(await found({})).toEqual(['both', 'job', 'phone', 'terminal'])
  expect(await found({ archived: true })).toEqual(['both', 'phone'])
  expect(await found({ archived: false })).toEqual(['job', 'terminal'])
  expect(await found({ pinned: true })).toEqual(['both', 'job'])
  expect(await found({ channels: ['CRON', 'MESSAGING'] })).toEqual(['job', 'phone'])
  expect(await found({ channels: ['SEGUE'] })).toEqual([])
  expect(await found({ ids: ['terminal', 'job', 'nobody', 'job'] })).toEqual(['job', 'terminal'])
  expect(await found({ ids: ['terminal', 'both'], archived: true })).toEqual(['both'])
  expect(await found({ ids: [] })).toEqual([])
})

test('any text finds what a look at each message would find', async () => {
  const { hermes, findIds } = newHermesSearchFixture()
  hermes.addSession('s')
  const texts = fc.sample(anyText, { numRuns: 40, seed: 2 }).map((text) => text.toWellFormed())
  for (const [index, text] of texts.entries()) hermes.addMessage('s', index, { content: text })
  await fc.assert(
    fc.asyncProperty(anyQuery, async (typed) => {
      const query = new SearchQuery(typed)
      const expected = texts.flatMap((text, index) => (query.matches(normalizeText(text)) ? [`s:${index + 1}`] : []))
      expect((await findIds(typed)).toSorted()).toEqual(expected.toSorted())
    }),
  )
})

test('pages hold each hit once, in both directions, and are right while rows come and go', async () => {
  const { hermes, find, findIds } = newHermesSearchFixture()
  hermes.addSession('s', { title: 'needle' })
  for (let i = 0; i < 20; i++) hermes.addMessage('s', 1 + (i % 7), { content: i % 3 === 0 ? 'needles' : 'needle' })
  const all = await findIds('needle')
  expect(new Set(all).size).toBe(21)
  for (const size of [1, 4, 100]) {
    for (const backwards of [false, true]) {
      expect((await readAllPages((request) => find('needle', request), size, backwards)).map(hitId)).toEqual(all)
    }
  }
  const { hits } = await find('needle', { limit: 5 })
  const gone = [all[4], all[7]].map((id) => Number(id?.replace('s:', '')))
  for (const id of gone) hermes.db.prepare('DELETE FROM messages WHERE id = ?').run(id)
  hermes.addMessage('s', 1_000, { content: 'needle' })
  expect(await findIds('needle', { after: hits[4]?.key ?? null })).toEqual(all.slice(5).filter((id) => id !== all[7]))
})

describe.each(['first', 'inline', 'gated'] as const)('with the full-text indexes of the layout "%s"', (layout) => {
  function withIndex(): HermesSearchFixture {
    const chats = newHermesSearchFixture(layout === 'first' ? 'v2' : 'newest')
    addFtsIndexes(chats.hermes, layout)
    return chats
  }

  test('older messages are found by them', async () => {
    const chats = withIndex()
    const { hermes } = chats
    hermes.addSession('s')
    hermes.addMessage('s', 1, { content: 'A Café in Łódź, node.js' })
    hermes.addMessage('s', 2, { content: 'cafés', role: 'assistant' })
    hermes.addToolCalls('s', 3, ['cafe'], { tool_name: 'cafe' })
    hermes.addToolResult('s', 4, 'cafe', 'cafe')
    const changed = hermes.addMessage('s', 5, { content: 'tea' })
    const gone = hermes.addMessage('s', 6, { content: 'café' })
    fillUp(hermes)
    hermes.db.prepare('UPDATE messages SET content = ? WHERE id = ?').run('a cafe now', changed)
    hermes.db.prepare('DELETE FROM messages WHERE id = ?').run(gone)
    expect(await chats.findIds('cafe')).toEqual(['s:5', 's:1', 's:2'])
    expect(await chats.findIds('café "node.js"')).toEqual(['s:1'])
    expect(await chats.findIds('"')).toEqual([])
    expect(await chats.findIds('cafe AND NOT (')).toEqual([])
    expect(usesIndex(chats, 'messages_fts')).toBe(true)
    expect(readsRows(chats)).toBe(false)
  })

  test('older messages of scripts without spaces are found, too', async () => {
    const chats = withIndex()
    chats.hermes.addSession('s')
    chats.hermes.addMessage('s', 1, { content: '私は日本語のテキストを検索する' })
    chats.hermes.addMessage('s', 2, { content: 'the word 検索 in English' })
    fillUp(chats.hermes)
    expect(await chats.findIds('日本語')).toEqual(['s:1'])
    expect(usesIndex(chats, 'messages_fts_trigram')).toBe(layout !== 'first')
    // Too short for three characters at once: the rows themselves are read.
    expect(await chats.findIds('検索')).toEqual(['s:2', 's:1'])
    expect(readsRows(chats)).toBe(true)
    expect(await chats.findIds('検索 english')).toEqual(['s:2'])
  })

  test.each([
    ['that lost its triggers', (db) => db.db.exec('DROP TRIGGER messages_fts_insert')],
    ['that is marked as stale', (db) => setMeta(db, 'fts_stale', '1')],
    ['that is gone', (db) => db.db.exec('DROP TABLE messages_fts')],
    [
      'that is damaged',
      (db) => {
        db.db.unsafeMode()
        db.db.exec("UPDATE messages_fts_data SET block = x'00ff00ff00ff'")
      },
    ],
    [
      'that this SQLite cannot serve',
      (db) => {
        db.db.unsafeMode()
        db.db.exec(`PRAGMA writable_schema = ON;
          UPDATE sqlite_master SET sql = replace(sql, 'fts5(', 'fts5(tokenize=''unicode61 nonsense 1'', ')
          WHERE name = 'messages_fts'; PRAGMA writable_schema = RESET`)
      },
    ],
  ] satisfies [string, (db: HermesDb) => unknown][])(
    'an index %s is not relied on: the rows are read',
    async (_, harm) => {
      const chats = withIndex()
      const { hermes } = chats
      hermes.addSession('s')
      hermes.addMessage('s', 1, { content: 'needle' })
      fillUp(hermes)
      harm(hermes)
      expect(await chats.findIds('needle')).toEqual(['s:1'])
      expect(readsRows(chats)).toBe(true)
    },
  )
})

test('what a rebuild has not come to is read itself', async () => {
  const chats = newHermesSearchFixture()
  const { hermes } = chats
  addFtsIndexes(hermes, 'gated')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'needle before' })
  hermes.addMessage('s', 2, { content: 'needle between' })
  hermes.addMessage('s', 3, { content: 'needle between, too' })
  fillUp(hermes)
  hermes.addMessage('s', 4, { content: 'needle behind' })
  hermes.db.exec("INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')")
  hermes.db.exec("INSERT INTO messages_fts(rowid, content) VALUES (1, 'needle before')")
  setMeta(hermes, 'fts_rebuild_high_water', '3')
  setMeta(hermes, 'fts_rebuild_progress', '1')
  expect(await chats.findIds('needle')).toEqual([`s:${newestRows + 4}`, 's:3', 's:2', 's:1'])
  expect(usesIndex(chats, 'messages_fts')).toBe(true)
})

test('an index for Chinese, Japanese and Korean that needs an extension is left alone', async () => {
  const chats = newHermesSearchFixture()
  const { hermes } = chats
  addFtsIndexes(hermes, 'gated')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: '日本語 needle' })
  fillUp(hermes)
  hermes.db.unsafeMode()
  hermes.db.exec(`PRAGMA writable_schema = ON;
    INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'messages_fts_cjk',
      'messages_fts_cjk', 0, 'CREATE VIRTUAL TABLE messages_fts_cjk USING fts5(content, tokenize=''cjk_unicode61'')');
    PRAGMA writable_schema = RESET`)
  expect(await chats.findIds('日本語')).toEqual(['s:1'])
  expect(await chats.findIds('needle')).toEqual(['s:1'])
  expect(await chats.findIds('日本')).toEqual(['s:1'])
})

test.each<FtsLayout | null>([null, 'inline', 'gated'])(
  'every hit is a message that is shown (full text: %s)',
  async (layout) => {
    const chats = newHermesSearchFixture()
    const { hermes } = chats
    if (layout) addFtsIndexes(hermes, layout)
    const { reader } = newReader(hermes.path, 0)
    const flag = fc.constantFrom(0, 1)
    const row = fc.record({
      role: fc.constantFrom('user', 'assistant', 'tool', 'system', 'session_meta', 'narrator'),
      content: fc.constantFrom('needle', 'a needle', 'thread'),
      timestamp: fc.constantFrom(1, 2, 3),
      active: flag,
      compacted: flag,
      display_kind: fc.constantFrom(null, null, 'hidden'),
      display_order: fc.constantFrom(null, 1, 2),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 10 }), async (rows) => {
        hermes.db.exec('DELETE FROM messages; DELETE FROM sessions')
        hermes.addSession('s')
        for (const { timestamp, ...cells } of rows) hermes.addMessage('s', timestamp, cells)
        const shown = reader.listMessages('s', { after: null, before: null, limit: 100, backwards: false })
        const needles = shown.filter(
          ({ role, parts }) =>
            role !== 'SYSTEM' && parts.some((part) => part.type === 'text' && /needle/.test(part.text)),
        )
        expect((await chats.findIds('needle')).toSorted()).toEqual(needles.map(({ id }) => id).toSorted())
      }),
      { numRuns: 30 },
    )
  },
)

test('a file that is missing, locked or no database costs its hits, not the search', async () => {
  const chats = newHermesSearchFixture('newest')
  const { hermes } = chats
  hermes.addSession('s', { title: 'needle' })
  expect(await chats.findIds('needle')).toEqual(['s'])
  hermes.close()
  for (const side of ['', '-wal', '-shm']) rmSync(hermes.path + side, { force: true })
  expect(await chats.find('needle')).toEqual({ hits: [], searchedUpTo: null })
})

test('of many hits the newest count, of titles and of messages', async () => {
  const { hermes, findIds, find } = newHermesSearchFixture('newest', { maxMatches: 3 })
  for (let i = 1; i <= 250; i++) hermes.addSession(`s${i}`, { title: `needle ${i}`, started_at: i })
  for (let i = 1; i <= 250; i++) hermes.addMessage(`s${i}`, i, { content: 'needle' })
  const all = await findIds('needle')
  const titles = all.filter((id) => !id.includes(':'))
  expect(titles.slice(0, 3)).toEqual(['s250', 's249', 's248'])
  expect(all.slice(titles.length, titles.length + 3)).toEqual(['s250:250', 's249:249', 's248:248'])
  // What is read at once is taken whole.
  expect(all.length).toBeLessThanOrEqual(400)
  expect((await readAllPages((request) => find('needle', request), 100, false)).map(hitId)).toEqual(all)
})

test('without an index a bounded number of the newest messages is read', async () => {
  const { hermes, findIds } = newHermesSearchFixture('newest', { maxRecentRows: 2, maxRows: 3 })
  hermes.addSession('s')
  for (let i = 1; i <= 9; i++) hermes.addMessage('s', i, { content: 'needle' })
  expect(await findIds('needle')).toEqual(['s:9', 's:8', 's:7', 's:6', 's:5'])
  expect(await findIds('needle', { filter: { ids: ['s'] } })).toEqual(['s:9', 's:8', 's:7'])
})
