import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { followOverEventStream, followOverWebSocket } from '../support/clients/follower.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { ask, request } from '../support/server/graphql-request.ts'
import { newHome, startTestSegue } from '../support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import { TestDatabase } from '../support/storage/test-database.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Far longer than a test may take: a server that waits for it fails the test. */
const longGrace = ['--grace', '600']
const timeout = 60_000

let home: string
let provider: StrictProvider

beforeEach(async () => {
  home = newHome()
  provider = await StrictProvider.start()
  const local = { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] }
  const config = { model: 'local/test', titles: false, providers: { local }, limits: { retrySeconds: 3600 } }
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
})

afterEach(async () => {
  await provider.close()
  rmSync(home, { recursive: true, force: true })
})

const start = (...argv: string[]): Promise<ServerProcess> =>
  startServerProcess({ argv: ['--port', '0', '--home', home, '--no-hermes', ...argv], env: { HOME: home } })

const streamSchema = z.object({
  id: z.string(),
  status: z.string(),
  retryAt: z.string().nullable(),
  error: z.object({ code: z.string() }).nullable(),
  message: z.object({ text: z.string() }).nullable(),
  session: z.object({ id: z.string() }),
})
const streamFields = 'id status retryAt error { code } message { text } session { id }'
const startChatQuery = `mutation ($input: StreamChatInput!) { startChat(input: $input) { ${streamFields} } }`

async function chat(url: string, input: { text?: string; sessionId?: string; model?: string; ifBusy?: string } = {}) {
  const operation = { query: startChatQuery, variables: { input: { text: 'Hello', ...input } } }
  return (await ask(url, z.object({ startChat: streamSchema }), operation)).startChat
}

async function loadStream(url: string, id: string) {
  const operation = { query: `query ($id: ID!) { stream(id: $id) { ${streamFields} } }`, variables: { id } }
  return (await ask(url, z.object({ stream: streamSchema }), operation)).stream
}

/** Resolves when the last value that `load` resolved to satisfies the condition. */
async function waitForState<T>(load: () => Promise<T>, isReached: (state: T) => boolean): Promise<T> {
  let state = await load()
  let loading = false
  const reload = async (): Promise<void> => {
    loading = true
    state = await load()
    loading = false
  }
  const check = (): boolean => {
    if (isReached(state)) return true
    if (!loading) void reload()
    return false
  }
  await waitUntil(check, () => state)
  return state
}

async function waitUntilUnavailable(url: string): Promise<void> {
  const load = async () => {
    const response = await fetch(`${url}/ready`)
    return { status: response.status, body: await response.json() }
  }
  const { body } = await waitForState(load, ({ status }) => status === 503)
  const problems = [{ component: 'server', message: 'The server is shutting down.' }]
  expect(body).toEqual({ status: 'unavailable', problems })
}

interface OpenSocket {
  readonly closeCode: Promise<number>
}

async function openSocket(url: string): Promise<OpenSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const acknowledged = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<number>()
  socket.on('open', () => socket.send('{"type":"connection_init"}'))
  socket.on('message', () => acknowledged.resolve())
  socket.on('close', (code) => closed.resolve(code))
  await acknowledged.promise
  return { closeCode: closed.promise }
}

test('SIGTERM lets running answers finish, and refuses new work meanwhile', { timeout }, async () => {
  const held = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'One half' }, { wait: held.promise }, { text: ', and the other.' }, { finish: 'stop' }])
  await using server = await start(...longGrace)
  const { url } = server
  const stream = await chat(url)
  const followers = [followOverWebSocket(url, stream.id), followOverEventStream(url, stream.id)]
  for (const follower of followers) await follower.waitForDeltas(1)
  const socket = await openSocket(url)
  const { createJob: job } = await ask(url, z.object({ createJob: z.object({ id: z.string() }) }), {
    query: 'mutation { createJob(input: { name: "Late", prompt: "Hi", schedule: "every 10h" }) { id } }',
  })

  const stopped = server.stop('SIGTERM')
  await waitUntilUnavailable(url)
  expect((await fetch(`${url}/health`)).status).toBe(200)
  const refused = [
    { query: startChatQuery, variables: { input: { text: 'More' } } },
    { query: startChatQuery, variables: { input: { text: 'More', sessionId: stream.session.id, ifBusy: 'QUEUE' } } },
    { query: startChatQuery, variables: { input: { text: 'More', sessionId: stream.session.id, ifBusy: 'STEER' } } },
    { query: 'mutation { createProfile(name: "late") { name } }' },
    { query: 'mutation { createJob(input: { name: "Late", prompt: "Hi", schedule: "every 10m" }) { id } }' },
    { query: `mutation { deleteJob(id: "${job.id}") }` },
  ]
  for (const operation of refused) {
    const { errors } = await request(url, operation)
    expect(errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['SHUTTING_DOWN'])
  }
  const upload = await fetch(`${url}/files`, {
    method: 'POST',
    body: 'text',
    headers: { 'content-type': 'text/plain' },
  })
  expect(upload.status).toBe(503)
  expect(await loadStream(url, stream.id)).toMatchObject({ status: 'RUNNING' })

  held.resolve()
  expect(await stopped).toBe(0)
  expect(await socket.closeCode).toBe(1001)
  for (const follower of followers) {
    await follower.closed
    expect(follower.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
  }
  await using restarted = await startTestSegue({ settings: { home } })
  const saved = await loadStream(restarted.url, stream.id)
  expect(saved).toMatchObject({ status: 'COMPLETED', message: { text: 'One half, and the other.' } })
})

