import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrations } from '../../../../src/storage/sqlite/database/migrations.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteSessionReader } from '../../../../src/storage/sqlite/sessions/sqlite-session-reader.ts'

/** The last version that stored retries as forks. */
const oldVersion = 14
const usage = '{"inputTokens":0,"outputTokens":0,"cachedInputTokens":0,"reasoningTokens":0,"estimated":false}'
const startedAt = 1000

let folder: string
let old: Database.Database

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'segue-migrations-'))
  old = new Database(join(folder, 'segue.db'))
  old.function('id_namespace', () => '')
  for (const sql of migrations.slice(0, oldVersion)) old.exec(sql)
  old.pragma(`user_version = ${oldVersion}`)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Ids that Segue could have made, so that they are told from those of Hermes. */
const toId = (prefix: string, name: string) => `${prefix}_${`0${name}`.padEnd(26, '0')}`
const ses = (name: string) => toId('ses', name)
const msg = (name: string) => toId('msg', name)

interface OldMessage {
  readonly name: string
  readonly role?: 'USER' | 'ASSISTANT'
  /** The text, or the parts as JSON. */
  readonly parts: string
  readonly position: number
  readonly at: number
  readonly withdrawn?: boolean
}

function addSession(name: string, messages: readonly OldMessage[], forkedFrom: string | null = null): void {
  const origin = forkedFrom === null ? null : forkedFrom.startsWith('msg_') ? 'SEGUE' : 'HERMES'
  old
    .prepare(
      `INSERT INTO sessions (id, title, source, started_at, last_activity_at, message_count, usage, forked_from, forked_from_origin)
       VALUES (?, 'A chat', 'segue', ?, ?, ?, ?, ?, ?)`,
    )
    .run(ses(name), startedAt, messages.at(-1)?.at ?? startedAt, messages.length, usage, forkedFrom, origin)
  for (const message of messages) addMessage(name, message)
}

function addMessage(
  session: string,
  { name, role = 'USER', parts, position, at, withdrawn = false }: OldMessage,
): void {
  const json = parts.startsWith('[') ? parts : JSON.stringify([{ type: 'text', text: parts }])
  const streamId = position < 0 ? null : toId('str', `${session}${Math.floor(position / 2)}`)
  old
    .prepare(
      `INSERT INTO messages (id, session_id, position, withdrawn, role, status, parts, created_at, stream_id)
       VALUES (?, ?, ?, ?, ?, 'COMPLETE', ?, ?, ?)`,
    )
    .run(msg(name), ses(session), position, withdrawn ? 1 : 0, role, json, at, streamId)
  if (role !== 'USER' || streamId === null) return
  old
    .prepare(
      `INSERT INTO streams (id, session_id, status, generation, model, user_message_id, usage, started_at, finished_at, first_seq, last_seq)
       VALUES (?, ?, 'COMPLETED', 1, 'm', ?, ?, ?, ?, 1, 9)`,
    )
    .run(streamId, ses(session), msg(name), usage, at, at)
}

const user = (name: string, position: number, at: number, parts: string): OldMessage => ({ name, position, at, parts })
const agent = (name: string, position: number, at: number, parts: string): OldMessage => ({
  ...user(name, position, at, parts),
  role: 'ASSISTANT',
})

/** Two turns. */
function addTalk(): void {
  addSession('talk', [
    user('u1', 2, 10, 'First'),
    agent('a1', 3, 11, '[{"type":"tool","call":{"id":"tcl_1","name":"look","result":{"n":12345678901234567890}}}]'),
    user('u2', 4, 20, 'Second'),
    agent('a2', 5, 21, 'Two.'),
  ])
}

const copiesOfFirstTurn = (name: string, position = -2) => [
  user(`${name}c1`, position, 10, 'First'),
  agent(
    `${name}c2`,
    position + 1,
    11,
    `[{"type":"tool","call":{"id":"tcl_${name}","name":"look","result":{"n":12345678901234567890}}}]`,
  ),
]

