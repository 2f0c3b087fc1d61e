import { expect, test } from 'vitest'
import { hermesSummary } from '../../../support/hermes/hermes-chat.ts'
import type { HermesDb, HermesRow } from '../../../support/hermes/hermes-db.ts'
import { firstPage, lastPage, newDb, newReader } from '../../../support/hermes/hermes-fixtures.ts'

/** In the newer layout, copies of a row have the same display order; in the older one, the same contents. */
const layouts = ['newest', 'compacting'] as const

/** A session after an in-place compaction: archived messages, then a summary and copies of the last ones. */
function addCompactedSession(hermes: HermesDb): void {
  const hasDisplayOrder = hermes.columnNames('messages').has('display_order')
  const display = (order: number): HermesRow => (hasDisplayOrder ? { display_order: order } : {})
  const archived = { active: 0, compacted: 1 }
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'first question', ...archived, ...display(1) })
  hermes.addMessage('s', 2, { role: 'assistant', content: 'first answer', ...archived, ...display(2) })
  hermes.addMessage('s', 3, { content: 'tail', ...archived, ...display(3) })
  hermes.addToolCalls('s', 4, ['x'], { ...archived, ...display(4) })
  hermes.addToolResult('s', 5, 'x', 'found', { ...archived, ...display(5) })
  hermes.addMessage('s', 9, { content: 'summary', _compressed_summary: 1, ...display(6) })
  hermes.addMessage('s', 3, { content: 'tail', ...display(3) })
  hermes.addToolCalls('s', 4, ['x'], display(4))
  hermes.addToolResult('s', 5, 'x', 'found', display(5))
  hermes.addMessage('s', 10, { content: 'second question', ...display(10) })
}

test.each(layouts)(
  'after an in-place compaction, every message is shown once, at its original position (%s)',
  (layout) => {
    const hermes = newDb(undefined, layout)
    addCompactedSession(hermes)
    const { reader } = newReader(hermes.path)
    const messages = reader.listMessages('s', firstPage(99))
    expect(messages.map(({ parts }) => parts)).toMatchObject([
      [{ text: 'first question' }],
      [{ text: 'first answer' }],
      [{ text: 'tail' }],
      [{ call: { result: 'found' } }],
      [{ text: 'summary' }],
      [{ text: 'second question' }],
    ])
    expect(reader.countMessages(['s'])).toEqual(new Map([['s', 6]]))
    const positions = messages.map(({ position }) => position ?? 0)
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
    expect(reader.listMessages('s', lastPage(2, messages[4]?.position))).toEqual(messages.slice(2, 4))
    for (const message of messages) expect(reader.findMessage(message.id)).toEqual(message)
  },
)

test.each(layouts)('a compaction does not change the ids of earlier messages (%s)', (layout) => {
  const hermes = newDb(undefined, layout)
  const display = (order: number): HermesRow => (layout === 'newest' ? { display_order: order } : {})
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'original', ...display(1) })
  const { reader } = newReader(hermes.path)
  const before = reader.listMessages('s', firstPage(9))
  hermes.db.exec('UPDATE messages SET active = 0, compacted = 1')
  hermes.addMessage('s', 1, { content: 'original', ...display(1) })
  expect(reader.listMessages('s', firstPage(9))).toEqual(before)
})

test.each(layouts)('the context after a compaction consists of the active rows, ordered by rowid (%s)', (layout) => {
  const hermes = newDb(undefined, layout)
  addCompactedSession(hermes)
  expect(
    newReader(hermes.path)
      .reader.loadContextMessages('s')
      .map(({ parts }) => parts),
  ).toMatchObject([
    [{ text: 'summary' }],
    [{ text: 'tail' }],
    [{ call: { result: 'found' } }],
    [{ text: 'second question' }],
  ])
})

test('of the rows with one display order, the active one is shown, or else the newest', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'a, archived', active: 0, compacted: 1, display_order: 5 })
  hermes.addMessage('s', 1, { content: 'a, live', display_order: 5 })
  hermes.addMessage('s', 1, { content: 'a, archived again', active: 0, compacted: 1, display_order: 5 })
  hermes.addMessage('s', 2, { content: 'b, old', active: 0, compacted: 1, display_order: 2 })
  hermes.addMessage('s', 2, { content: 'b, new', active: 0, compacted: 1, display_order: 2 })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(9))).toMatchObject([
    { position: 2, parts: [{ text: 'b, new' }] },
    { position: 5, parts: [{ text: 'a, live' }] },
  ])
})

test('a single row without a display order makes the whole session ordered by rowid', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'one', display_order: 9 })
  hermes.addMessage('s', 2, { content: 'two', display_order: null })
  hermes.addMessage('s', 2, { content: 'undone', display_order: null, active: 0 })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(9))).toMatchObject([
    { position: 1 },
    { position: 2 },
  ])
})

test('after several compactions, each message is shown once', () => {
  const hermes = newDb(undefined, 'compacting')
  hermes.addSession('s')
  for (let i = 0; i < 3; i++) hermes.addMessage('s', 1, { content: 'original', active: 0, compacted: 1 })
  hermes.addMessage('s', 1, { content: 'original' })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(9))).toMatchObject([{ id: 's:1' }])
})

