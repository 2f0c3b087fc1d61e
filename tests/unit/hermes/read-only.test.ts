import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import type { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import { StateDatabase } from '../../../src/hermes/state/state-database.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, newDb, newStatePath, newReader } from '../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

function readAll(reader: HermesReader): void {
  expect(reader.listSessions(firstPage(9), {})).not.toEqual([])
  expect(reader.listMessages('s', firstPage(9))).not.toEqual([])
  expect(reader.loadContextMessages('s')).not.toEqual([])
  expect(reader.countMessages(['s'])).not.toEqual(new Map())
}

/** Differs after any change of a file. */
function fingerprint(path: string): object {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true })
  return { ino, size, mtimeNs, hash: createHash('sha256').update(readFileSync(path)).digest('hex') }
}

test.each(['wal', 'delete'] as const)('reading does not change the file (journal mode %s)', (journal) => {
  const path = newStatePath()
  const hermes = new HermesDb(path, 'newest', journal)
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'hello' })
  hermes.close()
  const before = fingerprint(path)
  const { reader } = newReader(path)
  readAll(reader)
  reader.close()
  expect(fingerprint(path)).toEqual(before)
})

test('the WAL of a crashed writer is read and not changed', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { content: 'only in the WAL' })
  const path = newStatePath()
  for (const side of ['', '-wal']) copyFileSync(hermes.path + side, path + side)
  const before = [fingerprint(path), fingerprint(`${path}-wal`)]
  const { reader } = newReader(path)
  readAll(reader)
  reader.close()
  expect([fingerprint(path), fingerprint(`${path}-wal`)]).toEqual(before)
})

test('the connection refuses to write', () => {
  const hermes = newDb()
  const log = new RecordingLogger()
  const database = new StateDatabase({ path: hermes.path, lockTimeoutMs: 0, log })
  const modes = database.read(null, ({ db }) => ({
    readonly: db.readonly,
    queryOnly: db.pragma('query_only', { simple: true }),
  }))
  expect(modes).toEqual({ readonly: true, queryOnly: 1 })
  const write = database.read('refused', ({ db }) => {
    db.exec('CREATE TABLE written (a)')
    return 'written'
  })
  expect(write).toBe('refused')
  database.close()
})

test('a missing file is not created', () => {
  const path = newStatePath()
  const { reader } = newReader(path)
  expect(reader.listSessions(firstPage(9), {})).toEqual([])
  expect(readdirSync(dirname(path))).toEqual([])
})

test.each(['wal', 'delete'] as const)(
  'a writer that does not wait for locks never meets one of the reader (journal mode %s)',
  (journal) => {
    const hermes = newDb(undefined, 'newest', journal)
    hermes.addSession('s')
    hermes.addMessage('s', 1, { content: 'hello' })
    const { reader } = newReader(hermes.path)
    for (let i = 0; i < 20; i++) {
      readAll(reader)
      hermes.transaction(() => hermes.addMessage('s', i, { content: `${i}` }))
    }
    hermes.db.exec('ALTER TABLE sessions ADD COLUMN added TEXT')
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

test('a reader does not wait for a writer in a transaction', () => {
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
