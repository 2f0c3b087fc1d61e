import { describe, expect, test } from 'vitest'
import { requireNonNull, readUntil, expectSubscriptionRefusal, mutate } from '../support/typed-client.ts'
import {
  type ChatEvent,
  expectReplay,
  followSession,
  followStream,
  isEventOfType,
  never,
  newSession,
  listSeqs,
  loadEvents,
  startChat,
  streamChat,
  streamToEnd,
} from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import { computeDigest, foldParts } from '../support/fold.ts'
import { CompactSessionDocument, FollowSessionDocument } from '../generated/graphql.ts'
import { newTestEnvironment } from '../support/test-environment.ts'

describe.each(transports)('followSession, over %s,', (transport) => {
  test('emits everything that happens, across streams, and continues after each of them ends', async () => {
    await using environment = await newTestEnvironment(transport)
    const sessionId = await newSession(environment.client)
    const events = followSession(environment.client, sessionId)
    for (const text of ['First', 'Second', 'Third']) {
      const followed = readUntil(events, isEventOfType('StreamFinished'))
      const answer = await streamToEnd(environment.connect('http'), { sessionId, text })
      expectReplay((await followed).received, answer.events)
    }
    await events.return()
  })

  test('emits everything after any cursor to a late subscriber', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const sessionId = await newSession(client)
    const one = await streamToEnd(client, { sessionId, text: 'First' })
    provider.enqueue([{ text: 'Still' }, { wait: never }])
    const two = await readUntil(streamChat(client, { sessionId, text: 'Second' }), isEventOfType('TextDelta'))

    for (const after of [undefined, 0, 2, one.end.seq - 1, one.end.seq, one.end.seq + 1]) {
      const events = followSession(client, sessionId, after)
      const { received } = await readUntil(events, (event): event is ChatEvent => event.seq === two.last.seq)
      await events.return()
      const isOfOne = ({ streamId }: ChatEvent) => streamId === one.end.streamId
      expectReplay(received.filter(isOfOne), one.events, after)
      const rest = received.filter((event) => !isOfOne(event))
      expectReplay(rest, two.received, after)
    }
  })

  test('completes after SessionContinued, from any cursor', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const live = Array.fromAsync(followSession(client, end.sessionId))
    provider.enqueue('A greeting.')
    await mutate(client, CompactSessionDocument, { id: end.sessionId })
    const last = requireNonNull((await live).at(-1))
    expect(last.type).toBe('SessionContinued')
    for (const after of [0, last.seq - 1])
      expect((await Array.fromAsync(followSession(client, end.sessionId, after))).at(-1)).toEqual(last)
    expect(await Array.fromAsync(followSession(client, end.sessionId, last.seq))).toEqual([])
    const beyond = await Array.fromAsync(followSession(client, end.sessionId, nowhere))
    expect(beyond).toMatchObject([{ type: 'StreamReset', seq: last.seq }])
  })

  test('is NOT_FOUND for an unknown session', async () => {
    await using environment = await newTestEnvironment(transport)
    for (const sessionId of ['ses_00000000000000000000000000', 'nobody']) {
      const refused = await expectSubscriptionRefusal(environment.client, FollowSessionDocument, { sessionId })
      expect(refused).toMatchObject({ code: 'NOT_FOUND' })
    }
  })
})

/** A cursor ahead of every log in these tests. */
const nowhere = 1000

describe.each(transports)('A cursor ahead of the log, over %s,', (transport) => {
  test('resets a running stream: the message as of a seq, then everything after it', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([
      { reasoning: 'Hm.' },
      { text: 'Half' },
      { wait: held.promise },
      { text: '!' },
      { finish: 'stop' },
    ])
    const variables = { text: 'Hello', key: 'mine' }
    const { last } = await readUntil(streamChat(client, variables), isEventOfType('TextDelta'))
    const readers = [
      followStream(client, requireNonNull(last.streamId), nowhere),
      streamChat(client, { ...variables, after: nowhere }),
      followSession(client, last.sessionId, nowhere),
    ]
    const resets = await Promise.all(readers.map((events) => readUntil(events, isEventOfType('StreamReset'))))
    held.resolve()
    for (const [index, events] of readers.entries()) {
      const { received, last: reset } = requireNonNull(resets[index])
      expect(received).toEqual([reset])
      expect(reset).toMatchObject({
        reason: 'CURSOR_AHEAD',
        seq: last.seq,
        sessionId: last.sessionId,
        streamId: last.streamId,
        message: { id: last.messageId, text: 'Half', reasoning: 'Hm.', status: 'STREAMING' },
      })
      const { received: rest, last: end } = await readUntil(events, isEventOfType('StreamFinished'))
      expect(listSeqs(rest)[0]).toBe(reset.seq + 1)
      const { parts, digest } = requireNonNull(end.message)
      expect(foldParts(rest, requireNonNull(reset.message).parts)).toEqual(parts)
      expect(computeDigest(parts)).toBe(digest)
      await events.return()
    }
  })

  test('resets a finished stream: its message and its end', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const events = await Array.fromAsync(followStream(client, end.stream.id, nowhere))
    expect(events.map(({ type }) => type)).toEqual(['StreamReset', 'StreamFinished'])
    expect(events[0]).toMatchObject({
      reason: 'CURSOR_AHEAD',
      seq: end.seq - 1,
      message: { id: requireNonNull(end.message).id, parts: requireNonNull(end.message).parts },
    })
    expect(events[1]).toEqual(end)
  })

  test('is answered by a reset alone in a page of events', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    expect(await loadEvents(client, end.sessionId, nowhere)).toMatchObject([
      { type: 'StreamReset', reason: 'CURSOR_AHEAD', seq: end.seq, message: null },
    ])
    expect(await loadEvents(client, end.sessionId, end.seq)).toEqual([])
  })

  test('resets an idle session: its newest seq', async () => {
    await using environment = await newTestEnvironment(transport, {
      fillHermes: (db) => void db.addSession('hermes-1'),
    })
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const { sessionId } = end
    const events = followSession(client, sessionId, end.seq + 1)
    const { last: reset } = await readUntil(events, isEventOfType('StreamReset'))
    expect(reset).toMatchObject({ reason: 'CURSOR_AHEAD', seq: end.seq, message: null, streamId: null })
    const next = await startChat(client, { sessionId, text: 'And now?' })
    expect((await readUntil(events, isEventOfType('StreamStarted'))).last).toMatchObject({
      seq: end.seq + 1,
      streamId: next.id,
    })
    await events.return()

    const hermesEvents = followSession(client, 'hermes-1', 1)
    expect((await readUntil(hermesEvents, isEventOfType('StreamReset'))).last).toMatchObject({ seq: 0, message: null })
    await hermesEvents.return()
  })

  test('is valid for a finished stream if the session has later events: the subscription completes', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'First' })
    const next = await streamToEnd(client, { sessionId: end.sessionId, text: 'Second' })
    expect(await Array.fromAsync(followStream(client, end.stream.id, next.end.seq))).toEqual([])
  })
})
