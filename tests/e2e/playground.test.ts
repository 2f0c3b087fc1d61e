import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { playgroundTabs } from '../../src/server/playground/playground-tabs.ts'
import { ask } from '../support/server/graphql-request.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder } from '../support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import { findChromium, startChromium } from '../support/clients/chromium.ts'
import { PlaygroundPage, stripWhitespace } from '../support/clients/playground-page.ts'

const executablePath = findChromium()

test.runIf(executablePath === null)('a browser is available for the playground tests', ({ skip }) => {
  if (!process.env['CI']) {
    console.warn('The playground tests are skipped: Chromium was not found. Set CHROMIUM_PATH.')
    skip()
  }
  expect(executablePath).not.toBeNull()
})

/** The cancelled answer would take 10 seconds, the completed one takes 2. */
const offlineDelayMs = 60 // milliseconds between two words

const sessionsSchema = z.object({
  data: z.object({
    sessions: z.object({
      edges: z.array(
        z.object({
          node: z.object({
            id: z.string(),
            title: z.string(),
            segmentCount: z.int(),
            lineageRoot: z.object({ id: z.string() }),
          }),
        }),
      ),
    }),
  }),
})

const eventSchema = z.object({
  __typename: z.string(),
  seq: z.int(),
  stream: z.object({ status: z.string() }).optional(),
  message: z.object({ id: z.string(), text: z.string() }).optional(),
})
const chatEventSchema = eventSchema
  .extend({ streamId: z.string() })
  .transform(({ __typename: type, ...rest }) => ({ type, ...rest }))
const chatSchema = z.object({ data: z.object({ streamChat: chatEventSchema }) })
const followSchema = z.object({ data: z.object({ followStream: eventSchema }) })

const cancelSchema = z.object({
  data: z.object({
    cancelStream: z.object({
      outcome: z.string(),
      lastSeq: z.int(),
      message: z.object({ id: z.string(), status: z.string(), reasoning: z.string(), text: z.string() }),
    }),
  }),
})

const continueSchema = z.object({
  data: z.object({
    createSession: z.object({
      id: z.string(),
      segmentCount: z.int(),
      lineageRoot: z.object({ id: z.string() }),
    }),
  }),
})

