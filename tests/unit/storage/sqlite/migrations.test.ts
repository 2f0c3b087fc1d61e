import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openHermesConversationIndexDatabase } from '../../../../src/hermes/index/open-hermes-conversation-index-database.ts'
import { maxPassageLength } from '../../../../src/search/passages.ts'
import { migration030 } from '../../../../src/storage/sqlite/database/migrations/030-conversation-counts.ts'
import { applyMigrations, migrate } from '../../../../src/storage/sqlite/database/migrate.ts'
import { migrations } from '../../../../src/storage/sqlite/database/migrations.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { invertSearchRowid } from '../../../../src/storage/sqlite/search/search-index.ts'
import { SqliteDecisionStore } from '../../../../src/storage/sqlite/sqlite-decision-store.ts'
import { SqliteEventStore } from '../../../../src/storage/sqlite/sqlite-event-store.ts'
import { SqliteIdempotencyKeyStore } from '../../../../src/storage/sqlite/sqlite-idempotency-key-store.ts'
import { SqliteJobStore } from '../../../../src/storage/sqlite/sqlite-job-store.ts'
import { SqliteSessionReader } from '../../../../src/storage/sqlite/sessions/sqlite-session-reader.ts'

/** SHA-256 of the text of every released migration. */
const releasedDigests = [
  'c90036ee8d6f9b97dc3ecd94be0f5dec3e646d00768dbe36f988de6667e338f6',
  'ac0ad7d5dff2fb123a9800767c74b285f7d28cf73c5869cdb114cefb75659ace',
  '442723920fa95569faa502a11cb18fc2b080cb4aebddcb31007e0f948e88a479',
  'cb54e5e832ffd27a874402a95e738c8b865107d8821c350e22c224468db7d8f7',
  'c52083019f878f59169b6302ccd60e998ea1a0e7269c122a284ae613a953258a',
]

const parent = 'ses_01h2xcejqtf2nbrexx3vqjhp41'
const child = 'ses_01h2xcejqtf2nbrexx3vqjhp42'
const continuation = 'ses_01h2xcejqtf2nbrexx3vqjhp43'
const fork = 'ses_01h2xcejqtf2nbrexx3vqjhp44'
const usage = '{"inputTokens":0,"outputTokens":0,"cachedInputTokens":0,"reasoningTokens":0,"estimated":false}'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'segue-migrations-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A database of an earlier version, as that version wrote it, with what every version can hold. */
function createDatabase(version: number, { namespace = '' } = {}): string {
  const path = join(folder, 'segue.db')
  const database = new Database(path)
  for (const sql of migrations.slice(0, version)) database.exec(sql)
  database.pragma(`user_version = ${version}`)
  const insert = database.prepare<[string, string | null, string | null, number]>(
    `INSERT INTO sessions (id, title, source, parent_session_id, started_at, end_reason, last_activity_at, message_count, usage)
     VALUES (?, 'A chat about owls', 'segue', ?, 1, ?, ?, 1, '${usage}')`,
  )
  insert.run(parent, null, 'compression', 10)
  insert.run(child, parent, null, 20)
  insert.run(continuation, `${namespace}20260101_120000_ab12cd`, null, 30)
  insert.run(fork, null, null, 40)
  database.exec(
    `INSERT INTO messages (id, session_id, position, role, status, parts, created_at)
     SELECT 'msg_of_' || id, id, 2, 'USER', 'COMPLETE', '[{"type":"text","text":"Do owls sleep?"}]', last_activity_at FROM sessions`,
  )
  if (version >= 2) {
    database
      .prepare('UPDATE sessions SET forked_from = ? WHERE id = ?')
      .run(`${namespace}20260101_120000_ab12cd:7`, fork)
    database.exec(`INSERT INTO files VALUES ('${'a'.repeat(64)}', '${parent}')`)
    database.exec(`INSERT INTO decisions VALUES ('apr_1', '${parent}', 'APPROVAL', 'PENDING', 7, '{"id":"apr_1"}')`)
    database.exec('UPDATE decision_changes SET newest = 8')
  }
  if (version >= 3) {
    database.exec(
      `INSERT INTO jobs VALUES ('job_1', 'Job', 'Do it', '0 9 * * *', 'UTC', 1, 1, NULL, 1, 'SCHEDULED', NULL, NULL, NULL, 1, 0, NULL, 1, 1, 1, 1);
       INSERT INTO job_runs VALUES ('jrn_1', 'job_1', 1, 'MANUAL', 'COMPLETE', NULL, 1, 2, 'Done', NULL, NULL, 5)`,
    )
  }
  if (version >= 4) database.exec(`INSERT INTO abroad VALUES ('${continuation}', 3)`)
  database.close()
  return path
}

