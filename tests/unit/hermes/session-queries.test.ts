import { expect, test } from 'vitest'
import { hermesTaskList } from '../../support/hermes/hermes-chat.ts'
import { firstPage, newDb, newReader } from '../../support/hermes/hermes-fixtures.ts'

const endOf9999 = Date.parse('9999-12-31T23:59:59.999Z')

test('a session has all properties of its row', () => {
  const hermes = newDb()
  hermes.addSession('root', { end_reason: 'compression' })
  hermes.addSession('s', {
    source: 'telegram',
    title: 'Trees',
    model: 'anthropic/claude',
    model_config: JSON.stringify({ _branched_from: 'a', _delegate_from: 'b', _reset_from: 'c', temperature: 1 }),
    started_at: 1_700_000_000.1239,
    ended_at: 1_700_000_100.5,
    end_reason: 'cli_close',
    pinned: 1,
    archived: 1,
    parent_session_id: 'root',
    input_tokens: 10,
    output_tokens: 20,
    reasoning_tokens: 5,
    cache_read_tokens: 7,
    cache_write_tokens: 3,
  })
  hermes.addMessage('s', 1_700_000_050.25)
  const { reader, log } = newReader(hermes.path)
  expect(reader.findSessions(['s', 'nobody'])).toEqual([
    {
      id: 's',
      origin: 'HERMES',
      profile: 'default',
      title: 'Trees',
      titleSource: null,
      source: 'telegram',
      model: 'anthropic/claude',
      startedAt: 1_700_000_000_124,
      endedAt: 1_700_000_100_500,
      endReason: 'cli_close',
      lastActivityAt: 1_700_000_050_250,
      pinned: true,
      archived: true,
      parentId: 'root',
      notContinuationOf: ['a', 'b', 'c'],
      forkedFrom: null,
      retryOf: null,
      takesPlaceOf: null,
      isSubagent: true,
      headSeq: 0,
      usage: { estimated: false, inputTokens: 20, outputTokens: 20, reasoningTokens: 5, cachedInputTokens: 7 },
    },
  ])
  expect(log).toEqual([])
})

test.each(['v2', 'v7'] as const)('columns that a %s file lacks read as null', (layout) => {
  const hermes = newDb(undefined, layout)
  hermes.addSession('s', { started_at: 5, input_tokens: 3 })
  hermes.addMessage('s', 6, { content: 'hello' })
  const { reader, log } = newReader(hermes.path)
  expect(reader.findSessions(['s'])).toMatchObject([
    {
      title: null,
      pinned: false,
      archived: false,
      lastActivityAt: 6_000,
      usage: { inputTokens: 3, cachedInputTokens: 0 },
    },
  ])
  expect(reader.listSessions(firstPage(5), {})).toHaveLength(1)
  expect(reader.listMessages('s', firstPage(5))).toMatchObject([{ parts: [{ type: 'text', text: 'hello' }] }])
  expect(reader.countMessages(['s'])).toEqual(new Map([['s', 1]]))
  expect(log).toEqual([])
})

test('a session without a source has the source unknown', () => {
  const hermes = newDb()
  hermes.db.exec(
    'DROP INDEX idx_sessions_source; DROP INDEX idx_sessions_source_id; ALTER TABLE sessions DROP COLUMN source',
  )
  hermes.db.prepare(`INSERT INTO sessions (id, started_at) VALUES ('s', 1)`).run()
  expect(newReader(hermes.path).reader.findSessions(['s'])).toMatchObject([{ source: 'unknown' }])
})

test('the last activity is the time of the newest visible message, else of the start', () => {
  const hermes = newDb()
  for (const id of ['empty', 'undone', 'archived', 'late']) hermes.addSession(id, { started_at: 10 })
  hermes.addMessage('undone', 20)
  hermes.addMessage('undone', 30, { active: 0, compacted: 0 })
  hermes.addMessage('archived', 40, { active: 0, compacted: 1 })
  hermes.addMessage('late', 60)
  hermes.addMessage('late', 50)
  const { reader } = newReader(hermes.path)
  const times = reader.findSessions(['empty', 'undone', 'archived', 'late']).map((s) => [s.id, s.lastActivityAt])
  expect(Object.fromEntries(times)).toEqual({ empty: 10_000, undone: 20_000, archived: 40_000, late: 60_000 })
  expect(reader.listSessions(firstPage(9), {}).map(({ id }) => id)).toEqual(['late', 'archived', 'undone', 'empty'])
})

