import { approvalRuleOf } from '../../../support/storage/approval-rules.ts'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../../../src/lib/ids.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { type SqliteStorage, openSqliteStorage } from '../../../../src/storage/sqlite/open-sqlite-storage.ts'
import { SqliteExportReader } from '../../../../src/storage/sqlite/transfer/sqlite-export-reader.ts'
import { SqliteImportStore } from '../../../../src/storage/sqlite/transfer/sqlite-import-store.ts'
import type { LocatedImportRecord } from '../../../../src/storage/transfer/import-store.ts'
import { finishJobRun, newSegueJob, startManualJobRun } from '../../../../src/jobs/job-state.ts'
import { newJobInput, newRunIds } from '../../../support/jobs/job-fixtures.ts'
import { newTextMessage } from '../../../support/search/search-fixture.ts'
import { newHome, newTempFolder } from '../../../support/server/segue.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { checkpointOf } from '../contract/context-checkpoint-contract.ts'
import { addSession, approvalOf, deltaOf, firstPage, sessionOf, streamOf } from '../contract/records.ts'

/** More than one transaction deletes. */
const rowCount = 4_000
const hash = 'a'.repeat(64)
const childTables = [
  'messages',
  'events',
  'streams',
  'decisions',
  'blob_references',
  'approval_rules',
  'context_checkpoints',
]

let folder: string
let storage: SqliteStorage
let path: string

const open = (): SqliteStorage => openSqliteStorage({ path, profile: 'work', durable: false, log: silentLogger })

beforeEach(() => {
  folder = newHome()
  path = join(folder, 'segue.db')
  storage = open()
})
afterEach(async () => {
  await storage.close()
  rmSync(folder, { recursive: true, force: true })
})

function query<Row>(sql: string, database = path): Row[] {
  const connection = new Database(database, { readonly: true })
  const rows = connection.prepare<[], Row>(sql).all()
  connection.close()
  return rows
}

function countRows(tables: readonly string[] = childTables, database = path): number {
  return tables.reduce((sum, table) => {
    const [row] = query<{ count: number }>(`SELECT count(*) AS count FROM ${table}`, database)
    return sum + (row?.count ?? 0)
  }, 0)
}

interface LargeSession {
  readonly session: SessionRecord
  readonly messages: readonly MessageRecord[]
  readonly streamId: string
  readonly decisionId: string
  readonly toolCallId: string
}

/** A session with many messages and events, and a row of every other kind. */
async function addLargeSession(count = rowCount): Promise<LargeSession> {
  const id = newId('session')
  const messages = Array.from({ length: count }, (_, index) => newTextMessage(id, `needle ${index}`, index + 1))
  const file = { type: 'file' as const, mediaType: 'text/plain', name: null, url: `file:${hash}` }
  const last = messages.pop()
  if (!last) throw new Error('There are no messages.')
  // Deleted last of all messages.
  messages.push({ ...last, parts: [...last.parts, file], turnId: last.id })
  const session = await addSession(storage, { id }, messages)
  const stream = streamOf(session, { status: 'COMPLETED', finishedAt: 2_000 })
  const decision = approvalOf(session)
  await storage.eventStore.append({
    sessionId: id,
    expectedHeadSeq: 0,
    events: Array.from({ length: count }, (_, index) => deltaOf(stream, index + 1)),
    streams: [stream],
    decisions: [decision],
    approvalRules: [approvalRuleOf({ sessionId: id, tool: 'look' })],
    checkpoint: checkpointOf(id),
  })
  const toolCallId = decision.toolCall.id
  return { session, messages, streamId: stream.id, decisionId: decision.id, toolCallId }
}

