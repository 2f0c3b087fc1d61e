import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import type { ConversationChange } from '../../../../src/storage/sessions/conversation-reader.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { migrations } from '../../../../src/storage/sqlite/database/migrations.ts'
import { SqliteSessionReader } from '../../../../src/storage/sqlite/sessions/sqlite-session-reader.ts'
import { type SqlConnection, StatementCache } from '../../../../src/storage/sqlite/database/statement-cache.ts'
import { newHome, newTempFolder } from '../../../support/server/segue.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'

function newPath(createFolder = newHome): string {
  const folder = createFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'segue.db')
}

/** A profile's database and its lists. */
function open(path: string) {
  const database = new SegueProfileDatabase(path)
  onTestFinished(() => database.close())
  const sessions = new SqliteSessionReader(database)
  const all = { after: null, before: null, limit: 1001, backwards: false }
  return {
    database,
    sessions,
    list: async () => {
      const { conversations: entries } = await sessions.listConversations(all, {})
      return entries.map(({ rootId, tipId, segmentCount }) => `${rootId} > ${tipId} (${segmentCount})`)
    },
    listSessions: async () => (await sessions.listSessions(all, {})).map(({ id }) => id),
  }
}

/** Inserts a session with a message that ended in a compression. */
function insert(db: SqlConnection, id: string, at: number, parent: string | null = null): void {
  db.prepare(
    `INSERT INTO sessions (id, source, parent_session_id, started_at, end_reason, last_activity_at, message_count, usage)
     VALUES (?, 'segue', ?, ?, 'compression', ?, 1, '{}')`,
  ).run(id, parent, at, at)
}

test('a database without an index is indexed when it is opened', async () => {
  const path = newPath(newTempFolder)
  const old = new Database(path)
  old.exec(migrations[0] ?? '')
  old.pragma('user_version = 1')
  const writes = new StatementCache(old)
  insert(writes, 'b', 2, 'a')
  insert(writes, 'a', 1)
  insert(writes, 'c', 3)
  old.close()
  const { list, listSessions } = open(path)
  expect(await list()).toEqual(['c > c (1)', 'a > b (2)'])
  expect(await listSessions()).toEqual(['c', 'b', 'a'])
})

test('a list shows what other connections have written', async () => {
  const path = newPath()
  const { database, list } = open(path)
  database.transaction(() => insert(database, 'a', 1))
  const other = new Database(path)
  onTestFinished(() => void other.close())
  const writes = new StatementCache(other)
  insert(writes, 'b', 2, 'a')
  insert(writes, 'c', 3, 'b')
  expect(await list()).toEqual(['a > c (3)'])
  other.exec("UPDATE sessions SET last_activity_at = 9 WHERE id = 'b'")
  expect(await list()).toEqual(['a > b (3)'])
  other.exec("UPDATE sessions SET end_reason = NULL WHERE id = 'b'")
  expect(await list()).toEqual(['a > b (2)', 'c > c (1)'])
  other.exec("DELETE FROM sessions WHERE id = 'a'")
  expect(await list()).toEqual(['b > b (1)', 'c > c (1)'])
  other.exec("UPDATE sessions SET message_count = 0 WHERE id = 'b'")
  expect(await list()).toEqual(['c > c (1)'])
})

test('a failed write does not change the index', async () => {
  const { database, list } = open(newPath())
  database.transaction(() => insert(database, 'a', 1))
  const failing = () =>
    database.transaction(() => {
      insert(database, 'b', 2)
      throw new Error('the disk is full')
    })
  expect(failing).toThrow('the disk is full')
  expect(await list()).toEqual(['a > a (1)'])
})

test('a nested write is indexed with the outer one', async () => {
  const { database, list } = open(newPath())
  database.transaction(() => {
    insert(database, 'a', 1)
    database.transaction(() => insert(database, 'b', 2))
  })
  expect(await list()).toEqual(['b > b (1)', 'a > a (1)'])
})

test('a conversation of very many sessions that loses its root names the one to go on with, also if the others are empty', async () => {
  const { database, sessions } = open(newPath())
  const changes: ConversationChange[] = []
  sessions.onConversationsChanged((changed) => changes.push(...(changed ?? [])))
  database.transaction(() => {
    insert(database, 'root', 1)
    for (let index = 0; index < 300; index += 1) insert(database, `c${String(index).padStart(3, '0')}`, 2, 'root')
    database.prepare("UPDATE sessions SET message_count = 0 WHERE id > 'c000' AND id < 'd'").run()
  })
  const counted = () => database.prepare<[], { n: number }>('SELECT count(*) AS n FROM conversations').get()?.n ?? 0
  while (!changes.some(({ after }) => after === 'thisSource') || counted() !== 1) await yieldToEventLoop()
  await sessions.refresh()
  changes.length = 0
  database.transaction(() => database.prepare('DELETE FROM sessions WHERE id = ?').run('root'))
  while (counted() !== 300) await yieldToEventLoop()
  const removed = { rootId: 'root', before: 'thisSource', after: null, successorId: 'c000' }
  expect(changes.filter(({ rootId, after }) => rootId === 'root' && after === null)).toEqual([removed])
})

test('very many sessions that change their conversation are processed in batches, and completely', async () => {
  const path = newPath()
  const { database, list } = open(path)
  const child = (index: number): string => `c${String(index).padStart(3, '0')}`
  database.transaction(() => {
    insert(database, 'root', 1)
    for (let i = 0; i < 900; i++) insert(database, child(i), 2 + i, 'root')
  })
  const counted = () => database.prepare<[], { n: number }>('SELECT count(*) AS n FROM conversations').get()?.n ?? 0
  while (counted() !== 1 || (await list())[0] !== `root > ${child(899)} (901)`) await yieldToEventLoop()
  database.transaction(() => database.prepare('DELETE FROM sessions WHERE id = ?').run('root'))
  const counts = [counted()]
  while (counted() !== 900) {
    await yieldToEventLoop()
    if (counted() !== counts.at(-1)) counts.push(counted())
  }
  expect(counts.length).toBeGreaterThan(5)
  // Closing before all batches are processed loses nothing.
  insert(database, 'root', 1)
  database.close()
  expect(await open(path).list()).toEqual([`root > ${child(899)} (901)`])
})