describe.skipIf(executablePath === null)('the playground in a browser', () => {
  const opened = new AsyncDisposableStack()
  let server: ServerProcess
  let playground: PlaygroundPage

  beforeAll(async () => {
    const folder = newTempFolder()
    opened.defer(() => rmSync(folder, { recursive: true, force: true }))
    const argv = ['--port', '0', '--home', join(folder, 'home'), '--hermes-home', createHermesHome(folder)]
    const model = ['--model', 'offline/eliza', '--offline-delay', `${offlineDelayMs}`]
    server = opened.use(await startServerProcess({ argv: [...argv, ...model] }))
    const { context } = opened.use(await startChromium(executablePath ?? ''))
    playground = await PlaygroundPage.open(context, server.url)
  }, 60_000) // milliseconds; a browser starts slowly while all tests run

  afterAll(() => opened.disposeAsync())

  test('opens with a tab for each main operation', async () => {
    expect(await playground.title()).toBe('Segue')
    expect(await playground.tabs()).toEqual(['Sessions', 'Chat', 'Stop', 'Follow', 'Continue'])
    expect(playgroundTabs).toHaveLength(5)
  })

  test('lists the Hermes sessions with their lineage', async () => {
    await playground.select('Sessions')
    await playground.execute()
    const { data } = await playground.waitForResponse(sessionsSchema)
    expect(data.sessions.edges.map(({ node }) => node)).toMatchObject([
      { id: 'train', title: 'Train', segmentCount: 1, lineageRoot: { id: 'train' } },
      { id: 'garden-2', title: 'Garden2', segmentCount: 2, lineageRoot: { id: 'garden' } },
      { id: 'garden', title: 'Garden', segmentCount: 1, lineageRoot: { id: 'garden' } },
    ])
  })

  test('streams an answer, cancels it, and shows the saved message', async () => {
    await playground.select('Chat')
    await playground.execute()
    const first = await playground.waitForResponse(chatSchema)
    const { streamId } = first.data.streamChat
    const delta = await playground.waitForResponse(chatSchema, ({ data }) => data.streamChat.type === 'TextDelta')
    expect(delta.data.streamChat.streamId).toBe(streamId)

    await playground.select('Stop')
    await playground.setVariables({ streamId })
    await playground.execute()
    const { outcome, message, lastSeq } = (await playground.waitForResponse(cancelSchema)).data.cancelStream
    expect(outcome).toBe('CANCELLED')
    expect(message.status).toBe('PARTIAL')
    expect(lastSeq).toBeGreaterThan(delta.data.streamChat.seq)

    const saved = await loadMessage(server.url, message.id)
    expect(saved.text).toMatch(/^I /)
    expect(message.text).toBe(stripWhitespace(saved.text))
    expect(message.reasoning).toBe(stripWhitespace(saved.reasoning))

    await playground.select('Follow')
    await playground.setVariables({ streamId, after: lastSeq - 1 })
    await playground.execute()
    const last = (await playground.waitForResponse(followSchema)).data.followStream
    expect(last).toMatchObject({ __typename: 'StreamFinished', seq: lastSeq, stream: { status: 'CANCELLED' } })
    expect(last.message?.id).toBe(message.id)
  })

  test('streams an answer event by event to its end', async () => {
    await playground.select('Chat')
    await playground.setVariables({ input: { text: 'Hello' } })
    const before = await playground.waitForResponse(chatSchema)
    await playground.execute()
    const seqs: number[] = []
    let last = await playground.waitForResponse(
      chatSchema,
      ({ data }) => data.streamChat.streamId !== before.data.streamChat.streamId,
    )
    while (last.data.streamChat.type !== 'StreamFinished') {
      const { seq } = last.data.streamChat
      seqs.push(seq)
      last = await playground.waitForResponse(chatSchema, ({ data }) => data.streamChat.seq > seq)
    }
    expect(seqs.length).toBeGreaterThan(3)
    const { stream, message } = last.data.streamChat
    expect(stream?.status).toBe('COMPLETED')
    const saved = await loadMessage(server.url, message?.id ?? '')
    expect(message?.text).toBe(stripWhitespace(saved.text))
    await playground.waitForEnd()
  })

  test('continues a Hermes session in Segue', async () => {
    await playground.select('Continue')
    await playground.setVariables({ input: { continues: 'garden-2' } })
    await playground.execute()
    const { createSession } = (await playground.waitForResponse(continueSchema)).data
    expect(createSession).toMatchObject({ segmentCount: 3, lineageRoot: { id: 'garden' } })
  })

  test('shows the documentation of the API', async () => {
    const docs = await playground.readDocs('Mutation')
    expect(docs).toContain('Stops a stream and returns its saved message')
    expect(docs).toContain('Sends a message and starts a stream that answers it')
  })

  // Must be the last test: it checks the requests and errors of all others.
  test('made requests to its own server only, without errors', () => {
    const { origin, host } = new URL(server.url)
    expect(playground.requests.length).toBeGreaterThan(5)
    const foreign = playground.requests.filter((url) => !/^(blob|data):/.test(url) && new URL(url).origin !== origin)
    expect(foreign).toEqual([])
    expect(playground.requests.filter((url) => url.startsWith('blob:') && new URL(url).origin !== origin)).toEqual([])
    expect(new Set(playground.sockets)).toEqual(new Set([`ws://${host}/graphql`]))
    expect(playground.errors).toEqual([])
  })
})

/** Creates a Hermes home with a conversation of two sessions and another one of one. */
function createHermesHome(folder: string): string {
  const home = join(folder, 'hermes')
  mkdirSync(home)
  const hermes = new HermesDb(join(home, 'state.db'))
  hermes.addSession('garden', { title: 'Garden', started_at: 100, ended_at: 200, end_reason: 'compression' })
  hermes.addSession('garden-2', {
    title: 'Garden 2',
    started_at: 200,
    ended_at: 300,
    end_reason: 'cli_close',
    parent_session_id: 'garden',
  })
  hermes.addSession('train', { title: 'Train', started_at: 400, source: 'telegram' })
  hermes.addMessage('garden', 101, { content: 'What can I plant in November?' })
  hermes.addMessage('garden-2', 201, { content: 'And where?' })
  hermes.addMessage('train', 401, { content: 'When does it leave?' })
  hermes.close()
  return home
}

const messageSchema = z.object({ node: z.object({ text: z.string(), reasoning: z.string() }) })

async function loadMessage(url: string, id: string): Promise<z.infer<typeof messageSchema>['node']> {
  const query = 'query ($id: ID!) { node(id: $id) { ... on Message { text reasoning } } }'
  return (await ask(url, messageSchema, { query, variables: { id } })).node
}