async function migrate() {
  old.close()
  const database = new SegueProfileDatabase(join(folder, 'segue.db'))
  const reader = new SqliteSessionReader(database)
  const conversations = await reader.listConversations({ after: null, before: null, limit: 10, backwards: false }, {})
  const rows = database
    .prepare<[], { id: string; copy_of: string | null; turn_id: string | null }>('SELECT * FROM messages')
    .all()
  const messages = new Map(rows.map((row) => [row.id, { copyOf: row.copy_of, turnId: row.turn_id }]))
  const sessions = new Map(
    (
      await reader.findSessions(
        database
          .prepare<[], { id: string }>('SELECT id FROM sessions')
          .all()
          .map(({ id }) => id),
      )
    ).map((session) => [session.id, session]),
  )
  database.close()
  return { roots: conversations.conversations.map(({ rootId }) => rootId).toSorted(), messages, sessions }
}

test('A fork that begins without a copy of its user message becomes a retry, also of a retry; another fork stays one', async () => {
  addTalk()
  addSession(
    'retry',
    [...copiesOfFirstTurn('r'), user('ru', 2, 1001, 'Second'), agent('ra', 3, 1002, 'Two, again.')],
    msg('u2'),
  )
  addSession('again', [...copiesOfFirstTurn('g'), user('gu', 2, 1001, 'Other')], msg('ru'))
  addSession('fork', [...copiesOfFirstTurn('f'), user('fu', 2, 1001, 'Other')], msg('a1'))
  const { roots, messages, sessions } = await migrate()
  expect(roots).toEqual([ses('fork'), ses('talk')])
  expect(sessions.get(ses('retry'))).toMatchObject({ retryOf: msg('u2'), takesPlaceOf: ses('talk'), forkedFrom: null })
  expect(sessions.get(ses('again'))).toMatchObject({ retryOf: msg('ru'), takesPlaceOf: ses('talk'), forkedFrom: null })
  expect(sessions.get(ses('fork'))).toMatchObject({ retryOf: null, takesPlaceOf: null, forkedFrom: msg('a1') })
  for (const name of ['r', 'g', 'f']) {
    expect(messages.get(msg(`${name}c1`))).toEqual({ copyOf: msg('u1'), turnId: msg('u1') })
    expect(messages.get(msg(`${name}c2`))).toEqual({ copyOf: msg('a1'), turnId: msg('u1') })
  }
  for (const name of ['u2', 'a2', 'ru', 'ra', 'gu'])
    expect([name, messages.get(msg(name))]).toEqual([name, { copyOf: null, turnId: msg('u2') }])
  expect(messages.get(msg('fu'))).toEqual({ copyOf: null, turnId: msg('fu') })
})

test('A fork after a withdrawn message has no copy of it: it becomes a retry only if its first message came with it', async () => {
  addTalk()
  addMessage('talk', { ...user('w', 6, 30, 'Never mind'), withdrawn: true })
  const copies = (name: string) => [
    ...copiesOfFirstTurn(name, -4),
    user(`${name}c3`, -2, 20, 'Second'),
    agent(`${name}c4`, -1, 21, 'Two.'),
  ]
  addSession('fork', [...copies('f'), user('fu', 2, startedAt + 500, 'On')], msg('w'))
  addSession('retry', [...copies('r'), user('ru', 2, startedAt, 'Do mind')], msg('w'))
  const { roots, sessions } = await migrate()
  expect(roots).toEqual([ses('fork'), ses('talk')])
  expect(sessions.get(ses('retry'))?.retryOf).toBe(msg('w'))
})

test('A fork whose first own message is not next to its copies, or came later, stays a fork', async () => {
  addTalk()
  addSession('fork', copiesOfFirstTurn('f'), msg('u2'))
  addSession('other', [user('o', 2, 900, 'Another chat')])
  addMessage('fork', user('fu', 2, 1001, 'Later'))
  addSession('changed', [...copiesOfFirstTurn('c'), user('cu', 4, 1001, 'After a change of the title')], msg('u2'))
  expect((await migrate()).roots).toEqual(['changed', 'fork', 'other', 'talk'].map(ses))
})

test('A session that tries a turn of Hermes again takes the place of the Hermes session; its copies name no originals', async () => {
  addSession('retry', [...copiesOfFirstTurn('r'), user('ru', 2, 1000, 'Second')], '2026_a:b:7')
  addSession('fork', [...copiesOfFirstTurn('f'), user('fu', 2, 1004, 'Second')], '2026_a:b:7')
  const { messages, sessions } = await migrate()
  expect(sessions.get(ses('retry'))).toMatchObject({
    retryOf: '2026_a:b:7',
    takesPlaceOf: '2026_a:b',
    forkedFrom: null,
  })
  expect(sessions.get(ses('fork'))).toMatchObject({ retryOf: null, forkedFrom: '2026_a:b:7' })
  expect(messages.get(msg('rc2'))).toEqual({ copyOf: null, turnId: msg('rc1') })
  expect(messages.get(msg('ru'))).toEqual({ copyOf: null, turnId: '2026_a:b:7' })
})

