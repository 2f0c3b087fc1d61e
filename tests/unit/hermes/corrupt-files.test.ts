import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { StateDatabase } from '../../../src/hermes/state/state-database.ts'
import type { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, newDb, newStatePath, newReader } from '../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const recovered = "info: Hermes' state.db can be read again."

/** The results of all methods. */
function readEverything(reader: HermesReader): unknown[] {
  return [
    reader.findSessions(['s']),
    reader.listSessions(firstPage(5), {}),
    reader.listSessions(firstPage(5), { ids: ['s'] }),
    [...reader.countMessages(['s'])],
    reader.listMessages('s', firstPage(5)),
    reader.findMessage('s:1') ?? [],
    reader.loadContextMessages('s'),
  ]
}

const emptyResults = [[], [], [], [], [], [], []]

function expectReadable(reader: HermesReader): void {
  for (const result of readEverything(reader)) expect(result).not.toEqual([])
}

/** The bytes of a file with one session and one message, without a WAL. */
function newFileBytes(): Buffer {
  const hermes = new HermesDb(newStatePath(), 'newest', 'delete')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  hermes.close()
  return readFileSync(hermes.path)
}

test('a missing file is no problem, and is read when it appears', () => {
  const path = newStatePath()
  const { reader, log } = newReader(path)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(log).toEqual([expect.stringMatching(/^info: Hermes' state.db does not exist/)])
  writeFileSync(path, newFileBytes())
  expectReadable(reader)
  expect(log.slice(1)).toEqual([recovered])
  rmSync(path)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(log.slice(2)).toEqual([expect.stringMatching(/^info: Hermes' state.db does not exist/)])
})

test('a missing folder is no problem either', () => {
  const { reader, log } = newReader(`${newStatePath()}/hermes/state.db`)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(log).toHaveLength(1)
})

const pageSize = 4096

test.each([
  ['a file that is no database', () => Buffer.from('no database at all, but rather long'.repeat(99)), 'corrupt'],
  ['a corrupt header', (intact: Buffer) => Buffer.concat([Buffer.alloc(100, 7), intact.subarray(100)]), 'corrupt'],
  [
    'corrupt pages',
    (intact: Buffer) => Buffer.concat([intact.subarray(0, pageSize), noise(intact.length - pageSize)]),
    'corrupt',
  ],
  ['a truncated file', (intact: Buffer) => intact.subarray(0, pageSize + 100), 'corrupt'],
  ['an empty file', () => Buffer.alloc(0), 'lacks tables'],
])('%s is logged once, and read again after its repair', (_, corrupt, reason) => {
  const path = newStatePath()
  const intact = newFileBytes()
  writeFileSync(path, corrupt(intact))
  const { reader, log } = newReader(path)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(log).toEqual([expect.stringMatching(new RegExp(`^warn: .*${reason}`))])
  writeFileSync(path, intact)
  expectReadable(reader)
  expect(log.slice(1)).toEqual([recovered])
})

/** Pseudo-random bytes, the same in every run. */
function noise(length: number): Buffer {
  let state = 1
  return Buffer.from(Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 0xff))
}

test('any single page can be corrupt without an exception', () => {
  const path = newStatePath()
  const intact = newFileBytes()
  for (let at = 0; at < intact.length; at += pageSize) {
    const corrupted = Buffer.from(intact)
    noise(pageSize).copy(corrupted, at)
    writeFileSync(path, corrupted)
    const { reader } = newReader(path)
    for (const result of readEverything(reader)) expect(result).toEqual(expect.anything())
  }
})

test('a folder in place of the file is logged', () => {
  const path = newStatePath()
  mkdirSync(path)
  const { reader, log } = newReader(path)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(log).toEqual([expect.stringMatching(/^warn: /)])
})

test.skipIf(process.getuid?.() === 0)('a file without read permission is logged', () => {
  const path = newStatePath()
  writeFileSync(path, newFileBytes(), { mode: 0o000 })
  const { reader, log } = newReader(path)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(log).toEqual([expect.stringMatching(/^warn: .*cannot be opened/)])
  chmodSync(path, 0o600)
  expectReadable(reader)
})

test('one call waits for a lock until the timeout; later calls do not wait until the file is free', () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  const { reader, log } = newReader(hermes.path, 300)
  expectReadable(reader)
  hermes.db.exec('BEGIN EXCLUSIVE')
  const startedAt = performance.now()
  expect(reader.findSessions(['s'])).toEqual([])
  const waitedMs = performance.now() - startedAt
  expect(waitedMs).toBeGreaterThan(290)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(readEverything(reader)).toEqual(emptyResults)
  expect(performance.now() - startedAt - waitedMs).toBeLessThan(290)
  expect(log).toEqual([expect.stringMatching(/^warn: .*locked/)])
  hermes.db.exec('ROLLBACK')
  expectReadable(reader)
  expect(log.slice(1)).toEqual([recovered])
  hermes.db.exec('BEGIN EXCLUSIVE')
  const restartedAt = performance.now()
  expect(reader.findSessions(['s'])).toEqual([])
  expect(performance.now() - restartedAt).toBeGreaterThan(290)
})

test('a file that is locked at the first call is read when it is free', () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  hermes.db.exec('BEGIN EXCLUSIVE')
  const { reader } = newReader(hermes.path, 40)
  expect(readEverything(reader)).toEqual(emptyResults)
  hermes.db.exec('ROLLBACK')
  expectReadable(reader)
})

test('a file that replaces another one is read', () => {
  const path = newStatePath()
  const old = new HermesDb(path)
  old.addSession('old', { started_at: 3 })
  old.addSession('both', { started_at: 2 })
  const { reader, log } = newReader(path)
  expect(reader.listSessions(firstPage(5), {}).map(({ id }) => id)).toEqual(['old', 'both'])
  old.close()
  // As Hermes does: SQLite would use a WAL that is left behind for the new file.
  for (const side of ['-wal', '-shm']) rmSync(path + side)
  const other = new HermesDb(newStatePath())
  other.addSession('new', { started_at: 1 })
  other.addSession('both', { started_at: 4 })
  other.close()
  renameSync(other.path, path)
  expect(reader.listSessions(firstPage(5), {}).map(({ id }) => id)).toEqual(['both', 'new'])
  expect(reader.findSessions(['old', 'new']).map(({ id }) => id)).toEqual(['new'])
  expect(log).toEqual([])
})

test('columns that are added while the file is open are read', () => {
  const hermes = newDb(undefined, 'v2')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'shown' })
  const undone = hermes.addMessage('s', 2, { content: 'undone' })
  const { reader, log } = newReader(hermes.path)
  expect(reader.listSessions(firstPage(5), {})).toMatchObject([{ title: null, lastActivityAt: 2_000 }])
  hermes.db.exec(`
    ALTER TABLE sessions ADD COLUMN title TEXT;
    ALTER TABLE messages ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE messages ADD COLUMN compacted INTEGER NOT NULL DEFAULT 0;
    UPDATE sessions SET title = 'Trees';
    UPDATE messages SET active = 0 WHERE id = ${undone};`)
  expect(reader.listSessions(firstPage(5), {})).toMatchObject([{ title: 'Trees', lastActivityAt: 1_000 }])
  expect(reader.listMessages('s', firstPage(5))).toHaveLength(1)
  expect(log).toEqual([])
})

test('without a table of messages, sessions are still served, and the missing table is logged', () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 3 })
  hermes.addMessage('s', 9)
  hermes.db.exec('ALTER TABLE messages RENAME TO renamed')
  const { reader, log } = newReader(hermes.path)
  expect(reader.listSessions(firstPage(5), {})).toMatchObject([{ id: 's', lastActivityAt: 3_000 }])
  expect(reader.countMessages(['s'])).toEqual(new Map([['s', 0]]))
  expect([reader.listMessages('s', firstPage(5)), reader.loadContextMessages('s'), reader.findMessage('s:1')]).toEqual([
    [],
    [],
    null,
  ])
  expect(log).toEqual([expect.stringMatching(/^warn: .*lacks tables/)])
  hermes.db.exec('ALTER TABLE renamed RENAME TO messages')
  expectReadable(reader)
  expect(log.slice(1)).toEqual([recovered])
})

