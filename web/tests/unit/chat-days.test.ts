import { expect, test } from 'vitest'
import type { Conversation } from '../../../client/src/index.ts'
import { toListItems } from '../../src/sidebar/list/to-list-items.ts'

const chat = (id: string, at: Date): Conversation => ({
  id,
  title: id,
  pinned: false,
  archived: false,
  lastActivityAt: at.getTime(),
  attention: 'IDLE',
  attentionSession: null,
  readAt: null,
  segmentCount: 1,
  rootId: id,
  tip: {
    id,
    channel: 'SEGUE',
    origin: 'SEGUE',
    source: 'segue',
    model: null,
    activeStream: null,
    pendingDecisionCount: 0,
  },
})

const read = (others: readonly Conversation[], now: Date): string[] =>
  toListItems(null, { needsPerson: [], pinned: [], others }, now).items.map((item) =>
    item.type === 'heading' ? item.text : item.key,
  )

test('days begin and end at midnight, also those of 23 and 25 hours', () => {
  // In most of Europe, clocks change on 29 March and 25 October 2026; in New York, on 8 March and 1 November.
  for (const [year, month, day] of [
    [2026, 2, 30],
    [2026, 9, 26],
    [2026, 2, 9],
    [2026, 10, 2],
  ] as const) {
    const now = new Date(year, month, day, 12)
    const chats = [
      chat('first today', new Date(year, month, day)),
      chat('last yesterday', new Date(year, month, day - 1, 23, 59, 59)),
      chat('first yesterday', new Date(year, month, day - 1)),
      chat('day before', new Date(year, month, day - 2, 23, 59)),
    ]
    const list = read(chats, now)
    expect(list.slice(0, 5)).toEqual(['Today', 'first today', 'Yesterday', 'last yesterday', 'first yesterday'])
  }
})

test('a time that is ahead of the clock of the page is of today', () => {
  const now = new Date(2026, 5, 10, 23)
  expect(read([chat('a', new Date(2026, 5, 11, 1))], now)).toEqual(['Today', 'a'])
})

test('A chat that is in two sections for a moment is listed once, where it matters most', () => {
  const now = new Date(2026, 10, 29, 12)
  const [asks, other] = [chat('asks', now), chat('other', now)]
  const { items } = toListItems(null, { needsPerson: [asks], pinned: [asks], others: [asks, other] }, now)
  expect(items.map(({ key }) => key).filter((key) => ['asks', 'other'].includes(key))).toEqual(['asks', 'other'])
})

test('a list that goes on has the items that it has when it is read at once, and keeps those that it had', () => {
  const now = new Date(2026, 10, 29, 12)
  const [first, second, third, fourth] = [28, 28, 27, 26].map((day, index) =>
    chat(`${index}`, new Date(2026, 10, day, 10)),
  )
  if (!first || !second || !third || !fourth) throw new Error('A chat is missing.')
  const sections = { needsPerson: [], pinned: [], others: [first, second] }
  const before = toListItems(null, sections, now)
  const all = { ...sections, others: [first, second, third, fourth] }
  const after = toListItems(before, all, now)
  expect(after.items).toEqual(toListItems(null, all, now).items)
  expect(after.items.slice(0, before.items.length).every((item, index) => item === before.items[index])).toBe(true)
  const changed = { ...sections, others: [{ ...first, title: 'Another' }, second] }
  expect(toListItems(after, changed, now).items).toEqual(toListItems(null, changed, now).items)
})
