import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import type { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import { StateDatabase } from '../../../src/hermes/state/state-database.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, newDb, newStatePath, newReader } from '../../support/hermes/reading.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

function readAll(reader: HermesReader): void {
  expect(reader.listSessions(firstPage(9), {})).not.toEqual([])
  expect(reader.listMessages('s', firstPage(9))).not.toEqual([])
  expect(reader.loadContextMessages('s')).not.toEqual([])
  expect(reader.countMessages(['s'])).not.toEqual(new Map())
}

/** What tells whether anybody has touched a file. */
function print(path: string): object {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true })
  return { ino, size, mtimeNs, hash: createHash('sha256').update(readFileSync(path)).digest('hex') }
}

test.each(['wal', 'delete'] as const)('reading changes nothing in the file (journal mode %s)', (journal) => {
  const path = newStatePath()
  const hermes = new HermesDb(path, 'newest', journal)
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  hermes.close()
  const before = print(path)
  const { reader } = newReader(path)
  readAll(reader)
  reader.close()
  expect(print(path)).toEqual(before)
})

test('a WAL that a dead writer has left is read, and left as it is', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'only in the WAL' })
  const path = newStatePath()
  for (const side of ['', '-wal']) copyFileSync(hermes.path + side, path + side)
  const before = [print(path), print(`${path}-wal`)]
  const { reader } = newReader(path)
  readAll(reader)
  reader.close()
  expect([print(path), print(`${path}-wal`)]).toEqual(before)
})

test('the handle refuses to write', () => {
  const hermes = newDb()
  const log = new RecordingLogger()
  const file = new StateDatabase({ path: hermes.path, lockTimeoutMs: 0, log })
  const modes = file.read(null, ({ db }) => ({
    readonly: db.readonly,
    queryOnly: db.pragma('query_only', { simple: true }),
  }))
  expect(modes).toEqual({ readonly: true, queryOnly: 1 })
  const write = file.read('refused', ({ db }) => {
    db.exec('CREATE TABLE ours (a)')
    return 'written'
  })
  expect(write).toBe('refused')
  file.close()
})

test('no file is made where there is none', () => {
  const path = newStatePath()
  const { reader } = newReader(path)
  expect(reader.listSessions(firstPage(9), {})).toEqual([])
  expect(readdirSync(dirname(path))).toEqual([])
})

test.each(['wal', 'delete'] as const)(
  'a writer that never waits meets no lock of ours (journal mode %s)',
  (journal) => {
    const hermes = newDb(undefined, 'newest', journal)
    hermes.addSession('s')
    hermes.addMessage('s', 1, { content: 'hello' })
    const { reader } = newReader(hermes.path)
    for (let i = 0; i < 20; i++) {
      readAll(reader)
      hermes.transaction(() => hermes.addMessage('s', i, { content: `${i}` }))
    }
    hermes.db.exec('ALTER TABLE sessions ADD COLUMN later TEXT')
    readAll(reader)
    if (journal === 'wal') {
      expect(hermes.db.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }])
    } else {
      hermes.db.exec('VACUUM')
    }
    readAll(reader)
    reader.close()
  },
)

test('a reader is not held up by a writer in the middle of its transaction', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  const { reader } = newReader(hermes.path, 0)
  hermes.transaction(() => {
    hermes.addMessage('s', 2, { content: 'not committed' })
    readAll(reader)
    expect(reader.listMessages('s', firstPage(9))).toHaveLength(1)
  })
  expect(reader.listMessages('s', firstPage(9))).toHaveLength(2)
})
