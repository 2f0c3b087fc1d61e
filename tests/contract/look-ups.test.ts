import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { segueVersion } from '../../src/config/command-line/segue-version.ts'
import { errorCodeDescriptions } from '../../src/lib/errors.ts'
import type { HermesDb } from '../support/hermes/hermes-db.ts'
import {
  ConversationDocument,
  CreateSessionDocument,
  JobDocument,
  MessageDocument,
  MessagesDocument,
  ModelNodeDocument,
  ModelsDocument,
  NodeDocument,
  ProfilesDocument,
  SessionByKeyDocument,
  UpdateJobDocument,
  UpdateSessionDocument,
} from './generated/graphql.ts'
import { newSession, startChat, streamToEnd } from './support/chat.ts'
import { readingTransports } from './support/clients.ts'
import { newJob } from './support/job.ts'
import { newTestEnvironment, type TestEnvironment } from './support/test-environment.ts'
import { ask, expectRefusal, mutate, requireNonNull } from './support/typed-client.ts'

let environment: TestEnvironment
beforeAll(async () => {
  const fillHermes = (db: HermesDb): void => {
    db.addSession('theirs', { end_reason: 'cli_close' })
    db.addMessage('theirs', 2, { content: 'Hello' })
  }
  environment = await newTestEnvironment('http', { fillHermes })
  await streamToEnd(environment.client, { profile: 'work', text: 'Hello', model: 'offline/eliza' })
})
afterAll(() => environment[Symbol.asyncDispose]())

describe.each(readingTransports)('Over %s,', (transport) => {
  test('a job, a message and a conversation are found by id, in any profile; an unknown id is null', async () => {
    await using client = environment.connect(transport)
    const { sessionId, message } = (await streamToEnd(environment.client, { profile: 'work', text: 'Hi' })).end
    const messageId = requireNonNull(message).id
    expect((await ask(client, MessageDocument, { id: messageId })).message).toMatchObject({ id: messageId })
    expect((await ask(client, MessageDocument, { id: 'theirs:1' })).message).toMatchObject({ text: 'Hello' })
    const id = `cnv_${sessionId}`
    expect((await ask(client, ConversationDocument, { id })).conversation).toMatchObject({
      id,
      root: { id: sessionId },
    })
    const job = await newJob(environment.client, { profile: 'work', model: 'offline/eliza' })
    expect((await ask(client, JobDocument, { id: job.id })).job).toMatchObject({ id: job.id })
    for (const unknown of ['nobody', 'cnv_nobody', 'prf_nobody', 'mdl_default:no/model', sessionId]) {
      expect(await ask(client, MessageDocument, { id: unknown })).toEqual({ message: null })
      expect(await ask(client, ConversationDocument, { id: unknown })).toEqual({ conversation: null })
      expect(await ask(client, JobDocument, { id: unknown })).toEqual({ job: null })
    }
    expect((await ask(client, NodeDocument, { id: 'prf_nobody' })).node).toBeNull()
  })

  test('a session is found by the key that createSession was given, in its profile', async () => {
    await using client = environment.connect(transport)
    const key = `thread ${transport}`
    const { id } = (await mutate(environment.client, CreateSessionDocument, { profile: 'work', key })).createSession
    const found = (await ask(client, SessionByKeyDocument, { key, profile: 'work' })).sessionByKey
    expect(found).toMatchObject({ id, key })
    expect((await ask(client, SessionByKeyDocument, { key })).sessionByKey).toBeNull()
    expect((await ask(client, SessionByKeyDocument, { key, profile: 'nobody' })).sessionByKey).toBeNull()
  })

  test('profiles and models are nodes, and a model is another one in each profile', async () => {
    await using client = environment.connect(transport)
    for (const { id, name } of (await ask(client, ProfilesDocument, {})).profiles) {
      expect(id).toBe(`prf_${name}`)
      expect((await ask(client, NodeDocument, { id })).node).toEqual({ type: 'Profile', id })
    }
    const { models } = await ask(client, ModelsDocument, {})
    const { models: others } = await ask(client, ModelsDocument, { profile: 'work' })
    const names = ({ qualifiedName }: { readonly qualifiedName: string }) => qualifiedName
    expect([models.map(names), others.map(names)]).toEqual([['local/test', 'offline/eliza'], ['offline/eliza']])
    expect(new Set([...models, ...others].map(({ id }) => id)).size).toBe(models.length + others.length)
    for (const { id, qualifiedName } of [...models, ...others])
      expect((await ask(client, ModelNodeDocument, { id })).node).toEqual({ __typename: 'Model', id, qualifiedName })
    expect((await ask(client, ModelsDocument, { profile: 'nobody' })).models).toMatchObject([
      { qualifiedName: 'offline/eliza' },
    ])
  })
})

