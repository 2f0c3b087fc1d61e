// Deletes a conversation of 200 sessions with 500 messages each while another chat commits a delta every 2 ms. The baseline
// is the same chat without the deletion. Usage: npm run bench -- deletion [sessions] [messages per session]
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { newSession } from '../src/sessions/new-session.ts'
import { openProfileStorage } from '../src/services/storage/open-profile-storage.ts'
import { SegueProfileDatabase } from '../src/storage/sqlite/segue-profile-database.ts'
import { newTempFolder } from '../tests/support/server/segue.ts'
import { percentile, printFigures } from './support/figures.ts'
import { segueId } from './support/seed-sessions.ts'

const [sessionCount = 200, messageCount = 500] = process.argv.slice(2).map(Number)
const idleDurationMs = 2_000

/** A chain of sessions. Every second message is an answer with a stream and four events. All messages can be searched. */
async function seed(home: string): Promise<void> {
  const path = join(home, 'segue.db')
  const newDatabase = new SegueProfileDatabase(path)
  newDatabase.transaction(() => undefined)
  newDatabase.close()
  const db = new Database(path)
  const numbers = (count: number): string => JSON.stringify(Array.from({ length: count }, (_, index) => index))
  db.exec(`
    BEGIN;
    INSERT INTO sessions (id, title, source, parent_session_id, started_at, end_reason, last_activity_at, message_count, head_seq, usage)
    SELECT printf('${segueId(0).slice(0, -8)}%08d', value), 'Chat ' || value, 'segue',
      CASE WHEN value > 0 THEN printf('${segueId(0).slice(0, -8)}%08d', value - 1) END, value, 'compression', value,
      ${messageCount}, ${messageCount * 3}, '{"inputTokens":0,"outputTokens":0,"cachedInputTokens":0,"reasoningTokens":0,"estimated":false}'
    FROM json_each('${numbers(sessionCount)}');
    INSERT INTO messages (id, session_id, position, role, status, parts, created_at, stream_id)
    SELECT printf('msg_01h455vb4pex5vsk%010d', sessions.started_at * ${messageCount} + value), sessions.id, value,
      CASE value % 2 WHEN 0 THEN 'USER' ELSE 'ASSISTANT' END, 'COMPLETE',
      '[{"type":"text","text":"Message ' || value || ' of some length, with words such as ' || hex(randomblob(200)) || '."}]', value,
      CASE value % 2 WHEN 1 THEN printf('str_01h455vb4pex5vsk%010d', sessions.started_at * ${messageCount} + value) END
    FROM sessions CROSS JOIN json_each('${numbers(messageCount)}');
    INSERT INTO streams (id, session_id, status, generation, model, user_message_id, message_id, usage, started_at, finished_at, first_seq, last_seq)
    SELECT stream_id, session_id, 'COMPLETE', 1, 'x/y', 'msg', id, '{}', 1, 2, position * 2, position * 2 + 3 FROM messages WHERE role = 'ASSISTANT';
    INSERT INTO events (session_id, seq, stream_id, at, type, version, body)
    SELECT session_id, position * 4 + value, stream_id, 1, CASE value WHEN 3 THEN 'StreamFinished' ELSE 'TextDelta' END, 2, hex(randomblob(300))
    FROM messages CROSS JOIN json_each('[0, 1, 2, 3]') WHERE role = 'ASSISTANT';
    COMMIT;
  `)
  db.close()
}

const home = newTempFolder()
await seed(home)
const profile = openProfileStorage({ home, hermesHome: null, durable: false, log: console })
await profile.segueSessions.refresh()
const count = (table: string): number => {
  const db = new Database(join(home, 'segue.db'), { readonly: true })
  const rows = db.prepare<[], { count: number }>(`SELECT count(*) AS count FROM ${table}`).get()?.count ?? 0
  db.close()
  return rows
}
while (count('search_queue') > 0) await delay(500)

const other = newSession({ profile: 'default', title: null, titleSource: null, model: null, at: 1 })
await profile.eventStore.createSession({ session: other, messages: [] })
let seq = 0
/** Commits a delta every 2 ms until `isDone`. Each duration is from when the delta was due to its commit. */
async function commitDeltas(isDone: () => boolean): Promise<number[]> {
  const durationsMs: number[] = []
  for (let dueAt = performance.now(); !isDone(); dueAt = Math.max(dueAt + 2, performance.now())) {
    await delay(Math.max(0, dueAt - performance.now()))
    seq += 1
    const event = {
      type: 'TextDelta',
      seq,
      at: seq,
      sessionId: other.id,
      streamId: 'str_1',
      messageId: 'msg_1',
      partIndex: 0,
      offset: 0,
      text: 'word ',
    } as const
    const startedAt = Math.min(dueAt, performance.now())
    await profile.eventStore.append({ sessionId: other.id, expectedHeadSeq: seq - 1, events: [event] })
    durationsMs.push(performance.now() - startedAt)
  }
  return durationsMs
}

const idleEndsAt = performance.now() + idleDurationMs
const idleMs = await commitDeltas(() => performance.now() > idleEndsAt)

const startedAt = performance.now()
let deletedMs = 0
const deletion = delay(20).then(async () => {
  await profile.eventStore.deleteSessions(Array.from({ length: sessionCount }, (_, index) => segueId(index)))
  deletedMs = performance.now() - startedAt - 20
})
let isPurged = false
const watch = (async () => {
  await deletion
  while (count('messages') + count('events') > seq) await delay(200)
  isPurged = true
})()
const busyMs = await commitDeltas(() => isPurged)
await watch
const purgedMs = performance.now() - startedAt

printFigures(`Deletion of ${sessionCount} sessions with ${messageCount} messages each`, {
  'until the call returns, ms': deletedMs,
  'until all rows are gone, ms': purgedMs,
  'longest delta commit meanwhile, ms': Math.max(...busyMs),
  'delta commit meanwhile, p99, ms': percentile(busyMs, 0.99),
  'delta commit without the deletion, p99, ms': percentile(idleMs, 0.99),
  'ratio of the p99': percentile(busyMs, 0.99) / percentile(idleMs, 0.99),
})
await profile.close()