const firstPage = { after: null, before: null, limit: 10, backwards: false }

describe('a released migration', () => {
  test('is frozen text', () => {
    const digests = migrations.map((sql) => createHash('sha256').update(sql).digest('hex'))
    expect(digests.slice(0, releasedDigests.length)).toEqual(releasedDigests)
  })

  test('repeats the numbers that the code uses', () => {
    const triggers = migrations.slice(releasedDigests.length).join('\n')
    expect(triggers).toContain(`DELETE FROM message_index WHERE rowid = ${invertSearchRowid(0)} - old.number`)
    expect(triggers).toContain(`DELETE FROM title_index WHERE rowid = ${invertSearchRowid(0)} - old.number`)
    expect(triggers).toContain(`length(new.parts) > ${maxPassageLength}`)
  })
})

test('a new database has the schema and the rows that the migrations make of an empty one', () => {
  const [created, migrated] = [new Database(':memory:'), new Database(':memory:')]
  migrate(created, 'work')
  applyMigrations(migrated, 'work')
  const select = (connection: Database.Database, sql: string): unknown[] => connection.prepare(sql).all()
  const objectsSql = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name'
  expect(select(created, objectsSql), 'Run node scripts/database/write-latest-schema.ts').toEqual(
    select(migrated, objectsSql),
  )
  // The tables of FTS5 with blocks of data have a number that counts changes of its settings.
  const tables = migrated
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'read_marks_start' AND name NOT LIKE '%index_data'`,
    )
    .pluck()
    .all()
  for (const table of tables) {
    expect(select(created, `SELECT * FROM "${table}"`), table).toEqual(select(migrated, `SELECT * FROM "${table}"`))
  }
  expect(select(created, 'SELECT count(*) AS rows FROM read_marks_start')).toEqual([{ rows: 1 }])
  expect(created.pragma('user_version')).toEqual(migrated.pragma('user_version'))
})

test('the conversation index has the same tables in a profile and in the index of Hermes', () => {
  const database = new SegueProfileDatabase(join(folder, 'segue.db'))
  database.transaction(() => undefined)
  database.close()
  const sql = (connection: Database.Database): string[] =>
    connection
      .prepare<[], string>(
        `SELECT sql FROM sqlite_master WHERE tbl_name IN ('conversation_sessions', 'conversations', 'pending_children', 'pending_rechecks', 'conversation_settings', 'conversation_counts')
         AND sql IS NOT NULL AND (type <> 'trigger' OR sql LIKE '%conversation_counts%') ORDER BY name`,
      )
      .pluck()
      .all()
      .map((text) =>
        text
          .replaceAll('"', '')
          .replaceAll(/--.*/g, '')
          .replaceAll(/\s+/g, ' ')
          .replaceAll(/ ([,)])/g, '$1'),
      )
  const profile = new Database(join(folder, 'segue.db'), { readonly: true })
  const index = openHermesConversationIndexDatabase(null)
  expect(sql(profile)).toEqual(sql(index))
  expect(sql(profile).length).toBeGreaterThan(8)
  profile.close()
  index.close()
})

describe.each([1, 2, 3, 4, 5])('a database of version %i', (version) => {
  test('shows its sessions, conversations and messages', async () => {
    const database = new SegueProfileDatabase(createDatabase(version))
    const sessions = new SqliteSessionReader(database)
    const rows = await sessions.listSessions(firstPage, {})
    expect(rows.map(({ id, parentId }) => [id, parentId])).toEqual([
      [fork, null],
      [continuation, '20260101_120000_ab12cd'],
      [child, parent],
      [parent, null],
    ])
    expect(rows[0]?.forkedFrom).toBe(version >= 2 ? '20260101_120000_ab12cd:7' : null)
    const page = await sessions.listConversations(firstPage, {})
    expect(page.conversations.map(({ rootId, tipId, isCrossOrigin }) => [rootId, tipId, isCrossOrigin])).toEqual([
      [fork, fork, false],
      [continuation, continuation, true],
      [parent, child, false],
    ])
    expect(await sessions.listMessages(parent, firstPage)).toMatchObject([
      { id: `msg_of_${parent}`, parts: [{ type: 'text', text: 'Do owls sleep?' }] },
    ])
    database.close()
  })

  test('numbers later changes after the earlier ones', async () => {
    const database = new SegueProfileDatabase(createDatabase(version))
    const decisions = new SqliteDecisionStore(database)
    const jobs = new SqliteJobStore(database)
    expect(await decisions.loadLatestChangeSeq()).toBe(version >= 2 ? 8 : 0)
    expect(await jobs.loadLatestChangeSeq()).toBe(version >= 3 ? 5 : 0)
    await database.refreshConversationIndex()
    const change = database
      .prepare<[string], { change: number }>('SELECT change FROM cross_origin_changes WHERE id = ?')
      .get(continuation)?.change
    expect(change).toBeGreaterThanOrEqual(version >= 4 ? 3 : 1)
    database.close()
  })

  test('keeps its idempotency keys, which belong to what their calls created', async () => {
    const path = createDatabase(version)
    const earlier = new Database(path)
    earlier.exec(
      `INSERT INTO streams (id, session_id, status, generation, model, user_message_id, usage, started_at, first_seq, last_seq, key, fingerprint)
       VALUES ('str_1', '${child}', 'COMPLETED', 1, 'm', 'msg_1', '${usage}', 7, 1, 1, 'chat', 'print')`,
    )
    if (version >= 2)
      earlier.exec(`UPDATE sessions SET key = 'compaction', fingerprint = 'other print' WHERE id = '${child}'`)
    earlier.close()

    const database = new SegueProfileDatabase(path)
    const keys = new SqliteIdempotencyKeyStore(database)
    const migrated = { outcome: null, isPending: false }
    const chat = { key: 'chat', fingerprint: 'print', createdId: 'str_1', createdAt: 7, ...migrated }
    expect(await keys.find('chat')).toEqual(chat)
    const compaction = { key: 'compaction', fingerprint: 'other print', createdId: child, createdAt: 1, ...migrated }
    expect(await keys.find('compaction')).toEqual(version >= 2 ? compaction : null)
    await new SqliteEventStore(database).deleteSessions([child])
    expect(await keys.find('chat')).toEqual({ ...chat, createdId: null })
    database.close()
  })

  test('keeps its references to blobs', async () => {
    const database = new SegueProfileDatabase(createDatabase(version))
    const hashes = ['a'.repeat(64), 'b'.repeat(64)]
    expect(await new SqliteEventStore(database).findUnreferencedBlobs(hashes)).toEqual(
      version >= 2 ? hashes.slice(1) : hashes,
    )
    database.close()
  })

  test('stores the ids of Hermes without the namespace of the profile, under whatever name it is opened', async () => {
    const path = createDatabase(version, { namespace: 'work@' })
    for (const profile of ['work', 'renamed']) {
      const database = new SegueProfileDatabase(path, { profile })
      const sessions = new SqliteSessionReader(database)
      const [row] = await sessions.findSessions([continuation])
      expect(row?.parentId).toBe(`${profile}@20260101_120000_ab12cd`)
      const events = new SqliteEventStore(database)
      expect((await events.findContinuation(`${profile}@20260101_120000_ab12cd`))?.id).toBe(continuation)
      expect(await events.findContinuation('20260101_120000_ab12cd')).toBeNull()
      const stored = database
        .prepare<[string], unknown>('SELECT parent_session_id, parent_origin FROM sessions WHERE id = ?')
        .get(continuation)
      expect(stored).toEqual({ parent_session_id: '20260101_120000_ab12cd', parent_origin: 'HERMES' })
      const [forked] = await sessions.findSessions([fork])
      expect(forked?.forkedFrom).toBe(version >= 2 ? `${profile}@20260101_120000_ab12cd:7` : null)
      database.close()
    }
  })
})

test('a copy of a summary by Hermes has its kind, as far as a session begins with it', async () => {
  const path = createDatabase(5)
  const old = new Database(path)
  const insert = old.prepare<[string, number, string, string]>(
    `INSERT INTO messages (id, session_id, position, role, status, parts, created_at)
     VALUES (?, '${fork}', ?, ?, 'COMPLETE', ?, 1)`,
  )
  const toParts = (text: string): string => JSON.stringify([{ type: 'text', text }])
  insert.run('msg_1', -3, 'USER', toParts('[CONTEXT COMPACTION — REFERENCE ONLY] Owls.'))
  insert.run('msg_2', -2, 'ASSISTANT', toParts('[CONTEXT SUMMARY]: Owls.'))
  insert.run('msg_3', -1, 'USER', toParts('What is a [CONTEXT SUMMARY]: ?'))
  insert.run('msg_4', 3, 'USER', toParts('[CONTEXT SUMMARY]: is what I want.'))
  old.close()
  const database = new SegueProfileDatabase(path)
  const messages = await new SqliteSessionReader(database).listMessages(fork, firstPage)
  expect(messages.map(({ id, kind }) => [id, kind])).toEqual([
    ['msg_1', 'SUMMARY'],
    ['msg_2', 'SUMMARY'],
    ['msg_3', undefined],
    [`msg_of_${fork}`, undefined],
    ['msg_4', undefined],
  ])
  database.close()
})

test('a conversation is pinned, and archived, if its tip was, and has the title that a person gave the tip', async () => {
  const path = createDatabase(5)
  const old = new Database(path)
  // The tip of the first conversation is its second session, in which nothing is pinned.
  old.exec(`UPDATE sessions SET pinned = 1 WHERE id = '${parent}';
    UPDATE sessions SET archived = 1, title = 'Renamed', title_source = 'PERSON' WHERE id = '${child}';
    UPDATE sessions SET pinned = 1 WHERE id IN ('${continuation}', '${fork}')`)
  old.close()
  const database = new SegueProfileDatabase(path)
  const sessions = new SqliteSessionReader(database)
  const { conversations } = await sessions.listConversations(firstPage, {})
  expect(
    conversations.map(({ rootId, pinned, archived, givenTitle }) => [rootId, pinned, archived, givenTitle]),
  ).toEqual([
    [fork, true, false, undefined],
    [continuation, true, false, undefined],
    [parent, false, true, 'Renamed'],
  ])
  const listed = await sessions.listSessions(firstPage, { archived: true, pinned: false })
  expect(listed.map(({ id, pinned, archived }) => [id, pinned, archived])).toEqual([
    [child, false, true],
    [parent, false, true],
  ])
  database.close()
})

test('a run of a job that has ended has the usage of the first stream of its session', async () => {
  const path = createDatabase(5)
  const old = new Database(path)
  const insert = old.prepare<[string, number]>(
    `INSERT INTO streams (id, session_id, status, generation, model, user_message_id, usage, started_at, first_seq, last_seq)
     VALUES (?, '${child}', 'COMPLETED', 2, 'test/owl', 'msg_1', json_set('${usage}', '$.inputTokens', ?), 1, 1, 2)`,
  )
  insert.run('str_2', 70)
  insert.run('str_1', 90)
  old.exec(`UPDATE job_runs SET session_id = '${child}';
    INSERT INTO job_runs VALUES ('jrn_2', 'job_1', 2, 'MANUAL', 'ERROR', NULL, 1, 2, NULL, 'No.', 'ses_deleted', 6),
      ('jrn_3', 'job_1', 3, 'MANUAL', 'ERROR', NULL, 1, 2, NULL, 'No.', NULL, 7)`)
  old.close()
  const database = new SegueProfileDatabase(path)
  const runs = await new SqliteJobStore(database).listRuns('job_1', firstPage)
  expect(runs.map((run) => [run.id, run.usage])).toEqual([
    ['jrn_3', null],
    ['jrn_2', null],
    ['jrn_1', { ...JSON.parse(usage), inputTokens: 70 }],
  ])
  database.close()
})

test('the conversations of an old database are counted, and so is each change of them', async () => {
  const path = join(folder, 'segue.db')
  const version = migrations.indexOf(migration030)
  const old = new Database(path)
  old.function('id_namespace', () => '')
  for (const sql of migrations.slice(0, version)) old.exec(sql)
  old.pragma(`user_version = ${version}`)
  const archived = 8
  const insert = old.prepare('INSERT INTO conversations VALUES (?, ?, 1, 1, ?, NULL)')
  for (const [id, flags] of [
    ['ses_1', 0],
    ['ses_2', 0],
    ['ses_3', archived],
  ] as const)
    insert.run(id, id, flags)
  old.close()
  const database = new SegueProfileDatabase(path)
  const sessions = new SqliteSessionReader(database)
  const count = async (filter: { archived: boolean }) =>
    (await sessions.countConversations(filter)).map((group) => group.count)
  expect([await count({ archived: false }), await count({ archived: true })]).toEqual([[2], [1]])
  database.transaction(() => {
    database.prepare('DELETE FROM conversations WHERE root_id = ?').run('ses_1')
    database.prepare('UPDATE conversations SET flags = 0, tip_id = root_id').run()
  })
  expect([await count({ archived: false }), await count({ archived: true })]).toEqual([[2], []])
  database.close()
})