test('summaries that only a column marks are all shown', () => {
  const hermes = newDb(undefined, 'compacting')
  const archived = { active: 0, compacted: 1 }
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'one', ...archived })
  hermes.addMessage('s', 9, { content: 'first summary', _compressed_summary: 1, ...archived })
  hermes.addMessage('s', 10, { content: 'two', ...archived })
  hermes.addMessage('s', 19, { content: 'second summary', _compressed_summary: 1 })
  hermes.addMessage('s', 10, { content: 'two' })
  hermes.addMessage('s', 20, { content: 'three' })
  const messages = newReader(hermes.path).reader.listMessages('s', firstPage(9))
  expect(messages.map(({ id, kind }) => [id, kind])).toEqual([
    ['s:1', undefined],
    ['s:2', 'SUMMARY'],
    ['s:3', undefined],
    ['s:4', 'SUMMARY'],
    ['s:6', undefined],
  ])
})

test('rows that differ in any column are all shown', () => {
  const hermes = newDb(undefined, 'compacting')
  hermes.addSession('s')
  const archived = { active: 0, compacted: 1 }
  hermes.addMessage('s', 1, { content: 'same', ...archived })
  hermes.addMessage('s', 2, { content: 'same' })
  hermes.addMessage('s', 1, { content: 'other' })
  hermes.addMessage('s', 1, { content: 'same', role: 'assistant' })
  hermes.addMessage('s', 7, { content: 'something else', ...archived })
  expect(newReader(hermes.path).reader.countMessages(['s'])).toEqual(new Map([['s', 5]]))
})

test('a history that was written twice into its session is shown once', () => {
  const hermes = newDb(undefined, 'v22')
  hermes.addSession('s')
  for (let copy = 0; copy < 2; copy++) {
    hermes.addMessage('s', 1, { content: 'question' })
    hermes.addToolCalls('s', 2, ['x'])
    hermes.addToolResult('s', 2.5, 'x', 'found')
    hermes.addMessage('s', 3, { role: 'assistant', content: 'answer' })
  }
  const { reader } = newReader(hermes.path)
  expect(reader.listMessages('s', firstPage(9)).map(({ id }) => id)).toEqual(['s:1', 's:2', 's:4'])
  expect(reader.loadContextMessages('s').map(({ id }) => id)).toEqual(['s:1', 's:2', 's:4'])
})

test('a text that a person has sent twice within a second is shown twice, also after a compaction', () => {
  const hermes = newDb(undefined, 'v22')
  hermes.addSession('s')
  const messages = ['p1', 'p2', 'p3'].map((id) => ({ content: '+1', platform_message_id: id, observed: 1 }))
  for (const message of messages) hermes.addMessage('s', 1_790_000_000, message)
  hermes.addMessage('s', 1_790_000_000, { content: '+1' })
  const { reader } = newReader(hermes.path)
  const listIds = () => reader.listMessages('s', firstPage(9)).map(({ id }) => id)
  expect(listIds()).toEqual(['s:1', 's:2', 's:3'])
  hermes.archiveMessages('s')
  hermes.addMessage('s', 1_790_000_009, { role: 'assistant', content: hermesSummary('S1') })
  for (const message of messages.slice(1)) hermes.addMessage('s', 1_790_000_000, message)
  hermes.addMessage('s', 1_790_000_020, { content: 'later' })
  expect(listIds()).toEqual(['s:1', 's:2', 's:3', 's:5', 's:8'])
})

test.each(['newest', 'compacting', 'v22', 'v7', 'v2'] as const)(
  'rows without content, and contents of another type, are messages of any layout (%s)',
  (layout) => {
    const hermes = newDb(undefined, layout)
    hermes.addSession('s')
    for (const [index, content] of [null, '', 7, Buffer.from([0xff]), '\0json:not JSON', '[{'].entries())
      hermes.addMessage('s', index + 1, { role: index % 2 === 0 ? 'user' : 'assistant', content })
    hermes.addMessage('s', 7, { content: hermesSummary('S1') })
    const { reader } = newReader(hermes.path)
    const messages = reader.listMessages('s', firstPage(9))
    expect(messages).toHaveLength(7)
    expect(messages.map(({ kind }) => kind ?? 'CHAT').join(' ')).toBe('CHAT CHAT CHAT CHAT CHAT CHAT SUMMARY')
    expect(reader.loadContextMessages('s')).toHaveLength(7)
    expect(reader.countMessages(['s'])).toEqual(new Map([['s', 7]]))
  },
)

test('messages of a group that were not meant for the agent are shown, and what it was sent in place of a text is not', () => {
  const hermes = newDb(undefined, 'v22')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { role: 'session_meta', content: null })
  hermes.addMessage('s', 2, { content: '[Anna] Lunch?', observed: 1 })
  hermes.addMessage('s', 3, {
    content: '[Bert] @agent what time is it?',
    api_content: '[Observed] Anna: Lunch? Bert: …',
  })
  const { reader } = newReader(hermes.path)
  const texts = ['[Anna] Lunch?', '[Bert] @agent what time is it?'].map((text) => ({ parts: [{ type: 'text', text }] }))
  expect(reader.listMessages('s', firstPage(9))).toMatchObject(texts)
  expect(reader.loadContextMessages('s')).toMatchObject(texts)
})
