import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migration025 } from '../../../../src/storage/sqlite/database/migrations/025-usage-sums.ts'
import { migrations } from '../../../../src/storage/sqlite/database/migrations.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteUsageSumStore } from '../../../../src/storage/sqlite/sqlite-usage-sum-store.ts'

const oldVersion = migrations.indexOf(migration025)
const millisPerDay = 86_400_000

const toUsage = (input: number, output: number, estimated = false): string =>
  JSON.stringify({ estimated, inputTokens: input, outputTokens: output, reasoningTokens: 1, cachedInputTokens: 2 })

test('an older database begins with the sums of its streams and of the runs of its jobs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'segue-migrations-'))
  const path = join(folder, 'segue.db')
  const old = new Database(path)
  old.function('id_namespace', () => '')
  for (const sql of migrations.slice(0, oldVersion)) old.exec(sql)
  old.pragma(`user_version = ${oldVersion}`)
  const none = toUsage(0, 0)
  const addSession = old.prepare(
    `INSERT INTO sessions (id, source, started_at, last_activity_at, usage) VALUES (?, ?, 0, 0, '${none}')`,
  )
  addSession.run('ses_1', 'segue')
  addSession.run('ses_2', 'cron')
  const addStream = old.prepare(
    `INSERT INTO streams (id, session_id, status, generation, model, user_message_id, usage, started_at, finished_at,
       first_seq, last_seq) VALUES (?, ?, 'COMPLETED', 1, ?, 'msg_1', ?, 0, ?, 1, 2)`,
  )
  addStream.run('str_1', 'ses_1', 'a/b', toUsage(100, 10), 3 * millisPerDay)
  addStream.run('str_2', 'ses_1', 'a/b', toUsage(50, 5, true), 4 * millisPerDay - 1)
  addStream.run('str_3', 'ses_2', 'a/c', toUsage(7, 7), 4 * millisPerDay)
  addStream.run('str_4', 'ses_1', 'a/c', 'no JSON', 4 * millisPerDay)
  addStream.run('str_5', 'ses_1', 'a/c', none, 4 * millisPerDay)
  addStream.run('str_6', 'ses_1', 'a/c', toUsage(9, 9), null)
  old.close()

  const database = new SegueProfileDatabase(path)
  const store = new SqliteUsageSumStore(database)
  const list = async (dimension: 'MODEL' | 'SOURCE' | 'SESSION') =>
    (await store.listUsageSums({ dimension, fromDay: 0, toDay: 100, after: null, limit: 100 })).map(
      ({ day, key, answers, usage }) => [day, key, answers, usage.inputTokens, usage.outputTokens, usage.estimated],
    )
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
  database.close()
  rmSync(folder, { recursive: true, force: true })
})
