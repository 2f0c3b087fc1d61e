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

test.runIf(executablePath === null)('there is a browser to try the playground in', ({ skip }) => {
  if (!process.env['CI']) {
    console.warn('The playground is not tried: there is no Chromium. CHROMIUM_PATH may say where one is.')
    skip()
  }
  expect(executablePath).not.toBeNull()
})

/** Milliseconds between two words: what is stopped would take 10 seconds, what is seen to its end takes 2. */
const offlineDelay = 60

const sessions = z.object({
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

const event = z.object({
  __typename: z.string(),
  seq: z.int(),
  stream: z.object({ status: z.string() }).optional(),
  message: z.object({ id: z.string(), text: z.string() }).optional(),
})
const chatEvent = event
  .extend({ streamId: z.string() })
  .transform(({ __typename: type, ...rest }) => ({ type, ...rest }))
const chat = z.object({ data: z.object({ streamChat: chatEvent }) })
const followed = z.object({ data: z.object({ followStream: event }) })

const stopped = z.object({
  data: z.object({
    cancelStream: z.object({
      outcome: z.string(),
      lastSeq: z.int(),
      message: z.object({ id: z.string(), status: z.string(), reasoning: z.string(), text: z.string() }),
    }),
  }),
})

const continued = z.object({
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
    const argv = ['--port', '0', '--home', join(folder, 'home'), '--hermes-home', hermesHome(folder)]
    const model = ['--model', 'offline/eliza', '--offline-delay', `${offlineDelay}`]
    server = opened.use(await startServerProcess({ argv: [...argv, ...model] }))
    const { context } = opened.use(await startChromium(executablePath ?? ''))
    playground = await PlaygroundPage.open(context, server.url)
  }, 60_000) // milliseconds: a browser takes its time where all tests run at once

  afterAll(() => opened.disposeAsync())

  test('opens with a tab for each thing that people come for', async () => {
    expect(await playground.title()).toBe('Segue')
    expect(await playground.tabs()).toEqual(['Sessions', 'Chat', 'Stop', 'Follow', 'Continue'])
    expect(playgroundTabs).toHaveLength(5)
  })

  test('lists the sessions of Hermes, each with its place in its chat', async () => {
    await playground.select('Sessions')
    await playground.execute()
    const { data } = await playground.waitForResponse(sessions)
    expect(data.sessions.edges.map(({ node }) => node)).toMatchObject([
      { id: 'train', title: 'Train', segmentCount: 1, lineageRoot: { id: 'train' } },
      { id: 'garden-2', title: 'Garden2', segmentCount: 2, lineageRoot: { id: 'garden' } },
      { id: 'garden', title: 'Garden', segmentCount: 1, lineageRoot: { id: 'garden' } },
    ])
  })

  test('shows an answer while it is made, stops it, and shows what was saved', async () => {
    await playground.select('Chat')
    await playground.execute()
    const first = await playground.waitForResponse(chat)
    const { streamId } = first.data.streamChat
    const seen = await playground.waitForResponse(chat, ({ data }) => data.streamChat.type === 'TextDelta')
    expect(seen.data.streamChat.streamId).toBe(streamId)

    await playground.select('Stop')
    await playground.setVariables({ streamId })
    await playground.execute()
    const { outcome, message, lastSeq } = (await playground.waitForResponse(stopped)).data.cancelStream
    expect(outcome).toBe('CANCELLED')
    expect(message.status).toBe('PARTIAL')
    expect(lastSeq).toBeGreaterThan(seen.data.streamChat.seq)

    const saved = await savedMessage(server.url, message.id)
    expect(saved.text).toMatch(/^I /)
    expect(message.text).toBe(stripWhitespace(saved.text))
    expect(message.reasoning).toBe(stripWhitespace(saved.reasoning))

    await playground.select('Follow')
    await playground.setVariables({ streamId, after: lastSeq - 1 })
    await playground.execute()
    const last = (await playground.waitForResponse(followed)).data.followStream
    expect(last).toMatchObject({ __typename: 'StreamFinished', seq: lastSeq, stream: { status: 'CANCELLED' } })
    expect(last.message?.id).toBe(message.id)
  })

  test('shows an answer event by event to its end', async () => {
    await playground.select('Chat')
    await playground.setVariables({ input: { text: 'Hello' } })
    const before = await playground.waitForResponse(chat)
    await playground.execute()
    const seqs: number[] = []
    let last = await playground.waitForResponse(
      chat,
      ({ data }) => data.streamChat.streamId !== before.data.streamChat.streamId,
    )
    while (last.data.streamChat.type !== 'StreamFinished') {
      const { seq } = last.data.streamChat
      seqs.push(seq)
      last = await playground.waitForResponse(chat, ({ data }) => data.streamChat.seq > seq)
    }
    expect(seqs.length).toBeGreaterThan(3)
    const { stream, message } = last.data.streamChat
    expect(stream?.status).toBe('COMPLETED')
    const saved = await savedMessage(server.url, message?.id ?? '')
    expect(message?.text).toBe(stripWhitespace(saved.text))
    await playground.waitForEnd()
  })

  test('continues a session of Hermes here', async () => {
    await playground.select('Continue')
    await playground.setVariables({ input: { continues: 'garden-2' } })
    await playground.execute()
    const { createSession } = (await playground.waitForResponse(continued)).data
    expect(createSession).toMatchObject({ segmentCount: 3, lineageRoot: { id: 'garden' } })
  })

  test('explains the API in its docs', async () => {
    const docs = await playground.readDocs('Mutation')
    expect(docs).toContain('Stops a stream and returns its saved message')
    expect(docs).toContain('Sends a message and starts a stream')
  })

  // The last one: it looks back on what the others made the page do.
  test('has spoken to its own server alone, and nothing was blocked or went wrong', () => {
    const { origin, host } = new URL(server.url)
    expect(playground.requests.length).toBeGreaterThan(5)
    const foreign = playground.requests.filter((url) => !/^(blob|data):/.test(url) && new URL(url).origin !== origin)
    expect(foreign).toEqual([])
    expect(playground.requests.filter((url) => url.startsWith('blob:') && new URL(url).origin !== origin)).toEqual([])
    expect(new Set(playground.sockets)).toEqual(new Set([`ws://${host}/graphql`]))
    expect(playground.errors).toEqual([])
  })
})

/** A home of Hermes with a chat of two segments and another one. */
function hermesHome(folder: string): string {
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

const message = z.object({ node: z.object({ text: z.string(), reasoning: z.string() }) })

async function savedMessage(url: string, id: string): Promise<z.infer<typeof message>['node']> {
  const query = 'query ($id: ID!) { node(id: $id) { ... on Message { text reasoning } } }'
  return (await ask(url, message, { query, variables: { id } })).node
}
