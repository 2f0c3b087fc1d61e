import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { ask } from '../../support/server/graphql-request.ts'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { waitLimitMs } from '../../support/vitest-limits.ts'

/** The delay between two words of the offline agent, so that nothing happens during a test. */
const offlineDelayMs = 60_000

let segue: TestSegue

beforeEach(async () => {
  segue = await startTestSegue({ settings: { offlineDelayMs } })
})

/** Waits until this many subscriptions wait for more events of a log. */
const waitForSubscribers = (count: number): Promise<void> =>
  waitUntil(() => segue.defaultProfile.chats.eventLog.stats.waiting === count)

afterEach(() => segue[Symbol.asyncDispose]())

const input = { text: 'Who are you?' }
const operations = {
  streamChat: () => ({
    query: 'subscription ($input: StreamChatInput!) { streamChat(input: $input) { seq } }',
    variables: { input },
  }),
  followStream: (streamId: string) => ({
    query: 'subscription ($streamId: ID!) { followStream(streamId: $streamId) { seq } }',
    variables: { streamId },
  }),
}

async function startStream(): Promise<string> {
  const { startChat } = await ask(segue.url, z.object({ startChat: z.object({ id: z.string() }) }), {
    query: 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }',
    variables: { input },
  })
  return startChat.id
}

async function loadStatuses(): Promise<unknown[]> {
  const rows = await segue.defaultProfile.profile.eventStore.listUnfinishedStreams()
  return rows.map(({ status }) => status)
}

async function openSocket(): Promise<WebSocket> {
  const socket = new WebSocket(`${segue.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await once(socket, 'message')
  return socket
}

async function subscribe(socket: WebSocket, payload: object, id = 'a'): Promise<void> {
  socket.send(JSON.stringify({ type: 'subscribe', id, payload }))
  await once(socket, 'message')
}

/** Subscribes by server-sent events and waits for the first event. Returns the controller that disconnects. */
async function openEventStream(payload: object): Promise<AbortController> {
  const controller = new AbortController()
  const response = await fetch(`${segue.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(payload),
    signal: controller.signal,
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (let text = ''; !text.includes('"seq":1');) text += (await reader?.read())?.value ?? ''
  return controller
}

describe.each(['streamChat', 'followStream'] as const)(
  'a subscription to %s between two events ends immediately when its client disconnects',
  (name) => {
    const createOperation = async () => operations[name](name === 'followStream' ? await startStream() : '')

    test.each(['complete', 'close', 'terminate'] as const)('over WebSocket, by %s', async (method) => {
      const socket = await openSocket()
      await subscribe(socket, await createOperation())
      await waitForSubscribers(1)
      if (method === 'complete') socket.send('{"type":"complete","id":"a"}')
      else socket[method]()
      await waitForSubscribers(0)
      expect(await loadStatuses()).toEqual(['RUNNING'])
      socket.terminate()
    })

    test('over server-sent events', async () => {
      const controller = await openEventStream(await createOperation())
      await waitForSubscribers(1)
      controller.abort()
      await waitForSubscribers(0)
      expect(await loadStatuses()).toEqual(['RUNNING'])
    })
  },
)

test('a subscription that ends does not affect other subscriptions to the same stream', async () => {
  const streamId = await startStream()
  const socket = await openSocket()
  await subscribe(socket, operations.followStream(streamId), 'a')
  await subscribe(socket, operations.followStream(streamId), 'b')
  const controller = await openEventStream(operations.followStream(streamId))
  await waitForSubscribers(3)
  socket.send('{"type":"complete","id":"a"}')
  await waitForSubscribers(2)
  controller.abort()
  await waitForSubscribers(1)
  const messages: string[] = []
  socket.on('message', (data) => messages.push(String(data)))
  await ask(segue.url, z.unknown(), { query: `mutation { cancelStream(streamId: "${streamId}") { lastSeq } }` })
  while (!messages.some((text) => text.includes('"complete"')))
    await once(socket, 'message', { signal: AbortSignal.timeout(waitLimitMs) })
  expect(messages.every((text) => text.includes('"id":"b"'))).toBe(true)
  await waitForSubscribers(0)
  socket.terminate()
})

test('a hundred subscriptions that come and go leave nothing behind', async () => {
  const streamId = await startStream()
  const socket = await openSocket()
  for (let i = 0; i < 100; i++) {
    await subscribe(socket, operations.followStream(streamId), `${i}`)
    socket.send(JSON.stringify({ type: 'complete', id: `${i}` }))
  }
  await waitForSubscribers(0)
  socket.terminate()
})
