import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeliveredEvent } from '../../../../src/model/chat-event.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { newLatch, newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../../support/server/segue-with-provider.ts'
import { toParts, EventReader } from '../../../support/clients/reader.ts'
import { startHeldAnswer, resume, expectSameEvents, ascending, isEndOf } from '../../../support/fixtures/held-answer.ts'

let world: SegueWithProvider

beforeEach(async () => {
  world = await startSegueWithProvider()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

describe('a subscription to a stream', () => {
  test('delivers every event after any cursor once, in order, to the end, while the stream runs', async () => {
    const { streamId, reader, release } = await startHeldAnswer(world)
    const cursors = [0, ...reader.events.map(({ seq }) => seq)]
    const readers = cursors.map((cursor) => resume(world, streamId, reader, cursor))
    // All subscriptions exist before the rest is produced.
    await Promise.all(readers.slice(0, -1).map((each) => each.next()))
    release()
    await reader.readToEnd()
    for (const [index, each] of readers.entries()) {
      await each.readToEnd()
      expectSameEvents(cursors[index] ?? 0, each, reader)
    }
    expect(reader.events.at(-1)?.type).toBe('StreamFinished')
  })

  test('delivers the same after the end of the stream', async () => {
    const { streamId, reader, release } = await startHeldAnswer(world)
    release()
    await reader.readToEnd()
    for (const cursor of [0, ...reader.events.map(({ seq }) => seq)]) {
      const late = resume(world, streamId, reader, cursor)
      await late.readToEnd()
      expectSameEvents(cursor, late, reader)
    }
  })

  test('leaves out the events of other streams of the session', async () => {
    const { streamId, sessionId, reader, release } = await startHeldAnswer(world)
    const queued = await world.client.start({ sessionId, text: 'And?', ifBusy: 'QUEUE' })
    release()
    await world.newReader(queued.id).readToEnd()
    await reader.readToEnd()
    expect(new Set(reader.events.map((event) => event.streamId))).toEqual(new Set([streamId]))
    const late = world.newReader(streamId)
    await late.readToEnd()
    expectSameEvents(0, late, reader)
  })

  test('that resumes in the middle of a message completes the stored message', async () => {
    const { streamId, reader, release } = await startHeldAnswer(world)
    await reader.unsubscribe()
    release()
    const resumed = resume(world, streamId, reader, reader.cursor)
    const { message } = await resumed.readUntilType('StreamFinished')
    expect(message && toParts(message)).toEqual(resumed.parts)
    expect(message?.text).toBe('Let me see.It is 👋 here. Bye.')
  })

  test('that resumes before the first token delivers everything', async () => {
    const first = newLatch()
    world.provider.enqueue([{ open: true }, { wait: first.opened }, { text: 'Hello' }, { finish: 'stop' }])
    const stream = await world.client.start({ text: 'Hi' })
    const reader = world.newReader(stream.id)
    await reader.next()
    await reader.unsubscribe()
    const resumed = resume(world, stream.id, reader, reader.cursor)
    const from0 = world.newReader(stream.id)
    await from0.next()
    first.open()
    await Promise.all([resumed.readToEnd(), from0.readToEnd()])
    expect(resumed.text).toBe('Hello')
    expectSameEvents(reader.cursor, resumed, from0)
  })

  test('that resumes twice at one cursor duplicates nothing', async () => {
    const { streamId, reader, release } = await startHeldAnswer(world)
    const cursor = reader.cursor
    const [once, twice] = [resume(world, streamId, reader, cursor), resume(world, streamId, reader, cursor)]
    release()
    await Promise.all([once.readToEnd(), twice.readToEnd(), reader.readToEnd()])
    for (const each of [once, twice]) expectSameEvents(cursor, each, reader)
  })

  test('is independent of any number of others, none of which stops the stream when it ends', async () => {
    const { streamId, reader, release } = await startHeldAnswer(world)
    const readers = Array.from({ length: 50 }, () => world.newReader(streamId))
    await Promise.all(readers.map((each) => each.next()))
    for (const departing of readers.slice(0, 25)) await departing.unsubscribe()
    const otherClient = world.newClient()
    await new EventReader(otherClient.followStream(streamId)).next()
    await otherClient[Symbol.asyncDispose]()
    release()
    await reader.readToEnd()
    for (const remaining of readers.slice(25)) {
      await remaining.readToEnd()
      expectSameEvents(0, remaining, reader)
    }
    expect((await world.client.stream(streamId)).status).toBe('COMPLETED')
  })

  test('does not keep the stream running: without any, it completes as well', async () => {
    const { streamId, reader, release } = await startHeldAnswer(world)
    const starter = new EventReader(world.client.streamChat({ text: 'Me too' }))
    const started = await starter.readUntilType('StreamStarted')
    await starter.unsubscribe()
    await reader.unsubscribe()
    release()
    for (const id of [streamId, started.stream.id]) {
      expect((await world.newReader(id).readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
    }
  })

  test('throws NOT_FOUND for an unknown id and BAD_USER_INPUT for a negative cursor', async () => {
    await expect(world.newReader('str_00000000000000000000000000').next()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(new EventReader(world.client.followSession('no')).next()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(world.newReader('str_00000000000000000000000000', -1).next()).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    })
  })
})

describe('before deltas are coalesced', () => {
  test('a reader receives every single event after any cursor, during the stream and after it', async () => {
    const latch = newLatch()
    const coalescing = newLatch()
    await using chats = newChatFixture(async function* () {
      for (let n = 0; n < 20; n += 1) {
        yield { type: n % 2 === 0 ? 'text' : 'reasoning', block: `${n}`, text: `${n}` }
        await yieldToEventLoop()
        if (n === 10) await latch.opened
      }
    })
    chats.hooks.beforeReplace = () => coalescing.opened
    try {
      const stream = await chats.start('Hi')
      for await (const event of await chats.chats.subscriptions.subscribeToStream(stream.id, 0)) {
        if ('partIndex' in event && event.partIndex === 10) break
      }
      const readings = Array.from({ length: 5 }, (_, cursor) => chats.follow(stream.id, cursor))
      const session = await chats.chats.subscriptions.subscribeToSession(stream.sessionId, 0)
      await chats.start('Next', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
      latch.open()
      const during = await Promise.all(readings)
      const log = await chats.readLog(stream.sessionId)
      const ownEvents = log.filter(({ streamId }) => streamId === stream.id)
      expect(ownEvents.length).toBeGreaterThan(20)
      for (const [cursor, received] of during.entries())
        expect(received).toEqual(ownEvents.filter(({ seq }) => seq > cursor))
      for (const { seq } of ownEvents.slice(0, -1)) {
        expect(await chats.follow(stream.id, seq)).toEqual(ownEvents.filter((event) => event.seq > seq))
      }
      const all: DeliveredEvent[] = []
      for await (const event of session) {
        all.push(event)
        if (event.type === 'StreamFinished' && event.streamId !== stream.id) break
      }
      expect(all).toEqual(await chats.readLog(stream.sessionId))
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1))
    } finally {
      coalescing.open()
    }
  })
})

describe('a subscription to a session', () => {
  test('delivers every event of all its streams once, and has no end', async () => {
    const { sessionId, release } = await startHeldAnswer(world)
    const reader = new EventReader(world.client.followSession(sessionId))
    await reader.readUntil(() => reader.text.endsWith(' he'))
    const queued = await world.client.start({ sessionId, text: 'And?', ifBusy: 'QUEUE' })
    release()
    await reader.readUntil(({ events }) => isEndOf(queued.id, events.at(-1)))
    const again = await world.client.start({ sessionId, text: 'Again' })
    await reader.readUntil(({ events }) => isEndOf(again.id, events.at(-1)))
    expect(reader.events.map(({ seq }) => seq)).toEqual(ascending(reader.events))
    expect(reader.events.filter(({ type }) => type === 'StreamFinished')).toHaveLength(3)

    // A cursor between two answers, where no part has begun.
    const cursor = reader.events.find(({ type }) => type === 'StreamFinished')?.seq ?? 0
    const late = new EventReader(world.client.followSession(sessionId, cursor))
    await late.readUntil(({ events }) => isEndOf(again.id, events.at(-1)))
    expectSameEvents(cursor, late, reader)
    // Both subscriptions are still active.
    const last = await world.client.start({ sessionId, text: 'Last' })
    for (const each of [reader, late]) await each.readUntil(({ events }) => isEndOf(last.id, events.at(-1)))
    expectSameEvents(cursor, late, reader)
  })

  test('ends when the session is deleted, also if events of it have been read already', async () => {
    await using chat = newChatFixture(async function* answer() {
      yield { type: 'text', block: '1', text: 'One' }
    })
    const { id, sessionId } = await chat.start('Count.')
    await chat.follow(id)
    const events = await chat.chats.subscriptions.subscribeToSession(sessionId, 0)
    expect((await events.next()).value).toMatchObject({ seq: 1 })
    await chat.chats.sessionManagement.delete([sessionId])
    expect(events.isSessionRemoved()).toBe(true)
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  test('that is empty delivers its first event', async () => {
    const sessionId = await world.client.createSession()
    const reader = new EventReader(world.client.followSession(sessionId))
    const first = reader.next()
    // A round trip over another connection: the server has subscribed by then.
    await world.client.session(sessionId)
    const stream = await world.client.start({ sessionId, text: 'Hi' })
    expect(await first).toMatchObject({ type: 'StreamStarted', seq: 1 })
    await reader.readUntil(({ events }) => isEndOf(stream.id, events.at(-1)))
  })
})

describe('a cursor beyond the end of the log', () => {
  test('resets a reader of a running stream to the answer so far, and continues from there', async () => {
    const { streamId, sessionId, reader, release } = await startHeldAnswer(world)
    const resetReader = world.newReader(streamId, 1_000_000)
    expect(await resetReader.next()).toMatchObject({
      type: 'StreamReset',
      reason: 'CURSOR_AHEAD',
      seq: reader.cursor,
      sessionId,
      streamId,
      message: { status: 'STREAMING' },
    })
    expect(resetReader.parts).toEqual(reader.parts)
    release()
    await Promise.all([resetReader.readToEnd(), reader.readToEnd()])
    expect(resetReader.parts).toEqual(reader.parts)
  })

  test('resets a reader of a stream without an answer yet to no message', async () => {
    const first = newLatch()
    world.provider.enqueue([{ wait: first.opened }, { text: 'Hello' }, { finish: 'stop' }])
    const stream = await world.client.start({ text: 'Hi' })
    const resetReader = world.newReader(stream.id, 99)
    expect(await resetReader.next()).toMatchObject({ type: 'StreamReset', message: null, seq: 1 })
    first.open()
    await resetReader.readToEnd()
    expect(resetReader.text).toBe('Hello')
  })

  test('resets a reader of a finished stream to its message, and delivers the end again', async () => {
    const { streamId, reader, release } = await startHeldAnswer(world)
    release()
    await reader.readToEnd()
    const resetReader = world.newReader(streamId, 1_000_000)
    await resetReader.readToEnd()
    expect(resetReader.events).toMatchObject([
      { type: 'StreamReset', seq: reader.cursor - 1, message: { status: 'COMPLETE' } },
      { type: 'StreamFinished', seq: reader.cursor, message: { status: 'COMPLETE' } },
    ])
    expect(resetReader.parts).toEqual(reader.parts)
  })

  test('resets a reader of a queued stream to no message, then delivers everything', async () => {
    const { sessionId, release } = await startHeldAnswer(world)
    const queued = await world.client.start({ sessionId, text: 'And?', ifBusy: 'QUEUE' })
    const resetReader = world.newReader(queued.id, 1_000_000)
    expect(await resetReader.next()).toMatchObject({ type: 'StreamReset', seq: queued.lastSeq, message: null })
    release()
    expect(await resetReader.next()).toMatchObject({ type: 'StreamChanged', status: 'RUNNING' })
    expect((await resetReader.readUntilType('StreamFinished')).message?.text).toBe(resetReader.text)
  })

  test('resets a reader of a session to the streaming answer, and continues from there', async () => {
    const { streamId, sessionId, reader, release } = await startHeldAnswer(world)
    const resetReader = new EventReader(world.client.followSession(sessionId, 1_000_000))
    expect(await resetReader.next()).toMatchObject({ type: 'StreamReset', streamId, seq: reader.cursor })
    expect(resetReader.parts).toEqual(reader.parts)
    release()
    await resetReader.readUntil(({ events }) => isEndOf(streamId, events.at(-1)))
    expect(resetReader.text).toBe('Let me see.It is 👋 here. Bye.')

    const idle = new EventReader(world.client.followSession(sessionId, 1_000_000))
    expect(await idle.next()).toMatchObject({
      type: 'StreamReset',
      seq: resetReader.cursor,
      message: null,
      streamId: null,
    })
    const next = await world.client.start({ sessionId, text: 'Next' })
    expect(await idle.next()).toMatchObject({ type: 'StreamStarted', streamId: next.id, seq: resetReader.cursor + 1 })
  })

  test('resets a streamChat that joins by its key', async () => {
    const latch = newLatch()
    world.provider.enqueue([{ text: 'Hel' }, { wait: latch.opened }, { text: 'lo' }, { finish: 'stop' }])
    const stream = await world.client.start({ text: 'Hi', key: 'k' })
    await world.newReader(stream.id).readUntil((reader) => reader.text === 'Hel')
    const resetReader = new EventReader(world.client.streamChat({ text: 'Hi', key: 'k' }, 500))
    expect(await resetReader.next()).toMatchObject({ type: 'StreamReset', message: { text: 'Hel' } })
    latch.open()
    await resetReader.readToEnd()
    expect(resetReader.text).toBe('Hello')
  })

  test('does not include one between the end of the stream and that of the session: the subscription completes', async () => {
    const stream = await world.client.start({ text: 'Hi' })
    const first = world.newReader(stream.id)
    await first.readToEnd()
    const sessionId = stream.session.id
    await world.newReader((await world.client.start({ sessionId, text: 'Again' })).id).readToEnd()
    const { headSeq } = await world.client.session(sessionId)
    for (const cursor of [first.cursor, first.cursor + 1, headSeq]) {
      expect(await world.newReader(stream.id, cursor).readToEnd()).toEqual([])
    }
    expect(await world.newReader(stream.id, headSeq + 1).readToEnd()).toMatchObject([
      { type: 'StreamReset' },
      { type: 'StreamFinished' },
    ])
  })
})
