import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeSearchText } from '../../../src/search/analyzer.ts'
import { SearchQuery } from '../../../src/search/search-query.ts'
import { HermesChat, hermesSummary, hermesTaskList, mergedHermesSummary } from '../../support/hermes/hermes-chat.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import {
  addFtsIndexes,
  type FtsLayout,
  type HermesSearchFixture,
  newestRows,
  newHermesSearchFixture,
  setMeta,
} from '../../support/search/hermes-search-fixture.ts'
import { hitId, readAllPages } from '../../support/search/search-fixture.ts'
import { anyQuery, anyText } from '../../support/search/any-text.ts'
import { newReader } from '../../support/hermes/hermes-fixtures.ts'

/** Adds messages that match nothing, so that earlier ones are no longer among the newest, which are scanned. */
function addFiller(hermes: HermesDb): void {
  hermes.transaction(() => {
    hermes.addSession('filler')
    for (let i = 0; i < newestRows; i++) hermes.addMessage('filler', 1, { content: 'x' })
  })
}

const hasUsedIndex = ({ statements }: HermesSearchFixture, table: string): boolean =>
  statements.some((sql) => sql.includes(`${table} MATCH`))

const hasScannedRows = ({ statements }: HermesSearchFixture): boolean =>
  statements.some((sql) => /messages\.id < (?!9)\d+(?:\.0)? AND messages\.id > 0/.test(sql))

test('titles come first, then messages by rank; newest first within each rank', async () => {
  const { hermes, find } = newHermesSearchFixture()
  hermes.addSession('a', { title: 'Red wine', started_at: 10 })
  hermes.addSession('b', { title: 'Winery, red', started_at: 20 })
  hermes.addMessage('a', 110, { content: 'wine that is red' })
  hermes.addMessage('b', 120, { content: 'red wine' })
  hermes.addMessage('a', 100, { content: 'red wines' })
  hermes.addMessage('a', 130, { content: 'Some red wine', role: 'assistant' })
  hermes.addMessage('a', 140, { content: 'white wine' })
  const { hits, searchedUpTo } = await find('red wine')
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
  expect(searchedUpTo).toBeNull()
})

test.each(['newest', 'compacting', 'v7', 'v2'] as const)(
  'titles and messages are found in the layout %s',
  async (layout) => {
    const { hermes, findIds } = newHermesSearchFixture(layout)
    hermes.addSession('s', layout === 'v2' ? {} : { title: 'A needle' })
    hermes.addMessage('s', 1, { content: 'needle' })
    expect(await findIds('needle')).toEqual(layout === 'v2' ? ['s:1'] : ['s', 's:1'])
  },
)

test('only messages that are shown are found, with the ids under which they are shown', async () => {
  const { hermes, findIds, find } = newHermesSearchFixture()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'needle undone', active: 0, compacted: 0 })
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

test('after a compaction with a display order, a message is found by its oldest row', async () => {
  const { hermes, findIds } = newHermesSearchFixture()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'needle', display_order: 1, active: 0, compacted: 1 })
  hermes.addMessage('s', 2, { content: 'summary', display_order: 2 })
  hermes.addMessage('s', 3, { content: 'needle', display_order: 1 })
  expect(await findIds('needle')).toEqual(['s:1'])
})

