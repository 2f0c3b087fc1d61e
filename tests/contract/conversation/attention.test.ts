import { describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newTool } from '../../support/fixtures/tools.ts'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import { ask, follow, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'
import { cancelStream, followStream, isEventOfType, never, startChat, streamToEnd } from '../support/chat.ts'
import { type Client, connect, type Transport, transports } from '../support/clients.ts'
import {
  AnswerApprovalDocument,
  AnswerClarificationDocument,
  ApprovalsDocument,
  ClarificationsDocument,
  CompactSessionDocument,
  ConversationsDocument,
  type ConversationsQueryVariables,
  DeleteSessionDocument,
  FollowConversationsDocument,
  MarkReadDocument,
  type MarkReadMutationVariables,
  RegenerateDocument,
  SearchDocument,
  SessionsDocument,
} from '../generated/graphql.ts'
import { newJob, runJob } from '../support/job.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

const hourMs = 3_600_000
const inSeconds = (ms: number): number => ms / 1000

let hermes: HermesDb

/** A conversation that is older than the server, and one that it continues in. */
function fillHermes(db: HermesDb): void {
  hermes = db
  db.addSession('old', { title: 'Trees', end_reason: 'compression' })
  db.addMessage('old', 2, { content: 'Birches' })
}

const newEnvironment = (transport: Transport = 'http'): Promise<TestEnvironment> =>
  newTestEnvironment(transport, { fillHermes })

async function load(client: Client, sessionId: string) {
  const { conversations } = await ask(client, ConversationsDocument, { ids: [sessionId] })
  return requireNonNull(conversations.edges[0]).node
}

const markRead = async (client: Client, variables: MarkReadMutationVariables) =>
  requireNonNull((await mutate(client, MarkReadDocument, variables)).markRead)

const list = async (client: Client, variables: ConversationsQueryVariables): Promise<string[]> =>
  (await ask(client, ConversationsDocument, variables)).conversations.edges.map(({ node }) => node.id)

/** Yields the conversations that change from now on. */
async function followConversations(client: Client) {
  const changes = follow(client, FollowConversationsDocument, {})
  expect((await changes.next()).value?.conversationsChanged.kind).toBe('READY')
  type Change = NonNullable<Awaited<ReturnType<typeof load>>>
  const until = async (sessionId: string, holds: (conversation: Change) => boolean): Promise<void> => {
    await readUntil(changes, (change): change is typeof change => {
      const { conversation, conversationId } = change.conversationsChanged
      return conversationId === `cnv_${sessionId}` && conversation !== null && holds(conversation)
    })
  }
  return until
}

const failing = { status: 400, body: { error: { message: 'No.' } } }

describe.each(transports)('over %s,', (transport) => {
  test('an answer is WORKING, then UNREAD although it was followed to its end, until it is marked', async () => {
    await using environment = await newEnvironment()
    await using client = environment.connect(transport)
    const until = await followConversations(environment.connect(transport))
    const go = Promise.withResolvers<void>()
    environment.provider.enqueue([{ text: 'Half' }, { wait: go.promise }, { finish: 'stop' }])
    const { id: streamId, session, startedAt } = await startChat(client, { text: 'Hello' })
    await until(session.id, ({ attention }) => attention === 'WORKING')
    expect(await load(client, session.id)).toMatchObject({
      attention: 'WORKING',
      attentionSession: { id: session.id },
      readAt: startedAt,
    })
    go.resolve()
    await readUntil(followStream(client, streamId), isEventOfType('StreamFinished'))
    await until(session.id, ({ attention }) => attention === 'UNREAD')
    const unread = await load(client, session.id)
    expect(unread).toMatchObject({ attention: 'UNREAD', attentionSession: { id: session.id }, readAt: startedAt })
    const read = await markRead(client, { conversationId: unread.id, key: 'k' })
    expect(read).toMatchObject({ attention: 'IDLE', attentionSession: null })
    expect(requireNonNull(read.readAt) > requireNonNull(unread.readAt)).toBe(true)
    await until(session.id, ({ readAt }) => readAt === read.readAt)
    await streamToEnd(client, { text: 'And again', sessionId: session.id })
    expect(await markRead(client, { conversationId: unread.id, key: 'k' })).toMatchObject({ attention: 'UNREAD' })
  })

  test('a question and an approval want more than an answer that is being made, also when it is read', async () => {
    await using segue = await startSegueWithTools([newTool()])
    await using client = connect(transport, segue.url)
    const until = await followConversations(client)
    const { session } = await startChat(client, { text: '/ask One?' })
    await until(session.id, ({ attention }) => attention === 'NEEDS_ANSWER')
    await markRead(client, { conversationId: `cnv_${session.id}` })
    expect(await load(client, session.id)).toMatchObject({ attention: 'NEEDS_ANSWER' })
    const { clarifications } = await ask(client, ClarificationsDocument, {})
    await mutate(client, AnswerClarificationDocument, { id: requireNonNull(clarifications[0]).id, answer: 'Yes' })
    await until(session.id, ({ attention }) => attention === 'UNREAD')
    await startChat(client, { text: '/ask Two?\n/tool files__write {"text":"Hi"}', sessionId: session.id })
    await until(session.id, ({ attention }) => attention === 'NEEDS_APPROVAL')
    const { approvals } = await ask(client, ApprovalsDocument, {})
    await mutate(client, AnswerApprovalDocument, { id: requireNonNull(approvals[0]).id, decision: 'DENY' })
    await until(session.id, ({ attention }) => attention === 'NEEDS_ANSWER')
  })

  test('a message that comes in through Hermes makes its conversation UNREAD, and a mark is kept by Segue', async () => {
    await using environment = await newEnvironment()
    await using client = environment.connect(transport)
    const until = await followConversations(client)
    expect(await load(client, 'old')).toMatchObject({ attention: 'IDLE', attentionSession: null, readAt: null })
    hermes.addMessage('old', inSeconds(Date.now()), { content: 'Oaks' })
    await until('old', ({ attention }) => attention === 'UNREAD')
    expect(await list(client, { attention: ['UNREAD'] })).toEqual(['cnv_old'])
    expect(await load(client, 'old')).toMatchObject({ attentionSession: { id: 'old' } })
    const read = await markRead(client, { conversationId: 'cnv_old' })
    await until('old', ({ readAt }) => readAt === read.readAt)
    expect(await load(client, 'old')).toMatchObject({ attention: 'IDLE', readAt: read.readAt })
    expect(await list(client, { attention: ['UNREAD'] })).toEqual([])
  })

  test('a mark covers a message of Hermes that is dated in the future, and none that comes in later', async () => {
    await using environment = await newEnvironment()
    await using client = environment.connect(transport)
    const until = await followConversations(client)
    expect(await load(client, 'old')).toMatchObject({ attention: 'IDLE' })
    hermes.addMessage('old', inSeconds(Date.now() + hourMs), { content: 'Oaks' })
    await until('old', ({ attention }) => attention === 'UNREAD')
    const { lastActivityAt } = await load(client, 'old')
    const read = await markRead(client, { conversationId: 'cnv_old', at: lastActivityAt })
    expect(read.attention).toBe('IDLE')
    expect(Date.parse(requireNonNull(read.readAt))).toBeLessThanOrEqual(Date.now())
    expect(await list(client, { attention: ['UNREAD'] })).toEqual([])
    // The session is read again.
    hermes.db.exec("UPDATE sessions SET title = 'Woods' WHERE id = 'old'")
    await until('old', ({ title, attention }) => title === 'Woods' && attention === 'IDLE')
    hermes.addMessage('old', inSeconds(Date.now() + 2 * hourMs), { content: 'Elms' })
    await until('old', ({ attention }) => attention === 'UNREAD')
    expect(await markRead(client, { conversationId: 'cnv_old' })).toMatchObject({ attention: 'IDLE' })
  })
})

describe.each(['webSocket', 'sse'] as const)('over %s,', (transport) => {
  test('a mark never goes back, and none is later than now', async () => {
    await using environment = await newEnvironment(transport)
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const conversationId = `cnv_${end.sessionId}`
    const before = await load(client, end.sessionId)
    const early = await markRead(client, { conversationId, at: '2001-01-01T00:00:00.000Z' })
    expect(early).toMatchObject({ attention: 'UNREAD', readAt: before.readAt })
    const late = await markRead(client, { conversationId, at: '2999-01-01T00:00:00.000Z' })
    expect(late.attention).toBe('IDLE')
    expect(Date.parse(late.readAt ?? '')).toBeLessThanOrEqual(Date.now())
    await streamToEnd(client, { text: 'Hello', sessionId: end.sessionId })
    expect(await load(client, end.sessionId)).toMatchObject({ attention: 'UNREAD' })
    const shown = await load(client, end.sessionId)
    expect(await markRead(client, { conversationId, at: shown.lastActivityAt })).toMatchObject({ attention: 'IDLE' })
  })

  test('whoever stops an answer has read it to its end', async () => {
    await using environment = await newEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ text: 'Half' }, { wait: never }])
    const { id, session } = await startChat(client, { text: 'Talk' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    const { stream } = await cancelStream(client, id)
    expect(await load(client, session.id)).toMatchObject({ attention: 'IDLE', readAt: stream.finishedAt })
  })

  test('an answer that failed is FAILED until it is read or tried again', async () => {
    await using environment = await newEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([failing])
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const failed = { attention: 'FAILED', attentionSession: { id: end.sessionId } }
    expect(await load(client, end.sessionId)).toMatchObject(failed)
    expect(await list(client, { attention: ['FAILED', 'UNREAD'] })).toEqual([`cnv_${end.sessionId}`])
    const go = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Now' }, { wait: go.promise }, { finish: 'stop' }])
    const { id } = await startChat(client, { text: 'Once more', sessionId: end.sessionId })
    expect(await load(client, end.sessionId)).toMatchObject({ attention: 'WORKING' })
    go.resolve()
    await readUntil(followStream(client, id), isEventOfType('StreamFinished'))
    expect(await load(client, end.sessionId)).toMatchObject({ attention: 'UNREAD' })
  })

  test('a mark stays with retries and continuations when the root is deleted', async () => {
    await using environment = await newEnvironment(transport)
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const root = end.sessionId
    const compacted = await mutate(client, CompactSessionDocument, { id: root })
    const continuation = requireNonNull(compacted.compactSession).id
    const { end: second } = await streamToEnd(client, { text: 'Again', sessionId: continuation })
    const retry = await mutate(client, RegenerateDocument, { messageId: requireNonNull(second.message).id })
    const retried = requireNonNull(retry.regenerate)
    await readUntil(followStream(client, retried.id), isEventOfType('StreamFinished'))
    expect(await load(client, root)).toMatchObject({
      attention: 'UNREAD',
      attentionSession: { id: retried.session.id },
    })
    const { readAt } = await markRead(client, { conversationId: `cnv_${root}` })
    await mutate(client, DeleteSessionDocument, { id: root })
    expect(await load(client, continuation)).toMatchObject({ id: `cnv_${continuation}`, attention: 'IDLE', readAt })
    await mutate(client, DeleteSessionDocument, { id: continuation })
    const { session } = retried
    expect(await load(client, session.id)).toMatchObject({ id: `cnv_${session.id}`, attention: 'IDLE', readAt })
  })

  test('a run of a job is UNREAD: nobody has sent its message', async () => {
    await using environment = await newEnvironment(transport)
    const { client } = environment
    const until = await followConversations(client)
    const { run } = await runJob(client, (await newJob(client, { prompt: 'Hello' })).id)
    const sessionId = requireNonNull(run.session).id
    await until(sessionId, ({ attention }) => attention === 'UNREAD')
    expect(await load(client, sessionId)).toMatchObject({ attention: 'UNREAD', readAt: null })
  })

  test('a retry in Segue marks the conversation of Hermes that it belongs to', async () => {
    await using environment = await newEnvironment(transport)
    const { client } = environment
    hermes.addSession('new', { title: 'Woods' })
    const messageId = `new:${hermes.addMessage('new', inSeconds(Date.now() - 1000), { content: 'Elms?' })}`
    hermes.addMessage('new', inSeconds(Date.now() - 500), { content: 'Elms.', role: 'assistant' })
    const retry = requireNonNull((await mutate(client, RegenerateDocument, { messageId })).regenerate)
    await readUntil(followStream(client, retry.id), isEventOfType('StreamFinished'))
    const retried = { attention: 'UNREAD', attentionSession: { id: retry.session.id }, readAt: retry.startedAt }
    expect(await load(client, 'new')).toMatchObject({ id: 'cnv_new', ...retried })
    const { readAt } = await markRead(client, { conversationId: 'cnv_new' })
    expect(await load(client, 'new')).toMatchObject({ attention: 'IDLE', readAt })
    hermes.addMessage('new', inSeconds(Date.now() + hourMs), { content: 'Ashes?' })
    expect(await load(client, retry.session.id)).toMatchObject({
      id: 'cnv_new',
      attention: 'UNREAD',
      attentionSession: { id: 'new' },
    })
    const sessions = await ask(client, SessionsDocument, { attention: ['UNREAD'] })
    expect(sessions.sessions.edges.map(({ node }) => node.id).toSorted()).toEqual(['new', retry.session.id].toSorted())
  })

  test('after a crash, what was being made and what was asked is UNREAD, and the marks are as they were', async () => {
    await using crashed = await startSegueWithTools([newTool()])
    await using before = connect(transport, crashed.url)
    const { end } = await streamToEnd(before, { text: 'Hello' })
    const { readAt } = await markRead(before, { conversationId: `cnv_${end.sessionId}` })
    const until = await followConversations(before)
    const { session } = await startChat(before, { text: '/ask One?' })
    await until(session.id, ({ attention }) => attention === 'NEEDS_ANSWER')
    await using segue = await startSegueWithTools([newTool()], { home: crashed.copyHome() })
    await using client = connect(transport, segue.url)
    expect(await load(client, session.id)).toMatchObject({ attention: 'UNREAD', attentionSession: { id: session.id } })
    expect(await load(client, end.sessionId)).toMatchObject({ attention: 'IDLE', readAt })
    expect(await list(client, { attention: ['WORKING', 'NEEDS_ANSWER'] })).toEqual([])
  })

  test('the filter finds conversations, their sessions, and messages in them', async () => {
    await using environment = await newEnvironment(transport)
    const { client } = environment
    const { end: read } = await streamToEnd(client, { text: 'Maples' })
    await markRead(client, { conversationId: `cnv_${read.sessionId}` })
    const { end: unread } = await streamToEnd(client, { text: 'Maples' })
    hermes.addSession('unread', {})
    hermes.addMessage('unread', inSeconds(Date.now() + hourMs), { content: 'Maples' })
    const expected = [unread.sessionId, 'unread'].toSorted()
    const ids = [read.sessionId, unread.sessionId, 'unread', 'old']
    for (const filter of [{}, { ids }]) {
      const conversations = await list(client, { ...filter, attention: ['UNREAD'] })
      expect(conversations.map((id) => id.slice('cnv_'.length)).toSorted()).toEqual(expected)
      const { sessions } = await ask(client, SessionsDocument, { ...filter, attention: ['UNREAD'] })
      expect(sessions.edges.map(({ node }) => node.id).toSorted()).toEqual(expected)
      const found = await ask(client, SearchDocument, { query: 'Maples', ...filter, attention: ['UNREAD'] })
      const hits = requireNonNull(found.search).edges.map(({ node }) => node.session.id)
      expect([...new Set(hits)].toSorted()).toEqual(expected)
    }
    expect(await list(client, { attention: [] })).toEqual([])
    expect(await list(client, { attention: ['IDLE'] })).toEqual([`cnv_${read.sessionId}`, 'cnv_old'])
  })
})
