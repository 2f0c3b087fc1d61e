import { answerThenWait } from '../../../support/fixtures/scripted-answers.ts'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newLatch, newChatFixture, newChatFixtureWith } from '../../../support/fixtures/chats/agent-chats.ts'
import { ChatClient, type ApiStream } from '../../../support/clients/chat-client.ts'
import {
  startSegueWithProvider,
  type SegueWithProvider,
  providerKey,
} from '../../../support/server/segue-with-provider.ts'
import { EventReader } from '../../../support/clients/reader.ts'
import { newHome, startTestSegueWithFlags } from '../../../support/server/segue.ts'
import { startServerProcess } from '../../../support/server/server-process.ts'
import { StrictProvider } from '../../../support/providers/strict-provider.ts'

const forever = new Promise<never>(() => {})

let world: SegueWithProvider

beforeEach(async () => {
  world = await startSegueWithProvider()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

/** A stream whose answer is `Hel` until the test releases the rest. */
async function startStream(): Promise<{
  stream: ApiStream
  sessionId: string
  reader: EventReader
  proceed: () => void
}> {
  const latch = newLatch()
  world.provider.enqueue([{ text: 'Hel' }, { wait: latch.opened }, { text: 'lo' }, { finish: 'stop' }])
  const stream = await world.client.start({ text: 'First' })
  const reader = world.newReader(stream.id)
  await reader.readUntil(() => reader.text === 'Hel')
  return { stream, sessionId: stream.session.id, reader, proceed: () => latch.open() }
}

const queue = (sessionId: string, text: string, key?: string): Promise<ApiStream> =>
  world.client.start({ sessionId, text, ifBusy: 'QUEUE', ...(key !== undefined && { key }) })

const texts = async (sessionId: string): Promise<string[]> =>
  (await world.client.messages(sessionId)).map(({ role, text }) => `${role} ${text}`)

/** The last message of each request to the provider. */
const questions = (): unknown[] => world.provider.requests.map(({ body }) => body.messages.at(-1)?.content)

describe('REJECT', () => {
  test('names the conflicting stream, and stores nothing', async () => {
    const { stream, sessionId } = await startStream()
    const before = await world.client.session(sessionId)
    for (const ifBusy of [undefined, 'REJECT' as const]) {
      const started = world.client.start({ sessionId, text: 'Second', key: 'k', ...(ifBusy && { ifBusy }) })
      await expect(started).rejects.toMatchObject({ code: 'SESSION_BUSY', extensions: { streamId: stream.id } })
    }
    expect(await world.client.session(sessionId)).toEqual(before)
    await world.client.cancel(stream.id)
    // The key of a refused message stays unused.
    expect((await world.client.start({ sessionId, text: 'Another', key: 'k' })).status).toBe('RUNNING')
  })

  test('an idle session accepts a message with any ifBusy', async () => {
    for (const ifBusy of ['REJECT', 'QUEUE', 'INTERRUPT'] as const) {
      const stream = await world.client.start({ text: 'Hi', ifBusy })
      expect(stream.status).toBe('RUNNING')
      await world.newReader(stream.id).readToEnd()
      const second = await world.client.start({ sessionId: stream.session.id, text: 'Hi', ifBusy })
      expect(second.status).toBe('RUNNING')
    }
  })

  test('of a hundred simultaneous messages, one is accepted', async () => {
    world.provider.defaultAnswer = () => [{ open: true }, { wait: forever }]
    const sessionId = await world.client.createSession()
    const starts = Array.from({ length: 100 }, (_, n) => world.client.start({ sessionId, text: `${n}` }))
    const settled = await Promise.allSettled(starts)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await world.client.session(sessionId)).messageCount).toBe(1)
  })
})

