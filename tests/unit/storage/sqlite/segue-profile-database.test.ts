import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newSession } from '../../../../src/sessions/new-session.ts'
import { DatabaseTooNewError, DatabaseUnusableError, StorageError } from '../../../../src/storage/errors.ts'
import { migrations } from '../../../../src/storage/sqlite/database/migrations.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { ReadOnlySegueDatabase } from '../../../../src/storage/sqlite/search/read-only-segue-database.ts'
import { SqliteEventStore } from '../../../../src/storage/sqlite/sqlite-event-store.ts'
import { SqliteSessionReader } from '../../../../src/storage/sqlite/sessions/sqlite-session-reader.ts'
import { newTempFolder } from '../../../support/server/segue.ts'
import { newTextMessage } from '../../../support/search/search-fixture.ts'

const page = { after: null, before: null, limit: 1_000, backwards: false }

let folder: string
let path: string

beforeEach(() => {
  folder = newTempFolder()
  path = join(folder, 'segue.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function addSessions(database: SegueProfileDatabase, count: number): Promise<void> {
  const store = new SqliteEventStore(database)
  for (let at = 1; at <= count; at += 1) {
    const session = newSession({ profile: 'default', title: null, titleSource: null, model: null, at })
    await store.createSession({ session, messages: [newTextMessage(session.id, 'Hello', 2)] })
  }
}

/** A database whose sessions must all be indexed again, as after a migration. */
async function createDatabaseWithPendingSessions(count: number): Promise<void> {
  const database = new SegueProfileDatabase(path)
  await addSessions(database, count)
  database.close()
  const connection = new Database(path)
  connection.exec('DELETE FROM conversations; DELETE FROM conversation_sessions')
  connection.exec('INSERT INTO pending_sessions SELECT id FROM sessions')
  connection.close()
}

describe('opening a database with much to index', () => {
  test('does not wait for it: the event loop continues, and lists are complete', async () => {
    await createDatabaseWithPendingSessions(450)
    const database = new SegueProfileDatabase(path)
    const countPending = () =>
      database.prepare<[], { count: number }>('SELECT count(*) AS count FROM pending_sessions').get()?.count
    expect(countPending()).toBe(450)
    const remaining = new Set<number | undefined>()
    const listing = new SqliteSessionReader(database).listConversations(page, {})
    while (countPending() !== 0) {
      remaining.add(countPending())
      await setImmediate()
    }
    expect(remaining.size).toBeGreaterThan(1)
    expect((await listing).conversations).toHaveLength(450)
    database.close()
  })
})

describe('a list that is read while another process writes', () => {
  test('is as of the last refresh, instead of an error', async () => {
    const database = new SegueProfileDatabase(path)
    await addSessions(database, 2)
    const other = new Database(path)
    other.exec('INSERT INTO pending_sessions SELECT id FROM sessions')
    other.exec('BEGIN IMMEDIATE')
    const reader = new SqliteSessionReader(database)
    expect((await reader.listConversations(page, {})).conversations).toHaveLength(2)
    expect(await reader.listSessions(page, {})).toHaveLength(2)
    await expect(reader.refresh()).rejects.toMatchObject({ name: 'StorageError', failure: 'BUSY' })
    other.close()
    await expect(reader.refresh()).resolves.toBeUndefined()
    database.close()
  })
})

describe('the search connection', () => {
  test('opens once the database exists and has the current schema', () => {
    const reader = new ReadOnlySegueDatabase(path)
    expect(reader.tryOpen()).toBe(false)
    const older = new Database(path)
    for (const sql of migrations.slice(0, 5)) older.exec(sql)
    older.pragma('user_version = 5')
    older.close()
    expect(reader.tryOpen()).toBe(false)
    new SegueProfileDatabase(path).close()
    expect(reader.tryOpen()).toBe(true)
    reader.close()
  })
})

describe('an error of the engine', () => {
  test('is mapped where a statement is prepared, run, read or committed', () => {
    const database = new SegueProfileDatabase(path)
    database.transaction(() => undefined)
    expect(() => database.prepare('SELECT nothing FROM nowhere')).toThrow(StorageError)
    const insert = database.prepare("INSERT INTO approval_rules VALUES ('rul_1', 'ses_unknown', 'look', '', 0, NULL)")
    expect(() => database.transaction(() => insert.run())).toThrow(expect.objectContaining({ failure: 'CONSTRAINT' }))
    const invalid = database.prepare("SELECT json_extract('{', '$') FROM (SELECT 1)")
    expect(() => invalid.get()).toThrow(StorageError)
    expect(() => invalid.all()).toThrow(StorageError)
    expect(() => [...invalid.iterate()]).toThrow(StorageError)
    database.close()
  })

  test('is a DatabaseUnusableError while the file is opened, which stays as it is', () => {
    const other = new Database(path)
    other.pragma('user_version = 999')
    other.close()
    expect(() => new SegueProfileDatabase(path)).toThrow(DatabaseTooNewError)
    expect(() => new SegueProfileDatabase(folder)).toThrow(DatabaseUnusableError)
  })
})