/** What every reader of the storage says of a session and its rows: nothing, if it is deleted. */
async function readEverything({ session, messages, streamId, decisionId, toolCallId }: LargeSession): Promise<unknown> {
  const { segueSessions, eventStore, decisions } = storage
  const { id } = session
  const ids = messages.slice(-3).map((message) => message.id)
  const exported = SqliteExportReader.open(path, 'work')
  const turn = { turnId: messages.at(-1)?.id ?? '', role: 'USER' as const }
  try {
    return [
      await segueSessions.findSessions([id]),
      await segueSessions.listSessions(firstPage, {}),
      (await segueSessions.listConversations(firstPage, {}))?.conversations,
      [...(await segueSessions.findConversationsBySession([id]))],
      [...(await segueSessions.countMessages([id]))],
      await segueSessions.listMessages(id, firstPage),
      await segueSessions.findMessages(ids),
      (await segueSessions.findMessage(ids[0] ?? '')) ?? [],
      await segueSessions.loadContextMessages(id),
      (await eventStore.loadHeadSeq(id)) ?? [],
      await eventStore.readEvents({ sessionId: id, after: 0, limit: 10 }),
      await eventStore.findStreams([streamId]),
      (await eventStore.findStream(streamId)) ?? [],
      (await eventStore.findContextCheckpoint(id)) ?? [],
      await eventStore.findTurnMessages([turn]),
      await eventStore.listUnplacedWithdrawnMessages(id),
      (await decisions.findDecision(decisionId)) ?? [],
      await decisions.findDecisions([decisionId]),
      await decisions.findDecisionsOfToolCalls([toolCallId]),
      await decisions.listDecisions({ kind: 'approval', limit: 10, preferLatest: true }),
      (await exported?.findSession(id)) ?? [],
      await exported?.listBlobHashes(id),
    ]
  } finally {
    await exported?.close()
  }
}