test(
  'SIGTERM does not wait for answers that wait for a person or for a provider, nor for queued ones',
  { timeout },
  async () => {
    provider.enqueue([{ status: 429, headers: { 'retry-after': '1800' }, body: { error: { message: 'Later.' } } }])
    await using server = await start(...longGrace)
    const { url } = server
    const retrying = await chat(url)
    const asking = await chat(url, { text: '/tool roll_dice {"count": 2}', model: 'offline/eliza' })
    const sessionId = asking.session.id
    const queued = await chat(url, { text: 'And then?', model: 'offline/eliza', sessionId, ifBusy: 'QUEUE' })
    await waitForState(
      () => loadStream(url, retrying.id),
      ({ retryAt }) => retryAt !== null,
    )
    await waitForState(
      () => loadStream(url, asking.id),
      ({ status }) => status === 'WAITING',
    )
    expect((await loadStream(url, queued.id)).status).toBe('QUEUED')

    expect(await server.stop('SIGTERM')).toBe(0)
    using database = TestDatabase.read(home)
    const statusOf = (id: string) => database.value('SELECT status FROM streams WHERE id = ?', id)
    expect([retrying, asking, queued].map(({ id }) => statusOf(id))).toEqual(['INTERRUPTED', 'INTERRUPTED', 'QUEUED'])
  },
)

test('answers that do not finish within the grace end as INTERRUPTED, with what they have', { timeout }, async () => {
  provider.enqueue([{ text: 'Half' }, { wait: new Promise(() => undefined) }])
  await using server = await start('--grace', '1')
  const stream = await chat(server.url)
  const follower = followOverWebSocket(server.url, stream.id)
  await follower.waitForDeltas(1)
  expect(await server.stop('SIGTERM')).toBe(0)
  await follower.closed
  expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'INTERRUPTED' }, message: { text: 'Half' } })
  await using restarted = await startTestSegue({ settings: { home } })
  const saved = await loadStream(restarted.url, stream.id)
  expect(saved).toMatchObject({ status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' }, message: { text: 'Half' } })
})

test('SIGINT gives running answers no time', { timeout }, async () => {
  provider.enqueue([{ text: 'Half' }, { wait: new Promise(() => undefined) }])
  await using server = await start(...longGrace)
  const stream = await chat(server.url)
  const follower = followOverWebSocket(server.url, stream.id)
  await follower.waitForDeltas(1)
  expect(await server.stop('SIGINT')).toBe(0)
  await follower.closed
  expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'INTERRUPTED' } })
})

test('a second signal ends the process at once', { timeout }, async () => {
  provider.enqueue([{ text: 'Half' }, { wait: new Promise(() => undefined) }])
  await using server = await start(...longGrace)
  const stream = await chat(server.url)
  await followOverWebSocket(server.url, stream.id).waitForDeltas(1)
  const stopped = server.stop('SIGTERM')
  await waitUntilUnavailable(server.url)
  server.process.kill('SIGINT')
  expect(await stopped).toBe(1)
  expect(server.output.stderr).toContain('A second signal arrived.')
  await using restarted = await startTestSegue({ settings: { home } })
  const saved = await loadStream(restarted.url, stream.id)
  expect(saved).toMatchObject({ status: 'INTERRUPTED', message: { text: 'Half' } })
})

test('a shutdown that cannot save its answers in time warns, and exits with status 1', { timeout }, async () => {
  provider.enqueue([{ text: 'Half' }, { wait: new Promise(() => undefined) }])
  await using server = await start('--grace', '0')
  const stream = await chat(server.url)
  await followOverWebSocket(server.url, stream.id).waitForDeltas(1)
  using database = TestDatabase.write(home)
  database.exec('BEGIN IMMEDIATE')
  expect(await server.stop('SIGTERM')).toBe(1)
  expect(server.output.stderr).toContain('The shutdown timed out.')
  database.exec('ROLLBACK')
})