describe('QUEUE', () => {
  test('messages are answered in order, each with the earlier ones in its context', async () => {
    const { sessionId, proceed } = await startStream()
    const queued = [await queue(sessionId, 'Second'), await queue(sessionId, 'Third')]
    expect(queued.map(({ status }) => status)).toEqual(['QUEUED', 'QUEUED'])
    world.provider.defaultAnswer = ({ body }) => `Answer to ${JSON.stringify(body.messages.at(-1)?.content)}`
    proceed()
    for (const { id } of queued) await world.newReader(id).readUntilType('StreamFinished')
    expect(await texts(sessionId)).toEqual([
      'USER First',
      'ASSISTANT Hello',
      'USER Second',
      'ASSISTANT Answer to "Second"',
      'USER Third',
      'ASSISTANT Answer to "Third"',
    ])
    expect(world.provider.requests[2]?.body.messages.map(({ content }) => content)).toEqual([
      'First',
      'Hello',
      'Second',
      'Answer to "Second"',
      'Third',
    ])
    expect(world.provider.rejections).toEqual([])
  })

  test('a queued message is not among the messages until its turn starts', async () => {
    const { stream, sessionId, reader, proceed } = await startStream()
    const queued = await queue(sessionId, 'Second')
    const during = await world.client.session(sessionId)
    expect(during).toMatchObject({ messageCount: 2, activeStream: { id: stream.id } })
    expect(await texts(sessionId)).toEqual(['USER First', 'ASSISTANT Hel'])

    world.provider.enqueue([{ open: true }, { wait: forever }])
    proceed()
    await reader.readToEnd()
    await world.newReader(queued.id).readUntilType('StreamChanged')
    expect(await world.client.session(sessionId)).toMatchObject({ messageCount: 3, activeStream: { id: queued.id } })
    expect(await texts(sessionId)).toEqual(['USER First', 'ASSISTANT Hello', 'USER Second'])
  })

  test('a follower sees the stream queued, then running, then every event', async () => {
    const { stream, sessionId, proceed } = await startStream()
    const queued = await queue(sessionId, 'Second')
    const reader = world.newReader(queued.id)
    expect(await reader.next()).toMatchObject({
      type: 'StreamStarted',
      seq: queued.lastSeq,
      stream: { id: queued.id, status: 'QUEUED' },
    })
    proceed()
    expect(await reader.next()).toMatchObject({ type: 'StreamChanged', status: 'RUNNING' })
    await reader.readToEnd()
    expect(reader.text).toBe('Hello from the strict provider.')
    expect(reader.events.every(({ streamId }) => streamId === queued.id)).toBe(true)
    expect((await world.client.stream(stream.id)).message?.text).toBe('Hello')
  })

  test('streamChat waits for its turn', async () => {
    const { sessionId, proceed } = await startStream()
    const reader = new EventReader(world.client.streamChat({ sessionId, text: 'Second', ifBusy: 'QUEUE' }))
    expect(await reader.next()).toMatchObject({ stream: { status: 'QUEUED' } })
    proceed()
    expect((await reader.readUntilType('StreamFinished')).message?.text).toBe('Hello from the strict provider.')
  })

  test('a cancelled message keeps its place among the messages, and stays out of the context', async () => {
    const { stream, sessionId, reader, proceed } = await startStream()
    const queued = [await queue(sessionId, 'Second'), await queue(sessionId, 'Third')]
    const [second, third] = queued.map(({ id }) => id)
    const { outcome, message, stream: ended } = await world.client.cancel(second ?? '')
    expect([outcome, message, ended.status]).toEqual(['CANCELLED', null, 'CANCELLED'])
    expect(await world.newReader(second ?? '').readToEnd()).toMatchObject([
      { type: 'StreamStarted', status: 'QUEUED', stream: { status: 'CANCELLED' } },
      { type: 'StreamFinished', seq: ended.lastSeq, stream: { status: 'CANCELLED' }, message: null },
    ])
    proceed()
    await reader.readToEnd()
    await world.newReader(third ?? '').readToEnd()
    expect(await texts(sessionId)).toEqual([
      'USER First',
      'ASSISTANT Hello',
      'USER Second',
      'USER Third',
      'ASSISTANT Hello from the strict provider.',
    ])
    expect((await world.client.session(sessionId)).messageCount).toBe(5)
    expect(world.provider.requests[1]?.body.messages.map(({ content }) => content)).toEqual(['First', 'Hello', 'Third'])
    expect(questions()).toEqual(['First', 'Third'])
    expect((await world.client.stream(stream.id)).status).toBe('COMPLETED')
  })

  test('the next turn starts after one that was cancelled or failed', async () => {
    const first = await startStream()
    const second = await queue(first.sessionId, 'Second')
    const third = await queue(first.sessionId, 'Third')
    world.provider.enqueue([{ status: 401, body: { error: { message: 'no', code: 'invalid_api_key' } } }])
    await world.client.cancel(first.stream.id)
    expect((await world.newReader(second.id).readUntilType('StreamFinished')).stream.status).toBe('FAILED')
    expect((await world.newReader(third.id).readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
    expect(questions()).toEqual(['First', 'Second', 'Third'])
  })

  test('a repeated key joins the queued stream, and starts nothing else', async () => {
    const { sessionId, proceed } = await startStream()
    const queued = await queue(sessionId, 'Second', 'k')
    expect((await queue(sessionId, 'Second', 'k')).id).toBe(queued.id)
    // ifBusy is not part of the fingerprint of the request.
    expect((await world.client.start({ sessionId, text: 'Second', key: 'k' })).id).toBe(queued.id)
    await expect(queue(sessionId, 'Other', 'k')).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
      extensions: { streamId: queued.id },
    })
    proceed()
    await world.newReader(queued.id).readToEnd()
    expect((await queue(sessionId, 'Second', 'k')).id).toBe(queued.id)
    expect(questions()).toEqual(['First', 'Second'])
  })

  test('simultaneous messages with the same key are one', async () => {
    const { sessionId } = await startStream()
    const starts = await Promise.all(Array.from({ length: 10 }, () => queue(sessionId, 'Second', 'k')))
    expect(new Set(starts.map(({ id }) => id)).size).toBe(1)
    const started = (await world.client.events(sessionId)).filter((event) => event.type === 'StreamStarted')
    expect(started).toHaveLength(2)
  })

  test('the queue holds a hundred messages', async () => {
    const { sessionId } = await startStream()
    for (let n = 0; n < 100; n += 1) await queue(sessionId, `${n}`)
    const before = await world.client.session(sessionId)
    await expect(queue(sessionId, 'One too many')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(await world.client.session(sessionId)).toEqual(before)
  })
})

describe('INTERRUPT', () => {
  test('cancels the running stream and starts at once, in one transaction, ahead of the queue', async () => {
    const { stream, sessionId, reader } = await startStream()
    const waiting = await queue(sessionId, 'Waits')
    const latch = newLatch()
    world.provider.enqueue([{ text: 'Now' }, { wait: latch.opened }, { finish: 'stop' }])
    const urgent = await world.client.start({ sessionId, text: 'Urgent', ifBusy: 'INTERRUPT' })
    expect(urgent.status).toBe('RUNNING')
    await reader.readToEnd()
    expect(reader.events.at(-1)).toMatchObject({
      type: 'StreamFinished',
      stream: { status: 'CANCELLED' },
      message: { text: 'Hel', status: 'PARTIAL' },
    })
    const log = await world.client.events(sessionId)
    const end = log.findIndex((event) => event.type === 'StreamFinished')
    expect(log.slice(end, end + 2)).toMatchObject([
      { type: 'StreamFinished', streamId: stream.id, seq: reader.cursor },
      { type: 'StreamStarted', streamId: urgent.id, seq: reader.cursor + 1, status: 'RUNNING' },
    ])
    expect(await world.provider.requests[0]?.closed).toBe('client')
    expect((await world.client.cancel(stream.id)).outcome).toBe('ALREADY_CANCELLED')

    latch.open()
    await world.newReader(waiting.id).readToEnd()
    expect(questions()).toEqual(['First', 'Urgent', 'Waits'])
    expect(world.provider.requests[1]?.body.messages.map(({ content }) => content)).toEqual(['First', 'Hel', 'Urgent'])
    expect(await texts(sessionId)).toEqual([
      'USER First',
      'ASSISTANT Hel',
      'USER Urgent',
      'ASSISTANT Now',
      'USER Waits',
      'ASSISTANT Hello from the strict provider.',
    ])
  })

  test('of several simultaneous messages, the last one stays', async () => {
    const { sessionId } = await startStream()
    world.provider.defaultAnswer = () => [{ open: true }, { wait: forever }]
    const urgent = Array.from({ length: 10 }, (_, n) =>
      world.client.start({ sessionId, text: `${n}`, ifBusy: 'INTERRUPT' }),
    )
    const streams = await Promise.all(urgent)
    const { activeStream } = await world.client.session(sessionId)
    const ended = streams.filter(({ id }) => id !== activeStream?.id)
    expect(ended).toHaveLength(9)
    for (const { id } of ended) expect((await world.client.stream(id)).status).toBe('CANCELLED')
    const log = await world.client.events(sessionId)
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1))
  })

  test('commits the end of the old stream and the start of the new one together, in that order', async () => {
    await using fixture = newChatFixture(answerThenWait('Hel', forever), answerThenWait('Now', Promise.resolve()))
    const stream = await fixture.start('First')
    const writes: string[][] = []
    fixture.hooks.beforeAppend = ({ events }) => void writes.push(events.map(({ type }) => type))
    await fixture.start('Urgent', { sessionId: stream.sessionId, ifBusy: 'INTERRUPT' })
    expect(writes.find((types) => types.includes('StreamStarted'))?.slice(-2)).toEqual([
      'StreamFinished',
      'StreamStarted',
    ])
  })

  test('is refused if it cannot be saved, and the running stream continues', async () => {
    await using fixture = newChatFixture(answerThenWait('Hel', forever), answerThenWait('Now', Promise.resolve()))
    const stream = await fixture.start('First')
    fixture.hooks.beforeAppend = ({ events }) => {
      if (events.some(({ type }) => type === 'StreamStarted')) throw new Error('disk full')
    }
    await expect(fixture.start('Urgent', { sessionId: stream.sessionId, ifBusy: 'INTERRUPT' })).rejects.toThrow(
      'disk full',
    )
    delete fixture.hooks.beforeAppend
    expect(await fixture.chats.findStream(stream.id)).toMatchObject({ status: 'RUNNING' })
    expect(await fixture.chats.cancel(stream.id)).toMatchObject({ outcome: 'CANCELLED' })
    expect(fixture.chats.activeStreamCount).toBe(0)
    expect((await fixture.readLog(stream.sessionId)).filter(({ type }) => type === 'StreamFinished')).toHaveLength(1)
    const next = await fixture.start('Again', { sessionId: stream.sessionId })
    expect((await fixture.follow(next.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })
})

describe('when the storage fails', () => {
  test('a queued message starts as soon as it can be saved', async () => {
    const done = newLatch()
    await using fixture = newChatFixture(answerThenWait('Hel', done.opened), answerThenWait('Now', Promise.resolve()))
    const stream = await fixture.start('First')
    const queued = await fixture.start('Second', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
    let failures = 2
    fixture.hooks.beforeAppend = ({ events }) => {
      if (events.some(({ type }) => type === 'StreamChanged') && failures-- > 0) throw new Error('disk full')
    }
    done.open()
    expect((await fixture.follow(queued.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
    expect(fixture.loggedErrors).toHaveLength(2)
  })

  test('other sessions do not wait for a start that cannot be saved', async () => {
    await using fixture = newChatFixtureWith(
      { commitTimeoutMs: 1000 },
      answerThenWait('Hel', forever),
      answerThenWait('Other', Promise.resolve()),
    )
    const stream = await fixture.start('First')
    fixture.hooks.beforeAppend = ({ sessionId }) => {
      if (sessionId === stream.sessionId) throw new Error('disk full')
    }
    const stuck = fixture.start('Urgent', { sessionId: stream.sessionId, ifBusy: 'INTERRUPT' })
    // It may be rejected before the other session has ended.
    const settled = Promise.allSettled([stuck])
    const other = await fixture.start('Elsewhere')
    expect((await fixture.follow(other.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
    expect(await settled).toMatchObject([{ reason: { message: 'disk full' } }])
  })
})

describe('limits.streams', () => {
  test('counts running and queued streams; a start beyond it is RATE_LIMITED and stores nothing', async () => {
    await using limited = await startSegueWithProvider({ limits: { streams: 2 } })
    limited.provider.defaultAnswer = () => [{ open: true }, { wait: forever }]
    const first = await limited.client.start({ text: 'First', key: 'k' })
    const sessionId = first.session.id
    const second = await limited.client.start({ sessionId, text: 'Second', ifBusy: 'QUEUE' })
    const before = await limited.client.session(sessionId)
    for (const ifBusy of ['REJECT', 'QUEUE', 'INTERRUPT'] as const) {
      const started = limited.client.start({ sessionId, text: 'Third', ifBusy })
      await expect(started).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    }
    await expect(limited.client.start({ text: 'Elsewhere' })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(await limited.client.session(sessionId)).toEqual(before)
    // Joining a stream does not count as a start.
    expect((await limited.client.start({ text: 'First', key: 'k' })).id).toBe(first.id)

    await limited.client.cancel(second.id)
    expect((await limited.client.start({ text: 'Elsewhere' })).status).toBe('RUNNING')
  })
})

describe('a restart', () => {
  test(
    'after kill -9 starts the queued streams, in their order and as they were changed, with all earlier messages in their context',
    { timeout: 60_000 },
    async () => {
      const home = newHome()
      await using provider = await StrictProvider.start({ apiKey: providerKey })
      const settings = { type: 'openai-compatible', baseURL: provider.baseURL, apiKey: providerKey, models: ['test'] }
      writeFileSync(
        join(home, 'config.json'),
        JSON.stringify({ model: 'strict/test', providers: { strict: settings }, titles: false }),
      )
      const argv = ['--home', home, '--port', '0', '--no-hermes']
      try {
        provider.enqueue([{ text: 'Hel' }, { wait: forever }])
        const streams: ApiStream[] = []
        let headSeq = 0
        {
          await using server = await startServerProcess({ argv })
          await using client = new ChatClient(server.url)
          const first = await client.start({ text: 'First' })
          const reader = new EventReader(client.followStream(first.id))
          await reader.readUntil(() => reader.text === 'Hel')
          const sessionId = first.session.id
          streams.push(first)
          for (const text of ['Second', 'Third', 'Fourth', 'Fifth']) {
            streams.push(await client.start({ sessionId, text, ifBusy: 'QUEUE', key: text }))
          }
          await client.cancel(streams[2]?.id ?? '')
          const move = 'mutation ($id: ID!, $before: ID) { moveQueuedMessage(streamId: $id, before: $before) { id } }'
          await client.ask(move, { id: streams[4]?.id, before: streams[1]?.id })
          const update = 'mutation ($id: ID!) { updateQueuedMessage(streamId: $id, text: "Sixth") { id } }'
          await client.ask(update, { id: streams[4]?.id })
          headSeq = (await client.session(sessionId)).headSeq
          await server.stop('SIGKILL')
        }
        const [first, second, third, fourth, fifth] = streams
        const sessionId = first?.session.id ?? ''
        await using server = await startTestSegueWithFlags({ argv })
        await using client = new ChatClient(server.url)
        expect((await client.start({ sessionId, text: 'Fourth', key: 'Fourth', ifBusy: 'QUEUE' })).id).toBe(fourth?.id)
        const last = new EventReader(client.followStream(fourth?.id ?? ''))
        expect((await last.readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
        expect(await client.stream(first?.id ?? '')).toMatchObject({
          status: 'INTERRUPTED',
          error: { code: 'SERVER_RESTART' },
          message: { text: 'Hel', status: 'PARTIAL' },
        })
        expect((await client.stream(second?.id ?? '')).status).toBe('COMPLETED')
        expect((await client.stream(third?.id ?? '')).status).toBe('CANCELLED')
        expect(provider.requests.map(({ body }) => body.messages.at(-1)?.content)).toEqual([
          'First',
          'Sixth',
          'Second',
          'Fourth',
        ])
        expect(provider.requests[1]?.body.messages.map(({ content }) => content)).toEqual(['First', 'Hel', 'Sixth'])
        expect(provider.rejections).toEqual([])
        const log = await client.events(sessionId)
        expect(log.filter((event) => event.type === 'StreamFinished').map(({ streamId }) => streamId)).toEqual(
          [third, first, fifth, second, fourth].map((stream) => stream?.id),
        )
        expect(log.find((event) => event.seq > headSeq)).toMatchObject({ seq: headSeq + 1 })
      } finally {
        rmSync(home, { recursive: true, force: true })
      }
    },
  )
})
