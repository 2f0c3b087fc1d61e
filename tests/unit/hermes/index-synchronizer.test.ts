import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import type { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, newDb, newStatePath, newReader } from '../../support/hermes/hermes-fixtures.ts'
import { damageTable } from '../../support/storage/damage-table.ts'
import type { ConversationFilter } from '../../../src/storage/sessions/conversation-reader.ts'

const indexPathFor = (hermes: HermesDb): string => join(dirname(hermes.path), 'hermes-index.db')

function list(reader: HermesReader, filter: ConversationFilter = {}): string[] {
  return (
    reader
      .listConversations(firstPage(2000), filter)
      ?.conversations.map(({ rootId, tipId }) => (rootId === tipId ? rootId : `${rootId} > ${tipId}`)) ?? []
  )
}

/** Reads sessions for the index. */
const isSessionRead = (sql: string): boolean => sql.includes('AS has_message')

/** Runs all maintenance, as the worker does between calls. */
function runAllMaintenance(reader: HermesReader): void {
  reader.warmUp()
  while (reader.runMaintenance());
}

/** Adds conversations of one session each. The first ones are too old to be read by every call. */
function addConversations(hermes: HermesDb, count = 1200): void {
  hermes.transaction(() => {
    for (let i = 0; i < count; i++) {
      hermes.addSession(`s${i}`, { started_at: i + 1, end_reason: 'compression' })
      hermes.addMessage(`s${i}`, i + 1)
    }
  })
}

describe('the index', () => {
  test('is reused at the next start, which finds what has changed since', () => {
    const hermes = newDb()
    addConversations(hermes)
    const index = indexPathFor(hermes)
    const before = newReader(hermes.path, 100, { indexPath: index })
    expect(list(before.reader)).toHaveLength(1200)
    before.reader.close()
    hermes.addSession('new', { started_at: 9000 })
    hermes.addMessage('new', 9000)
    hermes.addMessage('s3', 9001)
    hermes.db.exec("DELETE FROM messages WHERE session_id = 's5'; DELETE FROM sessions WHERE id = 's5'")
    const { reader, statements } = newReader(hermes.path, 100, { indexPath: index })
    const [top, second] = list(reader)
    expect([top, second]).toEqual(['s3', 'new'])
    // Two reads find what is new. The page is verified in three batches, and again without the deleted session.
    expect(statements.filter(isSessionRead)).toHaveLength(2 + 3 + 3)
    runAllMaintenance(reader)
    statements.length = 0
    expect(list(reader)).toHaveLength(1200)
    expect(statements.filter(isSessionRead)).toHaveLength(3)
  })

  test.each([
    ['no database', (path: string) => writeFileSync(path, 'no database at all, but rather long'.repeat(300))],
    ['an empty file', (path: string) => writeFileSync(path, '')],
    ['truncated', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 5000))],
    ['damaged in a page', (path: string) => void damageTable(path, 'conversations')],
    ['of a later version', (path: string) => new Database(path).exec('PRAGMA user_version = 99').close()],
    ['without a valid progress', (path: string) => new Database(path).exec("UPDATE progress SET body = '{'").close()],
    ['without the table of its progress', (path: string) => new Database(path).exec('DROP TABLE progress').close()],
    ['without a table', (path: string) => new Database(path).exec('DROP TABLE conversations').close()],
    [
      'of an earlier state.db',
      (path: string) =>
        new Database(path).exec(`UPDATE progress SET body = '{"fileDigest":"x","isComplete":true}'`).close(),
    ],
  ])('is built again if its file is %s', (_, corrupt) => {
    const hermes = newDb()
    addConversations(hermes, 20)
    const index = indexPathFor(hermes)
    const before = newReader(hermes.path, 100, { indexPath: index })
    const expected = list(before.reader)
    expect(expected).toHaveLength(20)
    before.reader.close()
    corrupt(index)
    const { reader, log } = newReader(hermes.path, 100, { indexPath: index })
    expect(list(reader)).toEqual(expected)
    expect(log).toEqual([])
    reader.close()
    expect(list(newReader(hermes.path, 100, { indexPath: index }).reader)).toEqual(expected)
  })

  test('is built again if it breaks while it is open, and kept in memory if it breaks again', () => {
    const hermes = newDb()
    addConversations(hermes, 20)
    const index = indexPathFor(hermes)
    const { reader, log } = newReader(hermes.path, 100, { indexPath: index })
    const expected = list(reader)
    for (let round = 0; round < 2; round++) {
      new Database(index).exec('DROP TABLE conversations; DROP TABLE conversation_sessions').close()
      expect(list(reader)).toEqual(expected)
      hermes.addMessage('s3', 5000 + round)
      expect(list(reader)[0]).toBe('s3')
      expected.splice(0, 20, ...list(reader))
    }
    expect(log).toEqual([])
  })

  test('is in memory if its file cannot be created', () => {
    const hermes = newDb()
    addConversations(hermes, 20)
    for (const index of [join(newStatePath(), 'gone', 'index.db'), dirname(hermes.path)]) {
      const { reader, log } = newReader(hermes.path, 100, { indexPath: index })
      expect(list(reader)).toHaveLength(20)
      expect(log).toEqual([])
    }
  })

  test('is built again if another state.db replaces the previous one', () => {
    const hermes = newDb()
    addConversations(hermes, 20)
    const { reader } = newReader(hermes.path, 100, { indexPath: indexPathFor(hermes) })
    expect(list(reader)).toHaveLength(20)
    hermes.close()
    for (const side of ['-wal', '-shm']) rmSync(hermes.path + side, { force: true })
    const other = new HermesDb(newStatePath())
    addConversations(other, 3)
    other.close()
    renameSync(other.path, hermes.path)
    expect(list(reader)).toEqual(['s2', 's1', 's0'])
  })
})