test('texts in parts and in Codex items are found', async () => {
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

test('hits are filtered by channel, archived, pinned and session', async () => {
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

test('any query finds the messages that match it', async () => {
  const { hermes, findIds } = newHermesSearchFixture()
  hermes.addSession('s')
  const texts = fc.sample(anyText, { numRuns: 40, seed: 2 }).map((text) => text.toWellFormed())
  for (const [index, text] of texts.entries()) hermes.addMessage('s', index, { content: text })
  await fc.assert(
    fc.asyncProperty(anyQuery, async (typed) => {
      const query = new SearchQuery(typed)
      const expected = texts.flatMap((text, index) =>
        query.matches(normalizeSearchText(text)) ? [`s:${index + 1}`] : [],
      )
      expect((await findIds(typed)).toSorted()).toEqual(expected.toSorted())
    }),
  )
})

test('pages contain each hit once, in both directions, and stay correct while rows come and go', async () => {
  const { hermes, find, findIds } = newHermesSearchFixture()
  hermes.addSession('s', { title: 'needle' })
  for (let i = 0; i < 20; i++)
    hermes.addMessage('s', 1 + (i % 7), { content: `${i % 3 === 0 ? 'needles' : 'needle'} ${i}` })
  const all = await findIds('needle')
  expect(new Set(all).size).toBe(21)
  for (const size of [1, 4, 100]) {
    for (const backwards of [false, true]) {
      expect((await readAllPages((request) => find('needle', request), size, backwards)).map(hitId)).toEqual(all)
    }
  }
  const { hits } = await find('needle', { limit: 5 })
  const deletedIds = [all[4], all[7]].map((id) => Number(id?.replace('s:', '')))
  for (const id of deletedIds) hermes.db.prepare('DELETE FROM messages WHERE id = ?').run(id)
  hermes.addMessage('s', 1_000, { content: 'needle' })
  expect(await findIds('needle', { after: hits[4]?.key ?? null })).toEqual(all.slice(5).filter((id) => id !== all[7]))
})

describe.each(['first', 'inline', 'gated'] as const)('with the full-text indexes of the layout %s', (layout) => {
  function newIndexedFixture(): HermesSearchFixture {
    const fixture = newHermesSearchFixture(layout === 'first' ? 'v2' : 'newest')
    addFtsIndexes(fixture.hermes, layout)
    return fixture
  }

  test('older messages are found with the indexes', async () => {
    const fixture = newIndexedFixture()
    const { hermes } = fixture
    hermes.addSession('s')
    hermes.addMessage('s', 1, { content: 'A Café in Łódź, node.js' })
    hermes.addMessage('s', 2, { content: 'cafés', role: 'assistant' })
    hermes.addToolCalls('s', 3, ['cafe'], { tool_name: 'cafe' })
    hermes.addToolResult('s', 4, 'cafe', 'cafe')
    const changed = hermes.addMessage('s', 5, { content: 'tea' })
    const deletedId = hermes.addMessage('s', 6, { content: 'café' })
    addFiller(hermes)
    hermes.db.prepare('UPDATE messages SET content = ? WHERE id = ?').run('a cafe now', changed)
    hermes.db.prepare('DELETE FROM messages WHERE id = ?').run(deletedId)
    expect(await fixture.findIds('cafe')).toEqual(['s:5', 's:1', 's:2'])
    expect(await fixture.findIds('café "node.js"')).toEqual(['s:1'])
    expect(await fixture.findIds('"')).toEqual([])
    expect(await fixture.findIds('cafe AND NOT (')).toEqual([])
    expect(hasUsedIndex(fixture, 'messages_fts')).toBe(true)
    expect(hasScannedRows(fixture)).toBe(false)
  })

  test.each([
    ['404', 'خطأ ٤٠٤'],
    ['۴۰۴', 'Error 404'],
    ['كتاب ٣', 'کتاب 3'],
    ['يونيكود', 'یونیکود'],
    ["комп'ютер", 'мій комп\u02bcютер'],
    ['комп\u02bcютер', 'мій комп’ютер'],
    ["Hawai'i", 'Aloha from Hawai\u02bbi'],
  ])('an older message is found by %s if it has another spelling: %s', async (query, content) => {
    const fixture = newIndexedFixture()
    fixture.hermes.addSession('s')
    fixture.hermes.addMessage('s', 1, { content })
    addFiller(fixture.hermes)
    expect(await fixture.findIds(query)).toEqual(['s:1'])
    expect(hasUsedIndex(fixture, 'messages_fts')).toBe(true)
    expect(hasScannedRows(fixture)).toBe(false)
  })

  test('older messages in scripts without spaces are found', async () => {
    const fixture = newIndexedFixture()
    fixture.hermes.addSession('s')
    fixture.hermes.addMessage('s', 1, { content: '私は日本語のテキストを検索する' })
    fixture.hermes.addMessage('s', 2, { content: 'the word 検索 in English' })
    addFiller(fixture.hermes)
    expect(await fixture.findIds('日本語')).toEqual(['s:1'])
    expect(hasUsedIndex(fixture, 'messages_fts_trigram')).toBe(layout !== 'first')
    // Two characters are too short for the trigram index: the rows are scanned.
    expect(await fixture.findIds('検索')).toEqual(['s:2', 's:1'])
    expect(hasScannedRows(fixture)).toBe(true)
    expect(await fixture.findIds('検索 english')).toEqual(['s:2'])
  })

  test.each([
    ['without its triggers', (db) => db.db.exec('DROP TRIGGER messages_fts_insert')],
    ['that is marked as stale', (db) => setMeta(db, 'fts_stale', '1')],
    ['that does not exist', (db) => db.db.exec('DROP TABLE messages_fts')],
    [
      'that is corrupt',
      (db) => {
        db.db.unsafeMode()
        db.db.exec("UPDATE messages_fts_data SET block = x'00ff00ff00ff'")
      },
    ],
    [
      'with an unknown tokenizer',
      (db) => {
        db.db.unsafeMode()
        db.db.exec(`PRAGMA writable_schema = ON;
          UPDATE sqlite_master SET sql = replace(sql, 'fts5(', 'fts5(tokenize=''unicode61 nonsense 1'', ')
          WHERE name = 'messages_fts'; PRAGMA writable_schema = RESET`)
      },
    ],
  ] satisfies [string, (db: HermesDb) => unknown][])(
    'an index %s is not used: the rows are scanned',
    async (_, spoil) => {
      const fixture = newIndexedFixture()
      const { hermes } = fixture
      hermes.addSession('s')
      hermes.addMessage('s', 1, { content: 'needle' })
      addFiller(hermes)
      spoil(hermes)
      expect(await fixture.findIds('needle')).toEqual(['s:1'])
      expect(hasScannedRows(fixture)).toBe(true)
    },
  )
})

test('rows that an index lacks during its rebuild are scanned', async () => {
  const fixture = newHermesSearchFixture()
  const { hermes } = fixture
  addFtsIndexes(hermes, 'gated')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'needle one' })
  hermes.addMessage('s', 2, { content: 'needle two' })
  hermes.addMessage('s', 3, { content: 'needle three' })
  addFiller(hermes)
  hermes.addMessage('s', 4, { content: 'needle four' })
  hermes.db.exec("INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')")
  hermes.db.exec("INSERT INTO messages_fts(rowid, content) VALUES (1, 'needle one')")
  setMeta(hermes, 'fts_rebuild_high_water', '3')
  setMeta(hermes, 'fts_rebuild_progress', '1')
  expect(await fixture.findIds('needle')).toEqual([`s:${newestRows + 4}`, 's:3', 's:2', 's:1'])
  expect(hasUsedIndex(fixture, 'messages_fts')).toBe(true)
})

test('an index that needs an extension of SQLite is not used', async () => {
  const fixture = newHermesSearchFixture()
  const { hermes } = fixture
  addFtsIndexes(hermes, 'gated')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: '日本語 needle' })
  addFiller(hermes)
  hermes.db.unsafeMode()
  hermes.db.exec(`PRAGMA writable_schema = ON;
    INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'messages_fts_cjk',
      'messages_fts_cjk', 0, 'CREATE VIRTUAL TABLE messages_fts_cjk USING fts5(content, tokenize=''cjk_unicode61'')');
    PRAGMA writable_schema = RESET`)
  expect(await fixture.findIds('日本語')).toEqual(['s:1'])
  expect(await fixture.findIds('needle')).toEqual(['s:1'])
  expect(await fixture.findIds('日本')).toEqual(['s:1'])
})

