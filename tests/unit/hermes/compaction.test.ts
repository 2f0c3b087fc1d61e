import { expect, test } from 'vitest'
import type { HermesDb, HermesRow } from '../../support/hermes/hermes-db.ts'
import { firstPage, lastPage, newDb, newReader } from '../../support/hermes/reading.ts'

/** The two ways to tell that a row is a copy of another one: its place in the display, or what it says. */
const layouts = ['newest', 'compacting'] as const

/** A session as an in-place compaction leaves it: everything archived, then a summary and copies of the tail. */
function compacted(hermes: HermesDb): void {
  const displayed = 'display_order' in hermes.db.prepare('SELECT * FROM messages').columns().reduce(byName, {})
  const place = (order: number): HermesRow => (displayed ? { display_order: order } : {})
  const archived = { active: 0, compacted: 1 }
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'first question', ...archived, ...place(1) })
  hermes.addMessage('s', 2, { role: 'assistant', content: 'first answer', ...archived, ...place(2) })
  hermes.addMessage('s', 3, { content: 'tail', ...archived, ...place(3) })
  hermes.addToolCalls('s', 4, ['x'], { ...archived, ...place(4) })
  hermes.addToolResult('s', 5, 'x', 'found', { ...archived, ...place(5) })
  hermes.addMessage('s', 9, { content: 'summary', _compressed_summary: 1, ...place(6) })
  hermes.addMessage('s', 3, { content: 'tail', ...place(3) })
  hermes.addToolCalls('s', 4, ['x'], place(4))
  hermes.addToolResult('s', 5, 'x', 'found', place(5))
  hermes.addMessage('s', 10, { content: 'second question', ...place(10) })
}

function byName(columns: HermesRow, { name }: { name: string }): HermesRow {
  return { ...columns, [name]: null }
}

test.each(layouts)('after a compaction in place every message is shown once, in its first place (%s)', (layout) => {
  const hermes = newDb(undefined, layout)
  compacted(hermes)
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
})

test.each(layouts)('a compaction does not rename what was there before it (%s)', (layout) => {
  const hermes = newDb(undefined, layout)
  const place = (order: number): HermesRow => (layout === 'newest' ? { display_order: order } : {})
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'kept', ...place(1) })
  const { reader } = newReader(hermes.path)
  const before = reader.listMessages('s', firstPage(9))
  hermes.db.exec('UPDATE messages SET active = 0, compacted = 1')
  hermes.addMessage('s', 1, { content: 'kept', ...place(1) })
  expect(reader.listMessages('s', firstPage(9))).toEqual(before)
})

test.each(layouts)('the context after a compaction is what is live, by row (%s)', (layout) => {
  const hermes = newDb(undefined, layout)
  compacted(hermes)
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

test('of a display group the live row is shown, else the newest', () => {
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

test('one row without a place puts the whole session in the order of its rows', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'one', display_order: 9 })
  hermes.addMessage('s', 2, { content: 'two', display_order: null })
  hermes.addMessage('s', 2, { content: 'taken back', display_order: null, active: 0 })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(9))).toMatchObject([
    { position: 1 },
    { position: 2 },
  ])
})

test('several compactions leave one of each message', () => {
  const hermes = newDb(undefined, 'compacting')
  hermes.addSession('s')
  for (let i = 0; i < 3; i++) hermes.addMessage('s', 1, { content: 'kept', active: 0, compacted: 1 })
  hermes.addMessage('s', 1, { content: 'kept' })
  expect(newReader(hermes.path).reader.listMessages('s', firstPage(9))).toMatchObject([{ id: 's:1' }])
})

test('rows that differ in anything, or were never archived, are all shown', () => {
  const hermes = newDb(undefined, 'compacting')
  hermes.addSession('s')
  const archived = { active: 0, compacted: 1 }
  hermes.addMessage('s', 1, { content: 'same', ...archived })
  hermes.addMessage('s', 2, { content: 'same' })
  hermes.addMessage('s', 1, { content: 'other' })
  hermes.addMessage('s', 1, { content: 'same', role: 'assistant' })
  hermes.addMessage('s', 7, { content: 'twice' })
  hermes.addMessage('s', 7, { content: 'twice' })
  hermes.addMessage('s', 7, { content: 'something else', ...archived })
  expect(newReader(hermes.path).reader.countMessages(['s'])).toEqual(new Map([['s', 7]]))
})
