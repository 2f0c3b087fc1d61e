import { describe, expect, test } from 'vitest'
import { ask, follow, found, readTo, refusal, refusalToFollow } from './support/typed-client.ts'
import {
  eventsOf,
  expectAgain,
  followStream,
  is,
  never,
  newSession,
  seqs,
  sessionOf,
  startChat,
} from './support/chat.ts'
import { streamChat, wholeAnswer } from './support/chat.ts'
import { readingTransports, transports } from './support/clients.ts'
import { digestOf, partsOf } from './support/fold.ts'
import {
  EventsDocument,
  FollowStreamDocument,
  FollowStreamNowDocument,
  MessageNodeDocument,
  MessagesDocument,
  SessionNodeDocument,
  StartChatDocument,
  StreamChatDocument,
  StreamDocument,
  StreamNodeDocument,
} from './generated/graphql.ts'
import { newWorld } from './support/test-environment.ts'

const toolTurn = [
  { reasoning: 'I should ' },
  { reasoning: 'look.' },
  { text: 'Let me look. ' },
  { toolCall: { id: 'call_1', name: 'look', arguments: ['{"at": ', '"trees"}'] } },
  { finish: 'tool_calls' },
  { usage: { input: 10, output: 20, reasoning: 5, cached: 3 } },
] as const