test('A message has the key that it was sent with, from the input, the header or the WebSocket message', async () => {
  const { client, segue } = environment
  const keysOf = async (sessionId: string) =>
    requireNonNull((await ask(client, MessagesDocument, { sessionId })).session).messages.edges.map(
      ({ node }) => node.key,
    )
  const { session } = await startChat(client, { text: 'Hello', key: 'mine', model: 'offline/eliza' })
  expect((await keysOf(session.id))[0]).toBe('mine')
  const query = 'mutation { startChat(input: { text: "Hello", model: "offline/eliza" }) { session { id } } }'
  const response = await fetch(`${segue.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'from the header' },
    body: JSON.stringify({ query }),
  })
  const sessionId = /ses_\w+/.exec(await response.text())?.[0] ?? ''
  const [first, ...others] = await keysOf(sessionId)
  expect(first).toBe('from the header')
  expect(others.filter((key) => key !== null)).toEqual([])
  // graphql-ws sends a UUID as the id of each message.
  await using socket = environment.connect('webSocket')
  const { end } = await streamToEnd(socket, { text: 'Hello', model: 'offline/eliza' })
  expect(await keysOf(end.sessionId)).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), null])
})

test("Arguments named model take a model's id, of their own profile only", async () => {
  const { client } = environment
  const idIn = async (profile: string) =>
    requireNonNull(
      (await ask(client, ModelsDocument, { profile })).models.find(
        ({ qualifiedName }) => qualifiedName === 'offline/eliza',
      ),
    ).id
  const [model, other] = [await idIn('default'), await idIn('work')]
  const { createSession } = await mutate(client, CreateSessionDocument, { model })
  expect(createSession.model).toBe('offline/eliza')
  const id = await newSession(client)
  expect((await mutate(client, UpdateSessionDocument, { id, model })).updateSession.model).toBe('offline/eliza')
  const { end } = await streamToEnd(client, { text: 'Hello', model })
  expect(end.stream).toMatchObject({ model: 'offline/eliza' })
  const job = await newJob(client, { model })
  expect(job.model).toBe('offline/eliza')
  expect((await mutate(client, UpdateJobDocument, { id: job.id, model })).updateJob.model).toBe('offline/eliza')
  const refused = { code: 'BAD_USER_INPUT', path: ['input', 'model'] }
  expect(await expectRefusal(client, CreateSessionDocument, { model: other })).toMatchObject(refused)
  expect(await expectRefusal(client, UpdateJobDocument, { id: job.id, model: other })).toMatchObject(refused)
  expect(await expectRefusal(client, UpdateSessionDocument, { id, model: 'mdl_default:no/model' })).toMatchObject(
    refused,
  )
})

test('The server tells its version, its limits and every code of its errors', async () => {
  const { data } = await environment.client.execute<{ server: object }, object>(
    `{ server { version startedAt errorCodes limits { textLength files fileBytes decisionSeconds queueLength } } }`,
    {},
  )
  expect(data?.server).toEqual({
    version: segueVersion,
    startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    errorCodes: Object.keys(errorCodeDescriptions),
    limits: { textLength: 1_000_000, files: 20, fileBytes: 10 * 1024 * 1024, decisionSeconds: 300, queueLength: 100 },
  })
})