test('A copy that fits two messages names neither', async () => {
  addSession('talk', [
    user('u1', 2, 10, 'Yes'),
    user('u2', 4, 10, 'Yes'),
    user('u3', 6, 11, 'Yes'),
    agent('a3', 7, 12, 'Fine.'),
  ])
  const copies = [
    user('c1', -4, 10, 'Yes'),
    user('c2', -3, 10, 'Yes'),
    user('c3', -2, 11, 'Yes'),
    agent('c4', -1, 12, 'Fine.'),
  ]
  addSession('fork', copies, msg('a3'))
  const { messages } = await migrate()
  expect(['c1', 'c2', 'c3', 'c4'].map((name) => messages.get(msg(name))?.copyOf)).toEqual([
    null,
    null,
    msg('u3'),
    msg('a3'),
  ])
})

test('Many retries of a long chat, each made from the one before, name the originals within seconds', async () => {
  const turns = 50
  const retries = 250
  const copyOfTurns = (name: string, offset: number) =>
    Array.from({ length: turns }, (_, turn) => [
      user(`${name}u${turn}x`, 2 * turn - offset, 10 + 2 * turn, `Question ${turn}`),
      agent(`${name}a${turn}x`, 2 * turn + 1 - offset, 11 + 2 * turn, `Answer ${turn}`),
    ]).flat()
  old.transaction(() => {
    addSession('talk', [...copyOfTurns('o', 2 * turns), user('last0x', 2, 900, 'Last')])
    for (let i = 1; i <= retries; i++) {
      addSession(
        `r${i}x`,
        [...copyOfTurns(`c${i}x`, 2 * turns), user(`last${i}x`, 2, 1001, 'Last')],
        msg(`last${i - 1}x`),
      )
    }
  })()
  const { roots, messages, sessions } = await migrate()
  expect(roots).toEqual([ses('talk')])
  expect(sessions.get(ses(`r${retries}x`))).toMatchObject({ takesPlaceOf: ses('talk') })
  expect(messages.get(msg(`c${retries}xa${turns - 1}x`))).toEqual({
    copyOf: msg(`oa${turns - 1}x`),
    turnId: msg(`ou${turns - 1}x`),
  })
  expect(messages.get(msg(`last${retries}x`))?.turnId).toBe(msg('last0x'))
})

test('Retries of a session of Hermes that was gone already become one conversation, whose index is complete', async () => {
  const version = 21
  for (const sql of migrations.slice(oldVersion, version)) old.exec(sql)
  old.pragma(`user_version = ${version}`)
  for (const [index, name] of ['first', 'second'].entries()) {
    addSession(name, [user(`${name}u`, 2, 1001, 'Again')])
    old
      .prepare(
        "UPDATE sessions SET takes_place_of = 'gone', takes_place_of_origin = 'HERMES', started_at = ? WHERE id = ?",
      )
      .run(startedAt + index, ses(name))
    // The index as that version left it, with a row for each of them.
    old
      .prepare(
        `INSERT INTO conversation_sessions
           (id, continues, is_retry, can_be_continued, started_at, message_at, activity_at, flags, root_id, depth)
         VALUES (:id, 'gone', 1, 0, :at, 1001, 1001, 0, :id, 0)`,
      )
      .run({ id: ses(name), at: startedAt + index })
    old.prepare('INSERT INTO conversations VALUES (:id, :id, 1, 1001, 64)').run({ id: ses(name) })
  }
  old.exec('DELETE FROM pending_sessions')
  old.close()
  const database = new SegueProfileDatabase(join(folder, 'segue.db'))
  const ids = [ses('first'), ses('second')]
  const conversations = await new SqliteSessionReader(database).findConversationsBySession(ids)
  for (const id of ids) expect(conversations.get(id)).toMatchObject({ rootId: ses('first'), segmentCount: 2 })
  database.close()
})
