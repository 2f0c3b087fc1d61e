import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { ask } from '../../support/server/graphql-request.ts'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'

/** How many readers wait for more of a log, told as it changes. */
class Waiting extends EventTarget {
  count = 0

  constructor(segue: TestSegue) {
    super()
    const { eventLog } = segue.defaultProfile.chats
    const more = eventLog.waitForMore.bind(eventLog)
    vi.spyOn(eventLog, 'waitForMore').mockImplementation(async (...range) => {
      this.#add(1)
      try {
        return await more(...range)
      } finally {
        this.#add(-1)
      }
    })
  }

  async toBe(count: number): Promise<void> {
    const signal = AbortSignal.timeout(5_000)
    while (this.count !== count) await once(this, 'change', { signal })
  }

  #add(change: number): void {
    this.count += change
    this.dispatchEvent(new Event('change'))
  }
}

const silence = 60_000 // milliseconds between two words

let segue: TestSegue
let waiting: Waiting

beforeEach(async () => {
  segue = await startTestSegue({ settings: { offlineDelayMs: silence } })
  waiting = new Waiting(segue)
})

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

async function start(): Promise<string> {
  const { startChat } = await ask(segue.url, z.object({ startChat: z.object({ id: z.string() }) }), {
    query: 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }',
    variables: { input },
  })
  return startChat.id
}

async function statuses(): Promise<unknown[]> {
  const rows = await segue.defaultProfile.profile.eventStore.listUnfinishedStreams()
  return rows.map(({ status }) => status)
}

async function open(): Promise<WebSocket> {
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

/** An event stream of which the first event has come in. */
async function stream(payload: object): Promise<AbortController> {
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
  'who leaves a %s while nothing happens is forgotten at once',
  (name) => {
    const operation = async () => operations[name](name === 'followStream' ? await start() : '')

    test.each(['complete', 'close', 'terminate'] as const)('over WebSocket, by %s', async (way) => {
      const socket = await open()
      await subscribe(socket, await operation())
      await waiting.toBe(1)
      if (way === 'complete') socket.send('{"type":"complete","id":"a"}')
      else socket[way]()
      await waiting.toBe(0)
      expect(await statuses()).toEqual(['RUNNING'])
      socket.terminate()
    })

    test('over an event stream', async () => {
      const controller = await stream(await operation())
      await waiting.toBe(1)
      controller.abort()
      await waiting.toBe(0)
      expect(await statuses()).toEqual(['RUNNING'])
    })
  },
)

test('one of several that leaves takes nobody along', async () => {
  const streamId = await start()
  const socket = await open()
  await subscribe(socket, operations.followStream(streamId), 'a')
  await subscribe(socket, operations.followStream(streamId), 'b')
  const controller = await stream(operations.followStream(streamId))
  await waiting.toBe(3)
  socket.send('{"type":"complete","id":"a"}')
  await waiting.toBe(2)
  controller.abort()
  await waiting.toBe(1)
  const rest: string[] = []
  socket.on('message', (data) => rest.push(String(data)))
  await ask(segue.url, z.unknown(), { query: `mutation { cancelStream(streamId: "${streamId}") { lastSeq } }` })
  while (!rest.some((text) => text.includes('"complete"')))
    await once(socket, 'message', { signal: AbortSignal.timeout(5_000) })
  expect(rest.every((text) => text.includes('"id":"b"'))).toBe(true)
  expect(waiting.count).toBe(0)
  socket.terminate()
})

test('who comes and goes a hundred times leaves nothing behind', async () => {
  const streamId = await start()
  const socket = await open()
  for (let i = 0; i < 100; i++) {
    await subscribe(socket, operations.followStream(streamId), `${i}`)
    socket.send(JSON.stringify({ type: 'complete', id: `${i}` }))
  }
  await waiting.toBe(0)
  socket.terminate()
})