describe('maintenance finds in old sessions', () => {
  const changes: [string, (hermes: HermesDb) => void, ConversationFilter, string[]][] = [
    [
      'that one was archived',
      (hermes) => hermes.db.exec("UPDATE sessions SET archived = 1 WHERE id = 's3'"),
      { archived: true },
      ['s3'],
    ],
    [
      'that one was pinned',
      (hermes) => hermes.db.exec("UPDATE sessions SET pinned = 1 WHERE id = 's3'"),
      { pinned: true },
      ['s3'],
    ],
    [
      'another source',
      (hermes) => hermes.db.exec("UPDATE sessions SET source = 'webui' WHERE id = 's3'"),
      { channels: ['WEB'] },
      ['s3'],
    ],
    [
      'that one continues another',
      (hermes) => hermes.db.exec("UPDATE sessions SET parent_session_id = 's1', source = 'webui' WHERE id = 's3'"),
      { channels: ['WEB'] },
      ['s1 > s3'],
    ],
    [
      'rows with new rowids after a VACUUM',
      (hermes) => {
        hermes.db.exec("DELETE FROM messages WHERE session_id < 's2'; DELETE FROM sessions WHERE id < 's2'; VACUUM")
        hermes.db.exec("UPDATE sessions SET pinned = 1 WHERE id IN ('s3', 's20')")
      },
      { pinned: true },
      ['s20', 's3'],
    ],
  ]

  test.each(changes)('%s', (_, change, filter, expected) => {
    const hermes = newDb()
    addConversations(hermes)
    const index = indexPathFor(hermes)
    const before = newReader(hermes.path, 100, { indexPath: index })
    runAllMaintenance(before.reader)
    before.reader.close()
    change(hermes)
    const { reader } = newReader(hermes.path, 100, { indexPath: index })
    runAllMaintenance(reader)
    expect(list(reader, filter)).toEqual(expected)
  })

  test('a message that was undone, by the counters of Hermes', () => {
    const hermes = newDb()
    addConversations(hermes)
    const late = hermes.addMessage('s3', 9000)
    hermes.addMessage('s4', 8000)
    const index = indexPathFor(hermes)
    const before = newReader(hermes.path, 100, { indexPath: index })
    runAllMaintenance(before.reader)
    before.reader.close()
    hermes.db.exec(
      `UPDATE messages SET active = 0 WHERE id = ${late}; UPDATE sessions SET message_count = 1 WHERE id = 's3'`,
    )
    const { reader } = newReader(hermes.path, 100, { indexPath: index })
    runAllMaintenance(reader)
    const page = reader.listConversations(
      { after: { id: 's1199', lastActivityAt: 1_200_000 }, before: null, limit: 2000, backwards: false },
      {},
    )
    expect(page?.conversations.map(({ rootId }) => rootId)).toContain('s3')
  })
})