describe('a deleted session with many rows', () => {
  test('is read by nobody from the commit on, while its rows are deleted in the background', async () => {
    const large = await addLargeSession()
    const before = await readEverything(large)
    expect(Array.isArray(before) && before.filter((each) => JSON.stringify(each) === '[]')).toEqual([[]])
    expect(await storage.eventStore.deleteSessions([large.session.id])).toEqual([hash])
    expect(countRows()).toBeGreaterThan(10)
    const after = await readEverything(large)
    expect(Array.isArray(after) && after.filter((each) => JSON.stringify(each) !== '[]')).toEqual([])
    expect(await storage.eventStore.findUnreferencedBlobs([hash])).toEqual([hash])
    const write = { sessionId: large.session.id, expectedHeadSeq: rowCount, events: [] }
    await expect(storage.eventStore.append(write)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(query('PRAGMA foreign_key_check')).toEqual([])
    await waitUntil(() => countRows(['session_ids', 'deleted_sessions', ...childTables]) === 0)
    expect(countRows(['message_entries', 'search_queue', 'pending_sessions', 'conversation_sessions'])).toBe(0)
    expect(query('PRAGMA foreign_key_check')).toEqual([])
    expect(query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  })

  test('gives way to what another chat writes, after each of its steps', async () => {
    const large = await addLargeSession(4 * rowCount)
    const other = await addSession(storage)
    await storage.eventStore.deleteSessions([large.session.id])
    const rowsLeft: number[] = []
    for (let seq = 1; countRows(['deleted_sessions']) > 0; seq += 1) {
      const event = deltaOf(streamOf(other), seq)
      await storage.eventStore.append({ sessionId: other.id, expectedHeadSeq: seq - 1, events: [event] })
      rowsLeft.push(countRows(['messages', 'events']) - seq)
      await new Promise(setImmediate)
    }
    expect(new Set(rowsLeft).size).toBeGreaterThan(1)
  })

  test('is still deleted after a crash in the middle, and its rows are then, too', async () => {
    const large = await addLargeSession()
    const other = await addSession(storage)
    await storage.eventStore.deleteSessions([large.session.id])
    // What a process leaves that is killed now.
    const copy = newTempFolder()
    for (const suffix of ['', '-wal']) cpSync(path + suffix, join(copy, `segue.db${suffix}`))
    await storage.close()
    rmSync(folder, { recursive: true })
    folder = copy
    path = join(copy, 'segue.db')
    expect(countRows()).toBeGreaterThan(10)
    storage = open()
    expect(await storage.segueSessions.findSessions([large.session.id])).toEqual([])
    expect(await storage.segueSessions.listMessages(large.session.id, firstPage)).toEqual([])
    await waitUntil(() => countRows(['deleted_sessions']) === 0)
    expect([countRows(['messages']), countRows(['session_ids'])]).toEqual([1, 1])
    expect(await storage.segueSessions.findSessions([other.id])).toEqual([other])
  })

  test('can be imported again at once', async () => {
    const large = await addLargeSession()
    await storage.eventStore.deleteSessions([large.session.id])
    await storage.close()
    expect(countRows()).toBeGreaterThan(10)
    const [message] = large.messages
    if (!message) throw new Error('There are no messages.')
    const records: LocatedImportRecord[] = [
      { type: 'session', record: { ...large.session, key: null }, blobHashes: [], location: 'sessions 1' },
      { type: 'message', record: message, location: 'messages 1' },
    ]
    const importStore = new SqliteImportStore(path, 'work')
    await importStore.importRecords(records)
    await importStore.close()
    storage = open()
    expect(await storage.segueSessions.listMessages(large.session.id, firstPage)).toEqual([message])
    expect(await storage.eventStore.readEvents({ sessionId: large.session.id, after: 0, limit: 10 })).toEqual([])
    expect(countRows(['messages', 'events', 'deleted_sessions'])).toBe(1)
  })

  test('is replaced by the oldest copies of its messages among the tries of a turn', async () => {
    const large = await addLargeSession()
    const original = large.messages.at(-1)
    if (!original) throw new Error('There are no messages.')
    const copies: MessageRecord[] = []
    for (const startedAt of [3_000, 2_000]) {
      const session = sessionOf({ startedAt })
      const copy = { ...newTextMessage(session.id, 'copied', -1), copyOf: original.id, turnId: original.id }
      await storage.eventStore.createSession({ session, messages: [copy] })
      copies.push(copy)
    }
    const find = async () =>
      (await storage.eventStore.findTurnMessages([{ turnId: original.id, role: 'USER' }])).map(({ id }) => id)
    expect(await find()).toEqual([original.id])
    await storage.eventStore.deleteSessions([large.session.id])
    expect(query(`SELECT 1 AS isLeft FROM messages WHERE id = '${original.id}'`)).toHaveLength(1)
    expect(await find()).toEqual([copies[1]?.id])
    await waitUntil(() => countRows(['deleted_sessions']) === 0)
    expect(await find()).toEqual([copies[1]?.id])
    const searchable = query<{ id: string }>('SELECT id FROM message_entries')
    expect(searchable).toEqual([{ id: copies[1]?.id }])
  })
})

test('the runs of a deleted job are read by nobody from the commit on, and deleted in the background', async () => {
  const { jobs } = storage
  const job = newSegueJob(newJobInput(), { id: newId('job'), profile: 'work', now: 0 })
  await jobs.commit({ job })
  let latest = job
  for (let count = 1; count <= rowCount; count += 1) {
    const started = startManualJobRun(latest, count, newRunIds())
    await jobs.commit(started)
    const ended = finishJobRun(started, { status: 'OK', output: 'Done', error: null }, count)
    await jobs.commit(ended)
    latest = ended.job
  }
  const [run] = await jobs.listRuns(job.id, firstPage)
  expect(await jobs.delete(job.id)).toBe(true)
  expect(countRows(['job_runs'])).toBeGreaterThan(0)
  expect([
    await jobs.findJob(job.id),
    await jobs.findRun(run?.id ?? ''),
    await jobs.listRuns(job.id, firstPage),
    await jobs.listChangedRuns({ after: 0, limit: 10, jobId: null }),
    await jobs.listFinishedRuns({ finishedAfter: 0, limit: 10, jobId: job.id }),
    await jobs.listRunningRuns(),
    await jobs.hasRunFor(job.id, 1),
  ]).toEqual([null, null, [], [], [], [], false])
  await waitUntil(() => countRows(['job_runs', 'job_ids', 'deleted_jobs']) === 0)
})

test('the place of a session with many retries is handed on once if all of them are deleted', async () => {
  const original = await addSession(storage)
  const ids = [original.id]
  for (let count = 1; count <= 100; count += 1) {
    const retry = { takesPlaceOf: original.id, retryOf: newId('message'), startedAt: 1_000 + count }
    ids.push((await addSession(storage, retry)).id)
  }
  const counter = new Database(path)
  counter.exec(`CREATE TABLE place_changes (id TEXT);
    CREATE TRIGGER count_place_changes AFTER UPDATE OF takes_place_of ON sessions BEGIN INSERT INTO place_changes VALUES (new.id); END`)
  counter.close()
  await storage.eventStore.deleteSessions(ids)
  expect(countRows(['place_changes', 'sessions'])).toBe(0)
})