test('without a table of sessions everything is empty until it is back', () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 3 })
  hermes.addMessage('s', 9)
  hermes.db.exec('PRAGMA foreign_keys = OFF; ALTER TABLE sessions RENAME TO renamed')
  const { reader, log } = newReader(hermes.path)
  expect(readEverything(reader).slice(0, 4)).toEqual(emptyResults.slice(0, 4))
  expect(log).toEqual([expect.stringMatching(/^warn: .*lacks tables/)])
  hermes.db.exec('ALTER TABLE renamed RENAME TO sessions')
  expectReadable(reader)
})

test('a disk I/O error is retried three times, then logged once', () => {
  const hermes = newDb()
  const log = new RecordingLogger()
  const database = new StateDatabase({ path: hermes.path, lockTimeoutMs: 0, log })
  const failFirst = (failureCount: number) => () => {
    if (attempts++ < failureCount) throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_SHMOPEN')
    return 'read'
  }
  let attempts = 0
  expect(database.read('empty', failFirst(3))).toBe('read')
  expect(log.lines).toEqual([])
  for (let i = 0; i < 2; i++) {
    attempts = 0
    expect(database.read('empty', failFirst(9))).toBe('empty')
    expect(attempts).toBe(4)
  }
  expect(log.lines).toEqual([expect.stringMatching(/^warn: .*disk/)])
  database.close()
})