test.each(['wal', 'delete'] as const)('an older copy that overwrites the file is read (journal mode %s)', (journal) => {
  const hermes = newDb(undefined, 'v22', journal)
  addConversations(hermes)
  hermes.db.pragma('wal_checkpoint(TRUNCATE)')
  const backup = `${hermes.path}.backup`
  copyFileSync(hermes.path, backup)
  const { reader } = newReader(hermes.path)
  const before = list(reader)
  hermes.addMessage(hermes.addSession('new', { started_at: 8000 }), 8000)
  hermes.addMessage('s3', 9000)
  hermes.db.exec('UPDATE sessions SET title = id')
  expect(list(reader)).toHaveLength(1201)
  expect(reader.listMessages('s3', firstPage(5))).toHaveLength(2)
  // Hermes does so whenever it closes the file.
  hermes.db.pragma('wal_checkpoint(TRUNCATE)')
  hermes.close()
  copyFileSync(backup, hermes.path)
  expect(reader.listMessages('s3', firstPage(5))).toHaveLength(1)
  expect(list(reader)).toEqual(before)
  expect(reader.findSessions(['s3', 'new'])).toMatchObject([{ id: 's3', title: null }])
})

test('a continuation of an old session is found together with the end of that session', () => {
  const hermes = newDb()
  addConversations(hermes)
  hermes.db.exec(`UPDATE sessions SET end_reason = NULL WHERE id = 's3'`)
  const { reader } = newReader(hermes.path)
  expect(list(reader)).toContain('s3')
  hermes.db.exec(`UPDATE sessions SET end_reason = 'compression', ended_at = 9000 WHERE id = 's3'`)
  hermes.addSession('new', { parent_session_id: 's3', started_at: 9000 })
  hermes.addMessage('new', 9001)
  expect(list(reader)[0]).toBe('s3 > new')
})

test('maintenance pauses between two scans, and scans nothing while the file does not change', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const hermes = newDb()
    addConversations(hermes)
    const { reader, statements } = newReader(hermes.path)
    const countScans = (): number => statements.splice(0).filter((sql) => sql.includes('sessions.rowid >')).length
    runAllMaintenance(reader)
    expect(countScans()).toBeGreaterThan(3)
    vi.advanceTimersByTime(10_000)
    runAllMaintenance(reader)
    expect(countScans()).toBe(0)
    hermes.db.exec("UPDATE sessions SET archived = 1 WHERE id = 's3'")
    runAllMaintenance(reader)
    expect(countScans()).toBe(4)
    expect(list(reader, { archived: true })).toEqual(['s3'])
    hermes.db.exec("UPDATE sessions SET archived = 1 WHERE id = 's4'")
    runAllMaintenance(reader)
    // The newest sessions are read all the same.
    expect(countScans()).toBe(1)
    vi.advanceTimersByTime(2000)
    runAllMaintenance(reader)
    expect(countScans()).toBe(3)
    expect(list(reader, { archived: true })).toEqual(['s4', 's3'])
  } finally {
    vi.useRealTimers()
  }
})

test('maintenance does nothing before a list is needed, and does not wait for a lock', () => {
  const hermes = newDb(undefined, 'newest', 'delete')
  addConversations(hermes, 3)
  const { reader, log, statements } = newReader(hermes.path, 5000)
  expect(reader.runMaintenance()).toBe(false)
  expect(statements).toEqual([])
  hermes.db.exec('BEGIN EXCLUSIVE')
  const startedAt = performance.now()
  runAllMaintenance(reader)
  expect(performance.now() - startedAt).toBeLessThan(4000)
  expect(log).toEqual([])
  hermes.db.exec('ROLLBACK')
  runAllMaintenance(reader)
  expect(list(reader)).toEqual(['s2', 's1', 's0'])
})