test.each<FtsLayout | null>([null, 'inline', 'gated'])(
  'the messages that match and are shown are found, and no others (indexes: %s)',
  async (layout) => {
    const fixture = newHermesSearchFixture()
    const { hermes } = fixture
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
        const messages = reader.listMessages('s', { after: null, before: null, limit: 100, backwards: false })
        const needles = messages.filter(
          ({ role, parts }) =>
            role !== 'SYSTEM' && parts.some((part) => part.type === 'text' && /needle/.test(part.text)),
        )
        expect((await fixture.findIds('needle')).toSorted()).toEqual(needles.map(({ id }) => id).toSorted())
      }),
      { numRuns: 30 },
    )
  },
)

test('a search in a missing file finds nothing', async () => {
  const fixture = newHermesSearchFixture('newest')
  const { hermes } = fixture
  hermes.addSession('s', { title: 'needle' })
  expect(await fixture.findIds('needle')).toEqual(['s'])
  hermes.close()
  for (const side of ['', '-wal', '-shm']) rmSync(hermes.path + side, { force: true })
  expect(await fixture.find('needle')).toEqual({ hits: [], searchedUpTo: null })
})

test('of many matches the newest titles and the newest messages are found', async () => {
  const { hermes, findIds, find } = newHermesSearchFixture('newest', { maxMatches: 3 })
  for (let i = 1; i <= 250; i++) hermes.addSession(`s${i}`, { title: `needle ${i}`, started_at: i })
  for (let i = 1; i <= 250; i++) hermes.addMessage(`s${i}`, i, { content: 'needle' })
  const all = await findIds('needle')
  const titles = all.filter((id) => !id.includes(':'))
  expect(titles.slice(0, 3)).toEqual(['s250', 's249', 's248'])
  expect(all.slice(titles.length, titles.length + 3)).toEqual(['s250:250', 's249:249', 's248:248'])
  // All matches of the last batch are kept.
  expect(all.length).toBeLessThanOrEqual(400)
  expect((await readAllPages((request) => find('needle', request), 100, false)).map(hitId)).toEqual(all)
})