test('a message whose active column is null is active', () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 1 })
  hermes.addMessage('s', 7, { active: null, content: 'old' })
  const { reader } = newReader(hermes.path)
  expect(reader.findSessions(['s'])).toMatchObject([{ lastActivityAt: 7_000 }])
  expect(reader.listMessages('s', firstPage(5))).toHaveLength(1)
  expect(reader.loadContextMessages('s')).toHaveLength(1)
})

test.each([
  ['too late', 5e246, endOf9999],
  ['negative', -5, 0],
  ['no number', 'yesterday', 0],
])('a start that is %s is corrected', (_, startedAt, expected) => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: startedAt, ended_at: startedAt })
  const { reader } = newReader(hermes.path)
  expect(reader.findSessions(['s'])).toMatchObject([{ startedAt: expected, lastActivityAt: expected }])
  expect(reader.listSessions(firstPage(5), {})).toHaveLength(1)
})

test('a start that is not a number is replaced by the time of the newest message', () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 'yesterday' })
  hermes.addMessage('s', 12)
  expect(newReader(hermes.path).reader.findSessions(['s'])).toMatchObject([
    { startedAt: 12_000, lastActivityAt: 12_000 },
  ])
})

test('invalid times of messages do not move a session', () => {
  const hermes = newDb()
  hermes.addSession('s', { started_at: 1 })
  hermes.addMessage('s', 12)
  for (const time of [5e246, 'soon', -3, Infinity]) hermes.addMessage('s', time)
  const { reader } = newReader(hermes.path)
  expect(reader.listSessions(firstPage(5), {})).toMatchObject([{ lastActivityAt: 12_000 }])
  expect(reader.listMessages('s', firstPage(9)).map(({ createdAt }) => createdAt)).toEqual([
    12_000,
    endOf9999,
    0,
    0,
    endOf9999,
  ])
})

test.each(['{"_branched_from": "a', '["_branched_from"]', '"_branched_from"', 'null', '{"_branched_from": 7}'])(
  'a model_config of %s contains no markers',
  (config) => {
    const hermes = newDb()
    hermes.addSession('s', { model_config: config })
    expect(newReader(hermes.path).reader.findSessions(['s'])).toMatchObject([{ notContinuationOf: [] }])
  },
)

test('cells of another type read as null or 0', () => {
  const hermes = newDb()
  hermes.addSession('s', { model: Buffer.from([1, 2]), end_reason: null, input_tokens: 'many', output_tokens: -4 })
  expect(newReader(hermes.path).reader.findSessions(['s'])).toMatchObject([
    { model: null, endReason: null, usage: { inputTokens: 0, outputTokens: 0 } },
  ])
})

test('ids are opaque: quotes, colons and NULs in them find no other session', () => {
  const hermes = newDb()
  const ids = ['a', `it's "quoted"`, 'api:1:2', 'emoji 🌱']
  for (const id of ids) hermes.addSession(id)
  const { reader } = newReader(hermes.path)
  expect(new Set(reader.findSessions([...ids, 'a\0b', 'a\ud800', '']).map(({ id }) => id))).toEqual(new Set(ids))
})

test('messages are counted for the sessions that exist', () => {
  const hermes = newDb()
  hermes.addSession('empty')
  hermes.addSession('s')
  hermes.addMessage('s', 1)
  hermes.addToolCalls('s', 2, ['x', 'y'])
  hermes.addToolResult('s', 3, 'x', 'done')
  hermes.addToolResult('s', 3, 'stray', 'whose?')
  expect(newReader(hermes.path).reader.countMessages(['empty', 's', 'nobody'])).toEqual(
    new Map([
      ['empty', 0],
      ['s', 3],
    ]),
  )
})

test('a message that Hermes writes in the name of the user does not count as one', () => {
  const hermes = newDb(undefined, 'v22')
  hermes.addSession('s')
  hermes.addMessage('s', 5, { content: 'Hello' })
  hermes.addMessage('s', 6, { role: 'assistant', content: null })
  hermes.addMessage('s', 7, { content: hermesTaskList })
  hermes.addSession('empty')
  hermes.addMessage('empty', 7, { content: hermesTaskList })
  const { reader } = newReader(hermes.path)
  expect(reader.findSessions(['s'])).toMatchObject([{ lastActivityAt: 6_000 }])
  const { conversations = [] } = reader.listConversations(firstPage(9), {}) ?? {}
  expect(conversations.map(({ rootId }) => rootId)).toEqual(['s'])
})
