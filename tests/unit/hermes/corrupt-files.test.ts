import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { StateDatabase } from '../../../src/hermes/state/state-database.ts'
import type { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, newDb, newStatePath, newReader } from '../../support/hermes/reading.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const recovered = "info: Hermes' state.db can be read again."

/** What every method answers, in one value. */
function everything(reader: HermesReader): unknown[] {
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

const nothing = [[], [], [], [], [], [], []]

function expectWell(reader: HermesReader): void {
  for (const answer of everything(reader)) expect(answer).not.toEqual([])
}

/** The bytes of a file with a session and a message, without a WAL. */
function wellBytes(): Buffer {
  const hermes = new HermesDb(newStatePath(), 'newest', 'delete')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  hermes.close()
  return readFileSync(hermes.path)
}

test('a file that is not there is no fault, and is read when it appears', () => {
  const path = newStatePath()
  const { reader, log } = newReader(path)
  expect(everything(reader)).toEqual(nothing)
  expect(log).toEqual([expect.stringMatching(/^info: Hermes' state.db does not exist/)])
  writeFileSync(path, wellBytes())
  expectWell(reader)
  expect(log.slice(1)).toEqual([recovered])
  rmSync(path)
  expect(everything(reader)).toEqual(nothing)
  expect(log.slice(2)).toEqual([expect.stringMatching(/^info: Hermes' state.db does not exist/)])
})

test('a directory that is not there is no fault either', () => {
  const { reader, log } = newReader(`${newStatePath()}/hermes/state.db`)
  expect(everything(reader)).toEqual(nothing)
  expect(log).toHaveLength(1)
})

const page = 4096

test.each([
  ['a file that is no database', () => Buffer.from('no database at all, but rather long'.repeat(99)), 'corrupt'],
  ['a damaged header', (well: Buffer) => Buffer.concat([Buffer.alloc(100, 7), well.subarray(100)]), 'corrupt'],
  ['damaged pages', (well: Buffer) => Buffer.concat([well.subarray(0, page), noise(well.length - page)]), 'corrupt'],
  ['a file cut short', (well: Buffer) => well.subarray(0, page + 100), 'corrupt'],
  ['an empty file', () => Buffer.alloc(0), 'lacks tables'],
])('%s is warned of once, and read again once it is well', (_, spoil, told) => {
  const path = newStatePath()
  const well = wellBytes()
  writeFileSync(path, spoil(well))
  const { reader, log } = newReader(path)
  expect(everything(reader)).toEqual(nothing)
  expect(everything(reader)).toEqual(nothing)
  expect(log).toEqual([expect.stringMatching(new RegExp(`^warn: .*${told}`))])
  writeFileSync(path, well)
  expectWell(reader)
  expect(log.slice(1)).toEqual([recovered])
})

/** Bytes that look random and are the same in every run. */
function noise(length: number): Buffer {
  let state = 1
  return Buffer.from(Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 0xff))
}

test('any single page may be damaged without an error', () => {
  const path = newStatePath()
  const well = wellBytes()
  for (let at = 0; at < well.length; at += page) {
    const spoilt = Buffer.from(well)
    noise(page).copy(spoilt, at)
    writeFileSync(path, spoilt)
    const { reader } = newReader(path)
    for (const answer of everything(reader)) expect(answer).toEqual(expect.anything())
  }
})

test('a directory in the place of the file is warned of', () => {
  const path = newStatePath()
  mkdirSync(path)
  const { reader, log } = newReader(path)
  expect(everything(reader)).toEqual(nothing)
  expect(log).toEqual([expect.stringMatching(/^warn: /)])
})

test.skipIf(process.getuid?.() === 0)('a file that may not be read is warned of', () => {
  const path = newStatePath()
  writeFileSync(path, wellBytes(), { mode: 0o000 })
  const { reader, log } = newReader(path)
  expect(everything(reader)).toEqual(nothing)
  expect(log).toEqual([expect.stringMatching(/^warn: .*cannot be opened/)])
  chmodSync(path, 0o600)
  expectWell(reader)
})

test('a lock is waited for, and then nobody waits until the file is free', () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  const { reader, log } = newReader(hermes.path, 300)
  expectWell(reader)
  hermes.db.exec('BEGIN EXCLUSIVE')
  const started = performance.now()
  expect(reader.findSessions(['s'])).toEqual([])
  const waited = performance.now() - started
  expect(waited).toBeGreaterThan(290)
  expect(everything(reader)).toEqual(nothing)
  expect(everything(reader)).toEqual(nothing)
  expect(performance.now() - started - waited).toBeLessThan(290)
  expect(log).toEqual([expect.stringMatching(/^warn: .*locked/)])
  hermes.db.exec('ROLLBACK')
  expectWell(reader)
  expect(log.slice(1)).toEqual([recovered])
  hermes.db.exec('BEGIN EXCLUSIVE')
  const second = performance.now()
  expect(reader.findSessions(['s'])).toEqual([])
  expect(performance.now() - second).toBeGreaterThan(290)
})

test('a file that is locked from the start is read when it is free', () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  hermes.db.exec('BEGIN EXCLUSIVE')
  const { reader } = newReader(hermes.path, 40)
  expect(everything(reader)).toEqual(nothing)
  hermes.db.exec('ROLLBACK')
  expectWell(reader)
})

test('a file that was replaced is read anew', () => {
  const path = newStatePath()
  const old = new HermesDb(path)
  old.addSession('old', { started_at: 3 })
  old.addSession('both', { started_at: 2 })
  const { reader, log } = newReader(path)
  expect(reader.listSessions(firstPage(5), {}).map(({ id }) => id)).toEqual(['old', 'both'])
  old.close()
  // What Hermes does, too: a WAL that stays behind would be taken for the new file's.
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
  const undone = hermes.addMessage('s', 2, { content: 'taken back' })
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

test('without messages the sessions are served, and the gap is warned of', () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 3 })
  hermes.addMessage('s', 9)
  hermes.db.exec('ALTER TABLE messages RENAME TO elsewhere')
  const { reader, log } = newReader(hermes.path)
  expect(reader.listSessions(firstPage(5), {})).toMatchObject([{ id: 's', lastActivityAt: 3_000 }])
  expect(reader.countMessages(['s'])).toEqual(new Map([['s', 0]]))
  expect([reader.listMessages('s', firstPage(5)), reader.loadContextMessages('s'), reader.findMessage('s:1')]).toEqual([
    [],
    [],
    null,
  ])
  expect(log).toEqual([expect.stringMatching(/^warn: .*lacks tables/)])
  hermes.db.exec('ALTER TABLE elsewhere RENAME TO messages')
  expectWell(reader)
  expect(log.slice(1)).toEqual([recovered])
})

test('without sessions everything is empty, and comes back', () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 3 })
  hermes.addMessage('s', 9)
  hermes.db.exec('PRAGMA foreign_keys = OFF; ALTER TABLE sessions RENAME TO elsewhere')
  const { reader, log } = newReader(hermes.path)
  expect(everything(reader).slice(0, 4)).toEqual(nothing.slice(0, 4))
  expect(log).toEqual([expect.stringMatching(/^warn: .*lacks tables/)])
  hermes.db.exec('ALTER TABLE elsewhere RENAME TO sessions')
  expectWell(reader)
})

test('a disk I/O error is tried again three times, and then warned of once', () => {
  const hermes = newDb()
  const log = new RecordingLogger()
  const file = new StateDatabase({ path: hermes.path, lockTimeoutMs: 0, log })
  const failing = (failures: number) => () => {
    if (tries++ < failures) throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_SHMOPEN')
    return 'read'
  }
  let tries = 0
  expect(file.read('empty', failing(3))).toBe('read')
  expect(log.lines).toEqual([])
  for (let i = 0; i < 2; i++) {
    tries = 0
    expect(file.read('empty', failing(9))).toBe('empty')
    expect(tries).toBe(4)
  }
  expect(log.lines).toEqual([expect.stringMatching(/^warn: .*disk/)])
  file.close()
})
