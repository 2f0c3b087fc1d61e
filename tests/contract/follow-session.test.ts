import { describe, expect, test } from 'vitest'
import { found, readTo, refusalToFollow } from './support/typed-client.ts'
import {
  type ChatEvent,
  expectAgain,
  followSession,
  followStream,
  is,
  never,
  newSession,
  seqs,
  startChat,
} from './support/chat.ts'
import { streamChat, wholeAnswer } from './support/chat.ts'
import { transports } from './support/clients.ts'
import { digestOf, partsOf } from './support/fold.ts'
import { FollowSessionDocument } from './generated/graphql.ts'
import { newWorld } from './support/test-environment.ts'

describe.each(transports)('followSession, over %s,', (transport) => {
  test('tells all that happens, across the answers, and goes on behind each end', async () => {
    await using world = await newWorld(transport)
    const sessionId = await newSession(world.client)
    const events = followSession(world.client, sessionId)
    for (const text of ['First', 'Second', 'Third']) {
      const told = readTo(events, is('StreamFinished'))
      const answer = await wholeAnswer(world.connect('http'), { sessionId, text })
      expectAgain((await told).seen, answer.events)
    }
    await events.return()
  })

  test('tells one who comes late, at any cursor, everything behind that', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    const sessionId = await newSession(client)
    const one = await wholeAnswer(client, { sessionId, text: 'First' })
    provider.next([{ text: 'Still' }, { wait: never }])
    const two = await readTo(streamChat(client, { sessionId, text: 'Second' }), is('TextDelta'))

    for (const after of [undefined, 0, 2, one.end.seq - 1, one.end.seq, one.end.seq + 1]) {
      const events = followSession(client, sessionId, after)
      const { seen } = await readTo(events, (event): event is ChatEvent => event.seq === two.last.seq)
      await events.return()
      const ofOne = seen.filter(({ streamId }) => streamId === one.end.streamId)
      expectAgain(ofOne, one.events, after)
      expect(seen.slice(ofOne.length)).toEqual(two.seen.filter(({ seq }) => seq > (after ?? 0)))
    }
  })

  test('of none is NOT_FOUND', async () => {
    await using world = await newWorld(transport)
    for (const sessionId of ['ses_00000000000000000000000000', 'nobody']) {
      const refused = await refusalToFollow(world.client, FollowSessionDocument, { sessionId })
      expect(refused).toMatchObject({ code: 'NOT_FOUND' })
    }
  })
})

/** Further than any log here goes. */
const nowhere = 1000

describe.each(transports)('a cursor that no event has reached, over %s,', (transport) => {
  test('is answered, in a stream that runs, with the message as of a seq, and all that comes behind that', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    const held = Promise.withResolvers<void>()
    provider.next([{ reasoning: 'Hm.' }, { text: 'Half' }, { wait: held.promise }, { text: '!' }, { finish: 'stop' }])
    const variables = { text: 'Hello', key: 'mine' }
    const { last } = await readTo(streamChat(client, variables), is('TextDelta'))
    const readers = [
      followStream(client, found(last.streamId), nowhere),
      streamChat(client, { ...variables, after: nowhere }),
      followSession(client, last.sessionId, nowhere),
    ]
    const resets = await Promise.all(readers.map((events) => readTo(events, is('StreamReset'))))
    held.resolve()
    for (const [index, events] of readers.entries()) {
      const { seen, last: reset } = found(resets[index])
      expect(seen).toEqual([reset])
      expect(reset).toMatchObject({
        reason: 'CURSOR_AHEAD',
        seq: last.seq,
        sessionId: last.sessionId,
        streamId: last.streamId,
        message: { id: last.messageId, text: 'Half', reasoning: 'Hm.', status: 'STREAMING' },
      })
      const { seen: rest, last: end } = await readTo(events, is('StreamFinished'))
      expect(seqs(rest)[0]).toBe(reset.seq + 1)
      const { parts, digest } = found(end.message)
      expect(partsOf(rest, found(reset.message).parts)).toEqual(parts)
      expect(digestOf(parts)).toBe(digest)
      await events.return()
    }
  })

  test('is answered, in a stream that is over, with its message and its end', async () => {
    await using world = await newWorld(transport)
    const { client } = world
    const { end } = await wholeAnswer(client, { text: 'Hello' })
    const events = await Array.fromAsync(followStream(client, end.stream.id, nowhere))
    expect(events.map(({ type }) => type)).toEqual(['StreamReset', 'StreamFinished'])
    expect(events[0]).toMatchObject({
      reason: 'CURSOR_AHEAD',
      seq: end.seq - 1,
      message: { id: found(end.message).id, parts: found(end.message).parts },
    })
    expect(events[1]).toEqual(end)
  })

  test('is answered, in a session where nothing is made, with its newest seq', async () => {
    await using world = await newWorld(transport, { hermes: (db) => void db.session('theirs') })
    const { client } = world
    const { end } = await wholeAnswer(client, { text: 'Hello' })
    const { sessionId } = end
    const events = followSession(client, sessionId, end.seq + 1)
    const { last: reset } = await readTo(events, is('StreamReset'))
    expect(reset).toMatchObject({ reason: 'CURSOR_AHEAD', seq: end.seq, message: null, streamId: null })
    const next = await startChat(client, { sessionId, text: 'And now?' })
    expect((await readTo(events, is('StreamStarted'))).last).toMatchObject({ seq: end.seq + 1, streamId: next.id })
    await events.return()

    const theirs = followSession(client, 'theirs', 1)
    expect((await readTo(theirs, is('StreamReset'))).last).toMatchObject({ seq: 0, message: null })
    await theirs.return()
  })

  test('is none where another answer of the session has gone on: there is nothing left to tell', async () => {
    await using world = await newWorld(transport)
    const { client } = world
    const { end } = await wholeAnswer(client, { text: 'First' })
    const next = await wholeAnswer(client, { sessionId: end.sessionId, text: 'Second' })
    expect(await Array.fromAsync(followStream(client, end.stream.id, next.end.seq))).toEqual([])
  })
})
