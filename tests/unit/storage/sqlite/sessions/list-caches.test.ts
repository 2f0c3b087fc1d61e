import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newSession } from '../../../../../src/sessions/new-session.ts'
import type { SessionRecord } from '../../../../../src/model/session.ts'
import { ConversationSettingsTable } from '../../../../../src/storage/sqlite/conversation-settings/conversation-settings-table.ts'
import { insertSession } from '../../../../../src/storage/sqlite/tables/session-table.ts'
import { SegueProfileDatabase } from '../../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteSessionReader } from '../../../../../src/storage/sqlite/sessions/sqlite-session-reader.ts'
import { recordSql } from '../../../../support/storage/record-sql.ts'
import { TestDatabase } from '../../../../support/storage/test-database.ts'

let folder: string
let path: string
let database: SegueProfileDatabase
let reader: SqliteSessionReader

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'segue-session-cache-'))
  path = join(folder, 'segue.db')
  database = new SegueProfileDatabase(path)
  reader = new SqliteSessionReader(database)
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true, force: true })
})

function addSessions(count: number, fields: Partial<SessionRecord> = {}): string[] {
  const sessions = Array.from({ length: count }, (_, index) =>
    newSession({
      ...{ profile: 'default', title: `Chat ${index}`, titleSource: 'PERSON', model: null },
      at: index + 1,
      ...fields,
    }),
  )
  database.transaction(() => sessions.forEach((session) => insertSession(database, session)))
  return sessions.map(({ id }) => id)
}

const page = { after: null, before: null, limit: 100, backwards: false }

/** What a list, and a look-up by id, say of a session. */
async function readSession(id: string) {
  const listed = (await reader.listSessions(page, {})).find((session) => session.id === id)
  const [found] = await reader.findSessions([id])
  return { listed, found }
}

/** Runs SQL on this connection, as all writers of Segue do. */
const write = (sql: string, ...values: unknown[]) =>
  database.transaction(() => void database.prepare(sql).run(...values))

test.each([
  {
    what: 'a new title',
    sql: 'UPDATE sessions SET title = ? WHERE id = ?',
    values: ['New'],
    shown: { listed: { title: 'New' }, found: { title: 'New' } },
  },
  {
    what: 'another message',
    sql: 'UPDATE sessions SET message_count = ? WHERE id = ?',
    values: [7],
    shown: { listed: { listed: { messageCount: 7 } }, found: { title: 'Chat 1' } },
  },
  {
    what: 'a replaced row',
    sql: 'UPDATE OR REPLACE sessions SET head_seq = ? WHERE id = ?',
    values: [5],
    shown: { listed: { headSeq: 5 }, found: { headSeq: 5 } },
  },
  {
    what: 'the archive',
    sql: `INSERT INTO conversation_settings (archived, session_id, title_version, pinned, pinned_version, archived_version)
      VALUES (?, ?, 0, 0, 0, 1)`,
    values: [1],
    shown: { listed: { archived: true, listed: { flags: { archived: true } } }, found: { archived: true } },
  },
])('a session that was read before shows $what at once', async ({ sql, values, shown }) => {
  const [, id = ''] = addSessions(3)
  const before = await readSession(id)
  expect(before.found).toMatchObject({ title: 'Chat 1', headSeq: 0, archived: false })
  write(sql, ...values, id)
  expect(await readSession(id)).toMatchObject(shown)
  // The record that was read before stays as it was.
  expect(before.found).toMatchObject({ title: 'Chat 1', headSeq: 0, archived: false })
})

test('a conversation that was listed before shows a new message, and what a person sets, at once', async () => {
  const [, id = ''] = addSessions(2)
  write('UPDATE sessions SET message_count = 1')
  const listConversations = async () => (await reader.listConversations(page, {})).conversations
  const [before] = await listConversations()
  expect(before).toMatchObject({ rootId: id, lastActivityAt: 2, pinned: false })
  write('UPDATE sessions SET last_activity_at = ? WHERE id = ?', 3, id)
  expect(await listConversations()).toMatchObject([{ rootId: id, lastActivityAt: 3, pinned: false }, {}])
  database.transaction(() =>
    new ConversationSettingsTable(database).update({ sessionIds: [id], patch: { pinned: true, title: 'Owls' } }),
  )
  expect(await listConversations()).toMatchObject([{ rootId: id, pinned: true, givenTitle: 'Owls' }, {}])
  write('DELETE FROM sessions WHERE id = ?', id)
  expect(await listConversations()).toHaveLength(1)
  expect(before).toMatchObject({ lastActivityAt: 2, pinned: false })
})

test('a session that is deleted is not found any more', async () => {
  const [id = ''] = addSessions(3)
  await readSession(id)
  write('DELETE FROM sessions WHERE id = ?', id)
  expect(await readSession(id)).toEqual({ listed: undefined, found: undefined })
})

test('a change that is rolled back is not shown', async () => {
  const [id = ''] = addSessions(3)
  await readSession(id)
  const fail = () =>
    database.transaction(() => {
      database.prepare('UPDATE sessions SET title = ? WHERE id = ?').run('Never', id)
      throw new Error('No.')
    })
  expect(fail).toThrow('No.')
  expect(await readSession(id)).toMatchObject({ listed: { title: 'Chat 0' }, found: { title: 'Chat 0' } })
})

test('a change by another connection is shown at once', async () => {
  const [id = ''] = addSessions(3)
  await readSession(id)
  using other = new TestDatabase(path)
  other.run('UPDATE sessions SET title = ? WHERE id = ?', 'From elsewhere', id)
  expect(await readSession(id)).toMatchObject({
    listed: { title: 'From elsewhere' },
    found: { title: 'From elsewhere' },
  })
})

test('a page of sessions that have not changed reads none of their rows', async () => {
  database.close()
  const statements = recordSql()
  database = new SegueProfileDatabase(path)
  reader = new SqliteSessionReader(database)
  const [first = ''] = addSessions(100)
  await reader.listSessions(page, {})
  const readPage = async (): Promise<string[]> => {
    statements.length = 0
    expect(await reader.listSessions(page, {})).toHaveLength(100)
    return statements.map(({ sql }) => sql).filter((sql) => sql.includes('FROM sessions'))
  }
  expect(await readPage()).toEqual([])
  write('UPDATE sessions SET title = ? WHERE id = ?', 'New', first)
  expect(await readPage()).toEqual([expect.stringContaining(`json_each('["${first}`)])
})

test('the cache keeps at most 2,048 sessions, and none with more than 4,096 characters', async () => {
  addSessions(3000)
  for (let read = 0, after = null; read < 3000; read += 1000) {
    const sessions = await reader.listSessions({ ...page, limit: 1000, after }, {})
    after = sessions.at(-1) ?? null
  }
  const { size } = database.listCaches.sessions
  expect(size).toBeGreaterThan(1000)
  expect(size).toBeLessThanOrEqual(2048)
  const [long = ''] = addSessions(1, { instructions: 'x'.repeat(4096), lastActivityAt: 9000 })
  await reader.findSessions([long])
  expect(database.listCaches.sessions.size).toBe(size)
  expect(await reader.findSessions([long])).toMatchObject([{ id: long }])
})
