import { describe, expect, test } from 'vitest'
import {
  ask,
  follow,
  requireNonNull,
  readUntil,
  expectRefusal,
  expectSubscriptionRefusal,
} from './support/typed-client.ts'
import {
  loadEvents,
  expectReplay,
  followStream,
  isEventOfType,
  never,
  newSession,
  listSeqsWithSessionChanges,
  loadSession,
  startChat,
  streamChat,
  streamToEnd,
} from './support/chat.ts'
import { readingTransports, transports } from './support/clients.ts'
import { computeDigest, foldParts } from './support/fold.ts'
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
import { newTestEnvironment } from './support/test-environment.ts'

const toolTurn = [
  { reasoning: 'I should ' },
  { reasoning: 'look.' },
  { text: 'Let me look. ' },
  { toolCall: { id: 'call_1', name: 'look', arguments: ['{"at": ', '"trees"}'] } },
  { finish: 'tool_calls' },
  { usage: { input: 10, output: 20, reasoning: 5, cached: 3 } },
] as const

describe.each(transports)('An answer, over %s,', (transport) => {
  test('is delivered event by event, from start to end, without a gap', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue(toolTurn)
    provider.enqueue('There is no such tool.')
    const { events, end } = await streamToEnd(client, { text: 'Trees?', model: 'local/test', profile: 'default' })
    const seqs = await listSeqsWithSessionChanges(client, events)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
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
    const message = requireNonNull(end.message)
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
    expect(foldParts(events)).toEqual(message.parts)
    expect(computeDigest(message.parts)).toBe(message.digest)
    expect(provider.rejections).toEqual([])
  })

  test.each([
    ['stop', 'STOP', 'COMPLETE'],
    ['length', 'LENGTH', 'PARTIAL'],
    ['content_filter', 'CONTENT_FILTER', 'PARTIAL'],
    ['refusal', 'REFUSAL', 'PARTIAL'],
    ['unheard_of', 'OTHER', 'COMPLETE'],
  ])('with the finish reason %s is COMPLETED with %s, and its message is %s', async (finish, finishReason, status) => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ text: 'First, open the' }, { finish }])
    const { end } = await streamToEnd(client, { text: 'How?' })
    expect(end).toMatchObject({ finishReason, stream: { status: 'COMPLETED', finishReason, error: null } })
    expect(end.message).toMatchObject({ status, text: 'First, open the' })
    const stored = await ask(client, StreamNodeDocument, { id: end.stream.id })
    expect(stored.node).toMatchObject({ finishReason, message: { status } })
  })

  test('by the offline agent needs no provider', async () => {
    await using environment = await newTestEnvironment(transport)
    const { end } = await streamToEnd(environment.client, { text: 'I am sad.', model: 'offline/eliza' })
    expect(end).toMatchObject({ stream: { status: 'COMPLETED', model: 'offline/eliza' } })
    expect(end.message?.reasoning).toMatch(/Keyword/)
    expect(end.message?.text).not.toBe('')
    expect(environment.provider.requests).toEqual([])
  })

  test('is FAILED with a reason when the provider refuses', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    // The error must not be a temporary one, which would be retried.
    provider.enqueue([{ status: 401, body: { error: { message: 'Who are you?', code: 'invalid_api_key' } } }])
    const { end } = await streamToEnd(client, { text: 'Hello' })
    expect(end).toMatchObject({ message: null, stream: { status: 'FAILED', error: { code: 'AUTH' } } })
    expect(await loadSession(client, end.sessionId)).toMatchObject({ messageCount: 1, activeStream: null })
  })

  test('is stored in the given session, which is idle again afterwards', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const sessionId = await newSession(client)
    provider.enqueue('One.')
    const one = await streamToEnd(client, { sessionId, text: 'First' })
    provider.enqueue('Two.')
    const two = await streamToEnd(client, { sessionId, text: 'Second' })
    expect(two.events[0]).toMatchObject({ seq: one.end.seq + 1, sessionId })
    const seqs = await listSeqsWithSessionChanges(client, [...one.events, ...two.events])
    expect(seqs).toEqual(Array.from({ length: two.end.seq }, (_, i) => i + 1))
    const logged = Map.groupBy(await loadEvents(client, sessionId), ({ streamId }) => streamId)
    for (const { events, end } of [one, two]) expectReplay(requireNonNull(logged.get(end.streamId)), events)
    expect(await loadSession(client, sessionId)).toMatchObject({ headSeq: two.end.seq, messageCount: 4 })
  })

  test('can be read while it streams: its message grows and its session is busy', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const { id, session } = await startChat(client, { text: 'Hello' })
    const events = followStream(client, id)
    const { last } = await readUntil(events, isEventOfType('TextDelta'))

    const { stream } = await ask(client, StreamDocument, { id })
    expect(stream).toMatchObject({
      status: 'RUNNING',
      finishedAt: null,
      message: { text: 'Half', status: 'STREAMING' },
    })
    expect(stream?.message?.usage).toBeNull()
    const partial = (await ask(client, MessageNodeDocument, { id: last.messageId })).node
    expect(partial).toEqual(stream?.message)
    expect(computeDigest(foldParts(await loadEvents(client, session.id)))).toBe(stream?.message?.digest)
    expect(await loadSession(client, session.id)).toMatchObject({
      activeStream: { id, status: 'RUNNING' },
      messageCount: 2,
    })
    const page = await ask(client, MessagesDocument, { sessionId: session.id, last: 1 })
    expect(page.session?.messages.edges[0]?.node.text).toBe('Half')

    held.resolve()
    const rest = await readUntil(events, isEventOfType('StreamFinished'))
    expect(rest.last.message).toMatchObject({ id: last.messageId, text: 'Half and half', status: 'COMPLETE' })
    expect(await loadSession(client, session.id)).toMatchObject({ activeStream: null, messageCount: 2 })
  })

  test('can be followed from any seq, while it streams and after its end', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const { id } = await startChat(client, { text: 'Hello' })
    const { last } = await readUntil(followStream(client, id), isEventOfType('TextDelta'))

    const during = [0, 1, last.seq].map((after) => ({
      after,
      events: Array.fromAsync(followStream(client, id, after)),
    }))
    held.resolve()
    const all = await Array.fromAsync(followStream(client, id))
    const end = requireNonNull(all.at(-1))
    expect(end.type).toBe('StreamFinished')
    for (const { after, events } of during) expectReplay(await events, all, after)
    for (const after of [0, 1, last.seq, end.seq - 1]) {
      expectReplay(await Array.fromAsync(followStream(client, id, after)), all, after)
    }
    // A subscription from the last seq has nothing left to emit.
    expect(await Array.fromAsync(followStream(client, id, end.seq))).toEqual([])
  })

  test('is not stopped when a subscriber disconnects', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const events = streamChat(client, { text: 'Hello' })
    const { last } = await readUntil(events, isEventOfType('TextDelta'))
    await events.return()
    held.resolve()
    const { last: end } = await readUntil(
      followStream(client, requireNonNull(last.streamId), last.seq),
      isEventOfType('StreamFinished'),
    )
    expect(end.message).toMatchObject({ text: 'Half and half', status: 'COMPLETE' })
    expect(await requireNonNull(provider.requests[0]).closed).toBe('provider')
  })

  test('shows the current state of its session in each event', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const { id, session } = await startChat(client, { text: 'Hello' })
    const values = follow(client, FollowStreamNowDocument, { streamId: id })
    const started = requireNonNull((await values.next()).value).followStream
    expect('stream' in started && started.stream.session).toMatchObject({ activeStream: { id }, id: session.id })
    held.resolve()
    const rest = await Array.fromAsync(values)
    const finished = requireNonNull(rest.at(-1)).followStream
    const now = await loadSession(client, session.id)
    expect(now).toMatchObject({ headSeq: finished.seq, activeStream: null, messageCount: 2 })
    expect('stream' in finished && finished.stream.session).toMatchObject({
      headSeq: finished.seq,
      activeStream: null,
      messageCount: 2,
      lastActivityAt: now.lastActivityAt,
    })
    // A later replay shows the same session in its first event as in its last one.
    const [again] = await Array.fromAsync(follow(client, FollowStreamNowDocument, { streamId: id }))
    const event = requireNonNull(again).followStream
    expect('stream' in event && event.stream.session).toMatchObject({ headSeq: finished.seq, activeStream: null })
  })

  test('is refused while another stream is active, and the error names that stream', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ text: 'Still' }, { wait: never }])
    const { last } = await readUntil(streamChat(client, { text: 'Hello' }), isEventOfType('TextDelta'))
    const busy = { code: 'SESSION_BUSY', streamId: last.streamId }
    const variables = { sessionId: last.sessionId, text: 'And another thing' }
    expect(await expectRefusal(client, StartChatDocument, variables)).toMatchObject(busy)
    expect(await expectSubscriptionRefusal(client, StreamChatDocument, variables)).toMatchObject(busy)
    expect(await loadSession(client, last.sessionId)).toMatchObject({ headSeq: last.seq, messageCount: 2 })
  })

  test('is refused in a Hermes session and in an unknown session', async () => {
    await using environment = await newTestEnvironment(transport, {
      fillHermes: (db) => void db.addSession('hermes-1'),
    })
    const { client } = environment
    for (const [sessionId, code] of [
      ['hermes-1', 'SESSION_READ_ONLY'],
      ['ses_00000000000000000000000000', 'NOT_FOUND'],
      ['nobody', 'NOT_FOUND'],
    ]) {
      const variables = { sessionId: requireNonNull(sessionId), text: 'Hello' }
      expect(await expectRefusal(client, StartChatDocument, variables)).toMatchObject({ code })
      expect(await expectSubscriptionRefusal(client, StreamChatDocument, variables)).toMatchObject({ code })
    }
    expect(environment.provider.requests).toEqual([])
  })

  test('cannot be followed by an unknown id', async () => {
    await using environment = await newTestEnvironment(transport)
    for (const streamId of ['str_00000000000000000000000000', 'nobody']) {
      const variables = { streamId, after: 3 }
      expect(await expectSubscriptionRefusal(environment.client, FollowStreamDocument, variables)).toMatchObject({
        code: 'NOT_FOUND',
      })
    }
  })
})

