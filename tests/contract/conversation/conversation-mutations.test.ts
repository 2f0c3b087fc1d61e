import { describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask, expectRefusal, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'
import {
  followSession,
  followStream,
  isEventOfType,
  loadSession,
  newSession,
  startChat,
  streamToEnd,
  never,
} from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import {
  CompactSessionDocument,
  ConversationNodeDocument,
  ConversationsDocument,
  type ConversationsQueryVariables,
  DeleteConversationDocument,
  DeleteSessionDocument,
  RegenerateDocument,
  SearchDocument,
  SessionsDocument,
  StreamDocument,
  UpdateConversationDocument,
  type UpdateConversationMutationVariables,
  UpdateSessionDocument,
} from '../generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

const update = async (client: Client, variables: UpdateConversationMutationVariables) =>
  requireNonNull((await mutate(client, UpdateConversationDocument, variables)).updateConversation)

const load = async (client: Client, id: string) => (await ask(client, ConversationNodeDocument, { id })).node

const list = async (client: Client, variables: ConversationsQueryVariables): Promise<string[]> =>
  (await ask(client, ConversationsDocument, variables)).conversations.edges.map(({ node }) => node.id)

/** Starts a conversation of two sessions: the second continues the first. */
async function newContinuedChat(client: Client): Promise<{ root: string; tip: string }> {
  const { end } = await streamToEnd(client, { text: 'Hello' })
  const compacted = await mutate(client, CompactSessionDocument, { id: end.sessionId })
  const tip = requireNonNull(compacted.compactSession).id
  await streamToEnd(client, { text: 'Hello again', sessionId: tip })
  return { root: end.sessionId, tip }
}

let hermes: HermesDb

function fillHermes(db: HermesDb): void {
  hermes = db
  db.addSession('one', { started_at: 1, end_reason: 'compression', title: 'Trees' })
  db.addMessage('one', 2, { content: 'Hello' })
  db.addSession('two', { started_at: 3, parent_session_id: 'one', title: 'Trees #2' })
  db.addMessage('two', 4, { content: 'Hello again' })
}

const newEnvironment = (): Promise<TestEnvironment> => newTestEnvironment('http', { fillHermes })

describe.each(transports)('over %s,', (transport) => {
  test('updateConversation sets title, pin and archive for all sessions, and the log of the tip tells', async () => {
    await using environment = await newEnvironment()
    await using client = environment.connect(transport)
    const { root, tip } = await newContinuedChat(environment.client)
    const id = `cnv_${root}`
    const { headSeq } = await loadSession(client, tip)
    const told = readUntil(followSession(environment.client, tip, headSeq), isEventOfType('SessionChanged'))
    const changed = await update(client, { id, title: ' My \n trip ', pinned: true, archived: true })
    expect(changed).toMatchObject({
      id,
      title: 'My trip',
      pinned: true,
      archived: true,
      root: { id: root },
      tip: { id: tip },
    })
    expect((await told).last).toMatchObject({ seq: headSeq + 1, session: { id: tip } })
    for (const sessionId of [root, tip])
      expect(await loadSession(client, sessionId)).toMatchObject({ pinned: true, archived: true })
    expect(await list(client, { pinned: true, archived: true })).toEqual([id])
    expect(await update(client, { id, title: null, pinned: null, archived: false })).toMatchObject({
      title: 'My trip',
      pinned: true,
      archived: false,
    })
    const rootTitle = (await loadSession(client, root)).title
    expect(await update(client, { id, title: '' })).toMatchObject({ title: rootTitle, pinned: true })
  })

  test('deleteConversation deletes all sessions, and once', async () => {
    await using environment = await newEnvironment()
    await using client = environment.connect(transport)
    const { root, tip } = await newContinuedChat(environment.client)
    const id = `cnv_${root}`
    const followed = Array.fromAsync(followSession(environment.client, tip, 0))
    expect((await mutate(client, DeleteConversationDocument, { id, key: 'k' })).deleteConversation).toBe(id)
    await followed
    expect(await load(client, id)).toBeNull()
    const { sessions } = await ask(client, SessionsDocument, { ids: [root, tip] })
    expect(sessions.edges).toEqual([])
    expect((await mutate(client, DeleteConversationDocument, { id, key: 'k' })).deleteConversation).toBe(id)
    expect(await expectRefusal(client, DeleteConversationDocument, { id })).toMatchObject({ code: 'NOT_FOUND' })
  })
})

test('a conversation with an active stream is not deleted, in none of its sessions', async () => {
  await using environment = await newEnvironment()
  const { client, provider } = environment
  const { root, tip } = await newContinuedChat(client)
  provider.enqueue([{ text: 'Well' }, { wait: never }])
  const stream = await startChat(client, { text: 'Where?', sessionId: tip })
  expect(await expectRefusal(client, DeleteConversationDocument, { id: `cnv_${root}` })).toMatchObject({
    code: 'SESSION_BUSY',
    streamId: stream.id,
  })
  expect((await ask(client, SessionsDocument, { ids: [root, tip] })).sessions.edges).toHaveLength(2)
})

test('a conversation that has a session of Hermes is not deleted', async () => {
  await using environment = await newEnvironment()
  const { client } = environment
  hermes.db.exec("UPDATE sessions SET end_reason = 'cli_close' WHERE id = 'two'")
  const continuation = await newSession(client, 'two')
  await streamToEnd(client, { text: 'Hello', sessionId: continuation })
  const refusal = await expectRefusal(client, DeleteConversationDocument, { id: 'cnv_one' })
  expect(refusal).toMatchObject({ code: 'SESSION_READ_ONLY' })
  expect(await loadSession(client, continuation)).toMatchObject({ id: continuation })
})

test('the title is the one that a person gave last to the conversation or to its tip, else that of the root', async () => {
  await using environment = await newEnvironment()
  const { client } = environment
  const { root, tip } = await newContinuedChat(client)
  const id = `cnv_${root}`
  await mutate(client, UpdateSessionDocument, { id: root, title: 'Of the root' })
  expect(await load(client, id)).toMatchObject({ title: 'Of the root' })
  await mutate(client, UpdateSessionDocument, { id: tip, title: 'Of the tip' })
  expect(await load(client, id)).toMatchObject({ title: 'Of the tip' })
  await update(client, { id, title: 'Of the conversation' })
  await mutate(client, UpdateSessionDocument, { id: root, title: 'Of the root again' })
  expect(await load(client, id)).toMatchObject({ title: 'Of the conversation' })
  await update(client, { id, title: '' })
  expect(await load(client, id)).toMatchObject({ title: 'Of the root again', tip: { title: 'Of the tip' } })
})

test('updateSession of any session sets pin and archive for the conversation', async () => {
  await using environment = await newEnvironment()
  const { client } = environment
  const { root, tip } = await newContinuedChat(client)
  const { headSeq } = await loadSession(client, tip)
  const told = readUntil(followSession(client, tip, headSeq), isEventOfType('SessionChanged'))
  await mutate(client, UpdateSessionDocument, { id: root, pinned: true })
  expect((await told).last.session).toMatchObject({ id: tip })
  expect(await load(client, `cnv_${root}`)).toMatchObject({ pinned: true })
})

test('settings survive continuation and the deletion of the root', async () => {
  await using environment = await newEnvironment()
  const { client } = environment
  const { root, tip } = await newContinuedChat(client)
  await update(client, { id: `cnv_${root}`, title: 'My trip', pinned: true })
  const compacted = await mutate(client, CompactSessionDocument, { id: tip })
  const newest = requireNonNull(compacted.compactSession)
  expect(newest).toMatchObject({ pinned: true })
  await mutate(client, DeleteSessionDocument, { id: root })
  expect(await load(client, `cnv_${tip}`)).toMatchObject({ title: 'My trip', pinned: true, segmentCount: 2 })
  await mutate(client, DeleteSessionDocument, { id: tip })
  expect(await load(client, `cnv_${newest.id}`)).toMatchObject({ title: 'My trip', pinned: true })
})

test("a Hermes conversation is renamed, pinned and archived without a change of Hermes' file, and keeps that when Hermes prunes its root", async () => {
  await using environment = await newEnvironment()
  const { client } = environment
  const dataVersion = (): unknown => hermes.db.pragma('data_version', { simple: true })
  const before = dataVersion()
  expect(await load(client, 'cnv_one')).toMatchObject({ title: 'Trees', pinned: false })
  await update(client, { id: 'cnv_one', title: 'Woods', pinned: true, archived: true })
  expect(await loadSession(client, 'two')).toMatchObject({ pinned: true, archived: true, title: 'Trees #2' })
  expect(await list(client, { pinned: true })).toEqual(['cnv_one'])
  expect(dataVersion()).toBe(before)

  hermes.db.exec("UPDATE sessions SET end_reason = 'compression' WHERE id = 'two'")
  hermes.addSession('three', { started_at: 5, parent_session_id: 'two', title: 'Trees #3' })
  hermes.addMessage('three', 6, { content: 'Once more' })
  expect(await load(client, 'cnv_one')).toMatchObject({ title: 'Woods', tip: { id: 'three', pinned: true } })
  hermes.db.exec(`UPDATE sessions SET parent_session_id = NULL WHERE id = 'three';
    DELETE FROM messages WHERE session_id IN ('one', 'two'); DELETE FROM sessions WHERE id IN ('one', 'two'); VACUUM`)
  expect(await load(client, 'cnv_three')).toMatchObject({ title: 'Woods', pinned: true, archived: true })
  expect(await list(client, { pinned: true, archived: true })).toEqual(['cnv_three'])
})

test('what Hermes has stored counts until it is set here, and a continuation in Segue keeps what was set', async () => {
  await using environment = await newEnvironment()
  const { client } = environment
  hermes.db.exec("UPDATE sessions SET pinned = 1, end_reason = 'cli_close' WHERE id = 'two'")
  expect(await load(client, 'cnv_one')).toMatchObject({ pinned: true, root: { id: 'one' } })
  expect(await loadSession(client, 'one')).toMatchObject({ pinned: true })
  await update(client, { id: 'cnv_one', pinned: false, archived: true })
  const continuation = await newSession(client, 'two')
  await streamToEnd(client, { text: 'Hello', sessionId: continuation })
  expect(await loadSession(client, continuation)).toMatchObject({ pinned: false, archived: true })
  expect(await list(client, { archived: true })).toEqual(['cnv_one'])
})

test('the filters of search follow what is set, in both origins', async () => {
  await using environment = await newEnvironment()
  const { client } = environment
  const { end } = await streamToEnd(client, { text: 'Hello' })
  const find = async (filter: { pinned?: boolean; archived?: boolean }): Promise<string[]> => {
    const { search } = await ask(client, SearchDocument, { query: 'Hello', ...filter })
    return [...new Set(requireNonNull(search).edges.map(({ node }) => node.session.id))].toSorted()
  }
  expect(await find({ pinned: true })).toEqual([])
  for (const id of ['cnv_one', `cnv_${end.sessionId}`]) await update(client, { id, pinned: true })
  expect(await find({ pinned: true })).toEqual(['one', end.sessionId, 'two'].toSorted())
  await update(client, { id: 'cnv_one', archived: true })
  expect(await find({ archived: true })).toEqual(['one', 'two'])
  expect(await find({ pinned: true, archived: false })).toEqual([end.sessionId])
})

test('a retry has the settings of its conversation, and keeps them when the first try is deleted', async () => {
  await using environment = await newEnvironment()
  const { client } = environment
  const { end } = await streamToEnd(client, { text: 'Hello' })
  await update(client, { id: `cnv_${end.sessionId}`, title: 'My trip', pinned: true })
  const { regenerate } = await mutate(client, RegenerateDocument, { messageId: requireNonNull(end.message).id })
  const retry = requireNonNull(regenerate)
  await readUntil(followStream(client, retry.id), isEventOfType('StreamFinished'))
  const { session } = requireNonNull((await ask(client, StreamDocument, { id: retry.id })).stream)
  expect(await loadSession(client, session.id)).toMatchObject({ pinned: true })
  expect(await load(client, `cnv_${end.sessionId}`)).toMatchObject({ title: 'My trip', tip: { id: session.id } })
  await mutate(client, DeleteSessionDocument, { id: end.sessionId })
  expect(await load(client, `cnv_${session.id}`)).toMatchObject({ title: 'My trip', pinned: true })
})