describe.each(transports)('an answer, over %s,', (transport) => {
  test('is told event by event, from its start to its end, without a gap', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    provider.next(toolTurn)
    provider.next('There is no such tool.')
    const { events, end } = await wholeAnswer(client, { text: 'Trees?', model: 'local/test', profile: 'default' })
    expect(seqs(events)).toEqual(events.map((_, index) => index + 1))
    const [first] = events
    const { id } = end.stream
    expect(first).toMatchObject({
      type: 'StreamStarted',
      stream: { id, status: 'RUNNING', lastSeq: 1 },
      userMessage: { role: 'USER', status: 'COMPLETE', text: 'Trees?', stream: { id }, usage: null, reasoning: null },
    })
    expect(new Set(events.map(({ streamId }) => streamId))).toEqual(new Set([id]))
    expect(new Set(events.map(({ sessionId }) => sessionId))).toEqual(new Set([end.stream.session.id]))

    expect(end.stream).toMatchObject({ status: 'COMPLETED', model: 'local/test', error: null, lastSeq: end.seq })
    const message = found(end.message)
    expect(message).toMatchObject({
      role: 'ASSISTANT',
      status: 'COMPLETE',
      text: 'Let me look. There is no such tool.',
      reasoning: 'I should look.',
      model: 'local/test',
      usage: { estimated: false, inputTokens: 20, outputTokens: 25, reasoningTokens: 5, cachedInputTokens: 3 },
    })
    expect(message.parts.map((part) => part.type)).toEqual(['ReasoningPart', 'TextPart', 'ToolCallPart', 'TextPart'])
    expect(message.toolCalls).toMatchObject([
      { name: 'look', providerId: 'call_1', arguments: { at: 'trees' }, state: 'FAILED', result: null },
    ])
    expect(message.toolCalls[0]?.error).toMatch(/no tool named "look"/)
    expect(partsOf(events)).toEqual(message.parts)
    expect(digestOf(message.parts)).toBe(message.digest)
    expect(provider.refusals).toEqual([])
  })

  test('of the offline agent needs no provider', async () => {
    await using world = await newWorld(transport)
    const { end } = await wholeAnswer(world.client, { text: 'I am sad.', model: 'offline/eliza' })
    expect(end).toMatchObject({ stream: { status: 'COMPLETED', model: 'offline/eliza' } })
    expect(end.message?.reasoning).toMatch(/Keyword/)
    expect(end.message?.text).not.toBe('')
    expect(world.provider.requests).toEqual([])
  })

  test('that the provider refuses has FAILED, and tells why', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    // Not one that may pass: it would be tried again.
    provider.next([{ status: 401, body: { error: { message: 'Who are you?', code: 'invalid_api_key' } } }])
    const { end } = await wholeAnswer(client, { text: 'Hello' })
    expect(end).toMatchObject({ message: null, stream: { status: 'FAILED', error: { code: 'AUTH' } } })
    expect(await sessionOf(client, end.sessionId)).toMatchObject({ messageCount: 1, activeStream: null })
  })

  test('goes into the session that is named, which is its own again afterwards', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    const sessionId = await newSession(client)
    provider.next('One.')
    const one = await wholeAnswer(client, { sessionId, text: 'First' })
    provider.next('Two.')
    const two = await wholeAnswer(client, { sessionId, text: 'Second' })
    expect(two.events[0]).toMatchObject({ seq: one.end.seq + 1, sessionId })
    expect(seqs([...one.events, ...two.events])).toEqual(Array.from({ length: two.end.seq }, (_, i) => i + 1))
    const logged = Map.groupBy(await eventsOf(client, sessionId), ({ streamId }) => streamId)
    for (const { events, end } of [one, two]) expectAgain(found(logged.get(end.streamId)), events)
    expect(await sessionOf(client, sessionId)).toMatchObject({ headSeq: two.end.seq, messageCount: 4 })
  })

  test('can be followed while it is made: its message grows, its session is held', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    const held = Promise.withResolvers<void>()
    provider.next([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const { id, session } = await startChat(client, { text: 'Hello' })
    const events = followStream(client, id)
    const { last } = await readTo(events, is('TextDelta'))

    const { stream } = await ask(client, StreamDocument, { id })
    expect(stream).toMatchObject({
      status: 'RUNNING',
      finishedAt: null,
      message: { text: 'Half', status: 'STREAMING' },
    })
    expect(stream?.message?.usage).toBeNull()
    const growing = (await ask(client, MessageNodeDocument, { id: last.messageId })).node
    expect(growing).toEqual(stream?.message)
    expect(digestOf(partsOf(await eventsOf(client, session.id)))).toBe(stream?.message?.digest)
    expect(await sessionOf(client, session.id)).toMatchObject({
      activeStream: { id, status: 'RUNNING' },
      messageCount: 2,
    })
    const page = await ask(client, MessagesDocument, { sessionId: session.id, last: 1 })
    expect(page.session?.messages.edges[0]?.node.text).toBe('Half')

    held.resolve()
    const rest = await readTo(events, is('StreamFinished'))
    expect(rest.last.message).toMatchObject({ id: last.messageId, text: 'Half and half', status: 'COMPLETE' })
    expect(await sessionOf(client, session.id)).toMatchObject({ activeStream: null, messageCount: 2 })
  })

  test('can be followed from any seq, during it and long after', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    const held = Promise.withResolvers<void>()
    provider.next([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const { id } = await startChat(client, { text: 'Hello' })
    const { last } = await readTo(followStream(client, id), is('TextDelta'))

    const during = [0, 1, last.seq].map((after) => ({
      after,
      events: Array.fromAsync(followStream(client, id, after)),
    }))
    held.resolve()
    const all = await Array.fromAsync(followStream(client, id))
    const end = found(all.at(-1))
    expect(end.type).toBe('StreamFinished')
    for (const { after, events } of during) expectAgain(await events, all, after)
    for (const after of [0, 1, last.seq, end.seq - 1]) {
      expectAgain(await Array.fromAsync(followStream(client, id, after)), all, after)
    }
    // At its end there is nothing left to tell.
    expect(await Array.fromAsync(followStream(client, id, end.seq))).toEqual([])
  })

  test('is not stopped by a subscriber who leaves', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    const held = Promise.withResolvers<void>()
    provider.next([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const events = streamChat(client, { text: 'Hello' })
    const { last } = await readTo(events, is('TextDelta'))
    await events.return()
    held.resolve()
    const { last: end } = await readTo(followStream(client, found(last.streamId), last.seq), is('StreamFinished'))
    expect(end.message).toMatchObject({ text: 'Half and half', status: 'COMPLETE' })
    expect(await found(provider.requests[0]).closed).toBe('provider')
  })

  test('shows, through each event, its session as of now', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    const held = Promise.withResolvers<void>()
    provider.next([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const { id, session } = await startChat(client, { text: 'Hello' })
    const values = follow(client, FollowStreamNowDocument, { streamId: id })
    const started = found((await values.next()).value).followStream
    expect('stream' in started && started.stream.session).toMatchObject({ activeStream: { id }, id: session.id })
    held.resolve()
    const rest = await Array.fromAsync(values)
    const finished = found(rest.at(-1)).followStream
    const now = await sessionOf(client, session.id)
    expect(now).toMatchObject({ headSeq: finished.seq, activeStream: null, messageCount: 2 })
    expect('stream' in finished && finished.stream.session).toMatchObject({
      headSeq: finished.seq,
      activeStream: null,
      messageCount: 2,
      lastActivityAt: now.lastActivityAt,
    })
    // Long after, its first event shows the same session as its last one.
    const [again] = await Array.fromAsync(follow(client, FollowStreamNowDocument, { streamId: id }))
    const shown = found(again).followStream
    expect('stream' in shown && shown.stream.session).toMatchObject({ headSeq: finished.seq, activeStream: null })
  })

  test('is refused while another one is made in its session, which is named', async () => {
    await using world = await newWorld(transport)
    const { client, provider } = world
    provider.next([{ text: 'Still' }, { wait: never }])
    const { last } = await readTo(streamChat(client, { text: 'Hello' }), is('TextDelta'))
    const busy = { code: 'SESSION_BUSY', streamId: last.streamId }
    const variables = { sessionId: last.sessionId, text: 'And another thing' }
    expect(await refusal(client, StartChatDocument, variables)).toMatchObject(busy)
    expect(await refusalToFollow(client, StreamChatDocument, variables)).toMatchObject(busy)
    expect(await sessionOf(client, last.sessionId)).toMatchObject({ headSeq: last.seq, messageCount: 2 })
  })

  test('is refused in a session of Hermes, and in none at all', async () => {
    await using world = await newWorld(transport, { hermes: (db) => void db.session('theirs') })
    const { client } = world
    for (const [sessionId, code] of [
      ['theirs', 'SESSION_READ_ONLY'],
      ['ses_00000000000000000000000000', 'NOT_FOUND'],
      ['nobody', 'NOT_FOUND'],
    ]) {
      const variables = { sessionId: found(sessionId), text: 'Hello' }
      expect(await refusal(client, StartChatDocument, variables)).toMatchObject({ code })
      expect(await refusalToFollow(client, StreamChatDocument, variables)).toMatchObject({ code })
    }
    expect(world.provider.requests).toEqual([])
  })

  test('that is unknown cannot be followed', async () => {
    await using world = await newWorld(transport)
    for (const streamId of ['str_00000000000000000000000000', 'nobody']) {
      const variables = { streamId, after: 3 }
      expect(await refusalToFollow(world.client, FollowStreamDocument, variables)).toMatchObject({ code: 'NOT_FOUND' })
    }
  })
})

describe.each(readingTransports)('what an answer left behind, over %s,', (transport) => {
  test('is paged through by events', async () => {
    await using world = await newWorld(transport)
    const { end } = await wholeAnswer(world.connect('http'), { text: 'Hello' })
    const { client } = world
    const { sessionId } = end
    const all = (await ask(client, EventsDocument, { sessionId })).events
    expect(all.at(-1)).toEqual(end)
    const paged = []
    for (let after = 0; after < end.seq;) {
      const { events } = await ask(client, EventsDocument, { sessionId, after, first: 2 })
      expect(events.length).toBeLessThanOrEqual(2)
      paged.push(...events)
      after = found(events.at(-1)).seq
    }
    expectAgain(paged, all)
    expect((await ask(client, EventsDocument, { sessionId, after: end.seq, first: 1 })).events).toEqual([])
    expect(await refusal(client, EventsDocument, { sessionId: 'nobody' })).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('is found by id, as what it is', async () => {
    await using world = await newWorld(transport)
    const { events, end } = await wholeAnswer(world.connect('http'), { text: 'Hello' })
    const { client } = world
    const { id } = end.stream
    const { stream } = await ask(client, StreamDocument, { id })
    expect(stream).toEqual(end.stream)
    expect((await ask(client, StreamNodeDocument, { id })).node).toEqual(stream)
    const [started] = events
    const asked = started?.type === 'StreamStarted' ? started.userMessage : null
    expect((await ask(client, MessageNodeDocument, { id: found(asked).id })).node).toEqual(asked)
    const session = await sessionOf(client, end.sessionId)
    expect((await ask(client, SessionNodeDocument, { id: session.id })).node).toMatchObject({
      id: session.id,
      usage: end.stream.usage,
    })
  })

  test('is followed to its end', async () => {
    await using world = await newWorld(transport)
    const { events, end } = await wholeAnswer(world.connect('http'), { text: 'Hello' })
    const { seen } = await readTo(followStream(world.client, end.stream.id), is('StreamFinished'))
    expectAgain(seen, events)
  })
})
