import { expect, test } from 'vitest'
import type { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import type { SessionFilter, SessionSortKey } from '../../../src/model/session-filter.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, lastPage, newDb, newReader } from '../../support/hermes/hermes-fixtures.ts'

function ids(rows: readonly { id: string }[]): string[] {
  return rows.map(({ id }) => id)
}

/** The ids on all pages of a size, each page read from the cursor of the last row. */
function readPages(reader: HermesReader, size: number, backwards: boolean, filter: SessionFilter = {}): string[][] {
  const pages: string[][] = []
  let key: SessionSortKey | null = null
  for (;;) {
    const rows = reader.listSessions(backwards ? lastPage(size, key) : firstPage(size, key), filter)
    const end = backwards ? rows[0] : rows.at(-1)
    if (!end) return pages
    pages.push(ids(rows))
    key = { lastActivityAt: end.lastActivityAt, id: end.id }
  }
}

/** Adds sessions with equal activity times, and ids whose UTF-8 and UTF-16 orders differ. Returns the expected order. */
function addTies(hermes: HermesDb): string[] {
  const names = ['b', 'a', 'B', 'ab', 'é', 'z', '\u{1f331}', '\uff5e', '10', '9']
  hermes.transaction(() => {
    for (const at of [1, 2, 3]) for (const name of names) hermes.addMessage(hermes.addSession(`${name}${at}`), at)
  })
  const rows = hermes.db
    .prepare<[], { id: string }>('SELECT session_id AS id FROM messages ORDER BY timestamp DESC, session_id DESC')
    .all()
  return ids(rows)
}

test.each([1, 3, 7, 500])(
  'pages of %d contain every session once, in both directions, although many have the same time',
  (size) => {
    const hermes = newDb()
    const order = addTies(hermes)
    const { reader } = newReader(hermes.path)
    expect(readPages(reader, size, false).flat()).toEqual(order)
    expect(readPages(reader, size, true).reverse().flat()).toEqual(order)
  },
)

test('a page between two keys contains neither of them', () => {
  const hermes = newDb()
  for (let i = 1; i <= 9; i++) hermes.addSession(`s${i}`, { started_at: i })
  const { reader } = newReader(hermes.path)
  const key = (i: number): SessionSortKey => ({ lastActivityAt: i * 1000, id: `s${i}` })
  const between = { after: key(8), before: key(3) }
  expect(ids(reader.listSessions({ ...between, limit: 9, backwards: false }, {}))).toEqual(['s7', 's6', 's5', 's4'])
  expect(ids(reader.listSessions({ ...between, limit: 2, backwards: true }, {}))).toEqual(['s5', 's4'])
  const some = { ids: ['s1', 's4', 's6', 's8', 's9', 'nobody', 's4'] }
  expect(ids(reader.listSessions({ ...between, limit: 9, backwards: false }, some))).toEqual(['s6', 's4'])
  expect(ids(reader.listSessions({ ...between, limit: 1, backwards: true }, some))).toEqual(['s4'])
  expect(reader.listSessions(firstPage(0), {})).toEqual([])
})

test('sessions are filtered by channel, archived, pinned and id', () => {
  const hermes = newDb()
  hermes.addSession('terminal', { source: 'cli', started_at: 4 })
  hermes.addSession('chat', { source: 'telegram', started_at: 3, pinned: 1 })
  hermes.addSession('other chat', { source: 'discord', started_at: 2, archived: 1 })
  hermes.addSession('job', { source: 'cron', started_at: 1 })
  const { reader } = newReader(hermes.path)
  const listed = (filter: SessionFilter): string[] => ids(reader.listSessions(firstPage(9), filter))
  expect(listed({})).toEqual(['terminal', 'chat', 'other chat', 'job'])
  expect(listed({ channels: ['MESSAGING'] })).toEqual(['chat', 'other chat'])
  expect(listed({ channels: ['CRON', 'CLI'] })).toEqual(['terminal', 'job'])
  expect(listed({ channels: [] })).toEqual([])
  expect(listed({ archived: true })).toEqual(['other chat'])
  expect(listed({ archived: false })).toEqual(['terminal', 'chat', 'job'])
  expect(listed({ pinned: true })).toEqual(['chat'])
  expect(listed({ pinned: false, channels: ['MESSAGING'] })).toEqual(['other chat'])
  expect(listed({ ids: ['job', 'chat', 'nobody'] })).toEqual(['chat', 'job'])
  expect(listed({ ids: ['job', 'chat'], pinned: true })).toEqual(['chat'])
  expect(listed({ ids: [] })).toEqual([])
})

test('the pages of a rare channel are full', () => {
  const hermes = newDb()
  hermes.transaction(() => {
    for (let i = 0; i < 2500; i++)
      hermes.addSession(`s${i}`, { started_at: i + 1, source: i % 400 === 0 ? 'webui' : 'cli' })
  })
  const { reader } = newReader(hermes.path)
  const rare = ['s2400', 's2000', 's1600', 's1200', 's800', 's400', 's0']
  expect(readPages(reader, 3, false, { channels: ['WEB'] }).flat()).toEqual(rare)
  expect(
    readPages(reader, 3, true, { channels: ['WEB'] })
      .reverse()
      .flat(),
  ).toEqual(rare)
})

test('new sessions and messages are on the next page that is read', () => {
  const hermes = newDb()
  hermes.addSession('a', { started_at: 1 })
  hermes.addSession('b', { started_at: 2 })
  const { reader } = newReader(hermes.path)
  const listed = (): string[] => ids(reader.listSessions(firstPage(9), {}))
  expect(listed()).toEqual(['b', 'a'])
  hermes.addMessage('a', 3)
  expect(ids(reader.listSessions(firstPage(1), {}))).toEqual(['a'])
  expect(listed()).toEqual(['a', 'b'])
  hermes.addSession('c', { started_at: 4 })
  expect(listed()).toEqual(['c', 'a', 'b'])
  hermes.transaction(() => {
    hermes.addSession('d', { started_at: 5 })
    hermes.addMessage('d', 6)
    hermes.addMessage('b', 7)
  })
  expect(listed()).toEqual(['b', 'd', 'c', 'a'])
})

test('more changes than one batch contains are all found', () => {
  const hermes = newDb()
  for (const id of ['a', 'b', 'c']) hermes.addSession(id)
  const { reader } = newReader(hermes.path)
  reader.listSessions(firstPage(9), {})
  hermes.transaction(() => {
    for (let i = 0; i < 1300; i++) hermes.addMessage(i === 1299 ? 'a' : 'c', 100 + i)
    for (let i = 0; i < 1100; i++) hermes.addSession(`new${i}`, { started_at: 5000 + i })
  })
  expect(ids(reader.listSessions(firstPage(1), {}))).toEqual(['new1099'])
  expect(ids(reader.listSessions(lastPage(4), {}))).toEqual(['new0', 'a', 'c', 'b'])
})

test('a session moves back when its newest messages are undone or deleted', () => {
  const hermes = newDb()
  for (const [i, id] of ['a', 'b', 'c', 'd'].entries()) {
    hermes.addSession(id, { started_at: i + 1 })
    hermes.addMessage(id, 10 + i)
  }
  const newest = hermes.addMessage('a', 20)
  hermes.addMessage('d', 30)
  const { reader } = newReader(hermes.path)
  const listed = (): string[] => ids(reader.listSessions(firstPage(9), {}))
  expect(listed()).toEqual(['d', 'a', 'c', 'b'])
  hermes.db.prepare('UPDATE messages SET active = 0 WHERE id = ?').run(newest)
  expect(ids(reader.listSessions(lastPage(9), {}))).toEqual(['d', 'c', 'b', 'a'])
  expect(listed()).toEqual(['d', 'c', 'b', 'a'])
  hermes.db.exec(`DELETE FROM messages WHERE session_id = 'd'`)
  expect(listed()).toEqual(['c', 'b', 'a', 'd'])
  expect(ids(reader.listSessions(lastPage(2), {}))).toEqual(['a', 'd'])
})

test('deleted sessions disappear without making a page shorter', () => {
  const hermes = newDb()
  for (let i = 1; i <= 9; i++) hermes.addSession(`s${i}`, { started_at: i })
  const { reader } = newReader(hermes.path)
  expect(ids(reader.listSessions(firstPage(3), {}))).toEqual(['s9', 's8', 's7'])
  hermes.db.exec(`DELETE FROM sessions WHERE id IN ('s8', 's7')`)
  expect(ids(reader.listSessions(firstPage(3), {}))).toEqual(['s9', 's6', 's5'])
  hermes.db.exec(`DELETE FROM sessions WHERE id = 's9'`)
  hermes.addSession('new', { started_at: 1.5 })
  expect(ids(reader.listSessions(firstPage(9), {}))).toEqual(['s6', 's5', 's4', 's3', 's2', 'new', 's1'])
})

test('sessions with new rowids after a VACUUM are listed', () => {
  const hermes = newDb()
  for (let i = 1; i <= 9; i++) hermes.addSession(`s${i}`, { started_at: i })
  const { reader } = newReader(hermes.path)
  reader.listSessions(firstPage(1), {})
  hermes.db.exec(`DELETE FROM sessions WHERE id IN ('s1', 's2', 's3')`)
  hermes.db.exec('VACUUM')
  for (let i = 10; i <= 15; i++) hermes.addSession(`s${i}`, { started_at: i })
  expect(ids(reader.listSessions(firstPage(99), {}))).toEqual(
    [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4].map((i) => `s${i}`),
  )
})

test('paging returns every session that exists all the time, while others come and go', () => {
  const hermes = newDb()
  hermes.transaction(() => {
    for (let i = 0; i < 60; i++) hermes.addSession(`s${i}`, { started_at: 100 + (i % 7) })
  })
  const { reader } = newReader(hermes.path)
  for (const backwards of [false, true]) {
    const listed: string[] = []
    let key: SessionSortKey | null = null
    for (let step = 0; ; step++) {
      const rows = reader.listSessions(backwards ? lastPage(5, key) : firstPage(5, key), {})
      const end = backwards ? rows[0] : rows.at(-1)
      if (!end) break
      listed.push(...ids(rows))
      key = end
      hermes.addSession(`${backwards ? 'late' : 'new'}${step}`, { started_at: backwards ? 1 : 1000 + step })
      if (step % 3 === 0) hermes.db.prepare('DELETE FROM sessions WHERE id = ?').run(listed[0])
    }
    const remaining = hermes.db.prepare<[], { id: string }>(`SELECT id FROM sessions WHERE id LIKE 's%'`).all()
    expect(new Set(listed)).toEqual(expect.objectContaining({ size: listed.length }))
    expect(ids(remaining).filter((id) => !listed.includes(id))).toEqual([])
  }
})

test('a file without a WAL is followed as well', () => {
  const hermes = newDb(undefined, 'v7', 'delete')
  hermes.addSession('a', { started_at: 1 })
  const { reader } = newReader(hermes.path)
  expect(ids(reader.listSessions(firstPage(9), {}))).toEqual(['a'])
  hermes.addSession('b', { started_at: 2 })
  expect(ids(reader.listSessions(firstPage(9), {}))).toEqual(['b', 'a'])
  hermes.addMessage('a', 3)
  expect(ids(reader.listSessions(firstPage(9), {}))).toEqual(['a', 'b'])
})