describe.each(readingTransports)('A finished answer, read over %s,', (transport) => {
  test('can be paged through with the query events', async () => {
    await using environment = await newTestEnvironment(transport)
    const { end } = await streamToEnd(environment.connect('http'), { text: 'Hello' })
    const { client } = environment
    const { sessionId } = end
    const read = async (variables: { readonly after?: number; readonly first?: number }) =>
      requireNonNull((await ask(client, EventsDocument, { sessionId, ...variables })).events)
    const all = await read({})
    expect(all.at(-1)).toEqual(end)
    const paged = []
    for (let after = 0; after < end.seq;) {
      const events = await read({ after, first: 2 })
      expect(events.length).toBeLessThanOrEqual(2)
      paged.push(...events)
      after = requireNonNull(events.at(-1)).seq
    }
    expectReplay(paged, all)
    expect(await read({ after: end.seq, first: 1 })).toEqual([])
    expect(await expectRefusal(client, EventsDocument, { sessionId: 'nobody' })).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('is found by its id, with its type', async () => {
    await using environment = await newTestEnvironment(transport)
    const { events, end } = await streamToEnd(environment.connect('http'), { text: 'Hello' })
    const { client } = environment
    const { id } = end.stream
    const { stream } = await ask(client, StreamDocument, { id })
    expect(stream).toEqual(end.stream)
    expect((await ask(client, StreamNodeDocument, { id })).node).toEqual(stream)
    const [started] = events
    const userMessage = started?.type === 'StreamStarted' ? started.userMessage : null
    expect((await ask(client, MessageNodeDocument, { id: requireNonNull(userMessage).id })).node).toEqual(userMessage)
    const session = await loadSession(client, end.sessionId)
    expect((await ask(client, SessionNodeDocument, { id: session.id })).node).toMatchObject({
      id: session.id,
      usage: end.stream.usage,
    })
  })

  test('can be followed to its end', async () => {
    await using environment = await newTestEnvironment(transport)
    const { events, end } = await streamToEnd(environment.connect('http'), { text: 'Hello' })
    const { received } = await readUntil(
      followStream(environment.client, end.stream.id),
      isEventOfType('StreamFinished'),
    )
    expectReplay(received, events)
  })
})
