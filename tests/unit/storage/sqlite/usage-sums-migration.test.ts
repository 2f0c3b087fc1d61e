import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { migration025 } from '../../../../src/storage/sqlite/database/migrations/025-usage-sums.ts'
import { migrations } from '../../../../src/storage/sqlite/database/migrations.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteUsageSumStore } from '../../../../src/storage/sqlite/sqlite-usage-sum-store.ts'

const oldVersion = migrations.indexOf(migration025)
const millisPerDay = 86_400_000

const toUsage = (input: number, output: number, estimated = false): string =>
  JSON.stringify({ estimated, inputTokens: input, outputTokens: output, reasoningTokens: 1, cachedInputTokens: 2 })

const none = toUsage(0, 0)

interface OldDatabase {
  readonly addSession: (id: string, source: string, usage?: string) => void
  readonly addStream: (id: string, sessionId: string, model: string, usage: string, finishedAt: number | null) => void
  readonly addSummary: (sessionId: string, model: string, createdAt: number) => void
}

/** Fills a database that has no sums yet, and opens it. Lists them as day, key, answers, input, output, estimated. */
async function migrate(fill: (old: OldDatabase) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'segue-migrations-'))
  const path = join(folder, 'segue.db')
  const old = new Database(path)
  old.function('id_namespace', () => '')
  for (const sql of migrations.slice(0, oldVersion)) old.exec(sql)
  old.pragma(`user_version = ${oldVersion}`)
  const insertSession = old.prepare(
    'INSERT INTO sessions (id, source, started_at, last_activity_at, usage) VALUES (?, ?, 0, 0, ?)',
  )
  const insertStream = old.prepare(
    `INSERT INTO streams (id, session_id, status, generation, model, user_message_id, usage, started_at, finished_at,
       first_seq, last_seq) VALUES (?, ?, 'COMPLETED', 1, ?, 'msg_1', ?, 0, ?, 1, 2)`,
  )
  const insertSummary = old.prepare(
    `INSERT INTO messages (id, session_id, position, role, status, parts, created_at, model)
     VALUES (?, ?, 1, 'SYSTEM', 'COMPLETE', '[]', ?, ?)`,
  )
  fill({
    addSession: (id, source, usage = none) => void insertSession.run(id, source, usage),
    addStream: (...row) => void insertStream.run(...row),
    addSummary: (sessionId, model, at) => void insertSummary.run(`msg_${sessionId}`, sessionId, at, model),
  })
  old.close()
  const database = new SegueProfileDatabase(path)
  onTestFinished(() => {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const store = new SqliteUsageSumStore(database)
  return async (dimension: 'MODEL' | 'SOURCE' | 'SESSION') =>
    (await store.listUsageSums({ dimension, fromDay: 0, toDay: 100, after: null, limit: 100 })).map(
      ({ day, key, answers, usage }) => [day, key, answers, usage.inputTokens, usage.outputTokens, usage.estimated],
    )
}

test('an older database begins with the sums of its streams and of the runs of its jobs', async () => {
  const list = await migrate(({ addSession, addStream }) => {
    addSession('ses_1', 'segue')
    addSession('ses_2', 'cron')
    addStream('str_1', 'ses_1', 'a/b', toUsage(100, 10), 3 * millisPerDay)
    addStream('str_2', 'ses_1', 'a/b', toUsage(50, 5, true), 4 * millisPerDay - 1)
    addStream('str_3', 'ses_2', 'a/c', toUsage(7, 7), 4 * millisPerDay)
    addStream('str_4', 'ses_1', 'a/c', 'no JSON', 4 * millisPerDay)
    addStream('str_5', 'ses_1', 'a/c', none, 4 * millisPerDay)
    addStream('str_6', 'ses_1', 'a/c', toUsage(9, 9), null)
  })
  expect(await list('MODEL')).toEqual([
    [3, 'a/b', 2, 150, 15, true],
    [4, 'a/c', 1, 7, 7, false],
  ])
  expect(await list('SOURCE')).toEqual([
    [3, 'segue', 2, 150, 15, true],
    [4, 'cron', 1, 7, 7, false],
  ])
  expect(await list('SESSION')).toEqual([
    [3, 'ses_1', 2, 150, 15, true],
    [4, 'ses_2', 1, 7, 7, false],
  ])
})

test('what a session has used in excess of its streams counts as its title or its summary', async () => {
  const list = await migrate(({ addSession, addStream, addSummary }) => {
    addSession('ses_title', 'segue', toUsage(110, 15))
    addStream('str_1', 'ses_title', 'a/b', toUsage(70, 5), 3 * millisPerDay)
    addStream('str_2', 'ses_title', 'a/c', toUsage(30, 5), 4 * millisPerDay)
    addSession('ses_continued', 'segue', toUsage(48, 47, true))
    addSummary('ses_continued', 'a/d', 5 * millisPerDay)
    addSession('ses_broken', 'segue', 'no JSON')
    addSession('ses_less', 'segue', toUsage(1, 1))
    addStream('str_3', 'ses_less', 'a/b', toUsage(7, 7), 3 * millisPerDay)
  })
  expect(await list('MODEL')).toEqual([
    [3, 'a/b', 2, 87, 17, false],
    [4, 'a/c', 1, 30, 5, false],
    [5, 'a/d', 0, 48, 47, true],
  ])
  expect(await list('SOURCE')).toEqual([
    [3, 'segue', 2, 87, 17, false],
    [4, 'segue', 1, 30, 5, false],
    [5, 'segue', 0, 48, 47, true],
  ])
  expect(await list('SESSION')).toContainEqual([5, 'ses_continued', 0, 48, 47, true])
})