test('without an index, a limited number of the newest messages is scanned', async () => {
  const { hermes, findIds } = newHermesSearchFixture('newest', { maxRecentRows: 2, maxRows: 3 })
  hermes.addSession('s')
  for (let i = 1; i <= 9; i++) hermes.addMessage('s', i, { content: 'needle' })
  expect(await findIds('needle')).toEqual(['s:9', 's:8', 's:7', 's:6', 's:5'])
  expect(await findIds('needle', { filter: { ids: ['s'] } })).toEqual(['s:9', 's:8', 's:7'])
})

describe('in a session that Hermes has compacted in place', () => {
  function newCompactedFixture() {
    const fixture = newHermesSearchFixture('v22')
    const chat = new HermesChat(fixture.hermes, 's')
    chat.addTurns(1)
    chat.add({ role: 'user', content: 'a needle in a haystack' })
    chat.addTurns(2)
    return { ...fixture, chat }
  }

  test('a message is found once, by its original, and so is what was archived', async () => {
    const { chat, findIds } = newCompactedFixture()
    const { live } = chat
    chat.compact([{ role: 'assistant', content: hermesSummary('About hay') }, ...live.slice(-3)])
    chat.compact([{ role: 'assistant', content: hermesSummary('About straw') }, ...chat.live.slice(-2)])
    expect(await findIds('needle')).toEqual(['s:3'])
    expect(await findIds('u1')).toEqual(['s:1'])
    expect(await findIds('hay')).toEqual(['s:6', 's:3'])
  })

  test('a merged summary is found by its own words, and the message in it by its original', async () => {
    const { chat, find, findIds } = newCompactedFixture()
    const content = mergedHermesSummary('a needle in a haystack', 'About straw')
    chat.compact([{ role: 'user', content }, ...chat.live.slice(-2)])
    expect(await findIds('needle')).toEqual(['s:3'])
    const { hits } = await find('straw')
    expect(hits.map(hitId)).toEqual(['s:6'])
    expect(hits[0]?.snippet).not.toContain('needle')
  })

  test('what was undone through a copy is not found', async () => {
    const { chat, findIds } = newCompactedFixture()
    chat.compact([{ role: 'assistant', content: hermesSummary('About hay') }, ...chat.live.slice(-3)])
    chat.undo(3)
    expect(await findIds('needle')).toEqual([])
    chat.add({ role: 'user', content: 'a needle again' })
    expect(await findIds('needle')).toEqual(['s:10'])
  })

  test('a task list in the name of the user is not found', async () => {
    const { chat, findIds } = newCompactedFixture()
    chat.compact([
      { role: 'assistant', content: hermesSummary('About hay') },
      { role: 'user', content: hermesTaskList },
    ])
    expect(await findIds('Tidy up')).toEqual([])
  })
})
