import { describe, expect, test } from 'vitest'
import type { ProviderStep } from '../support/providers/strict-provider.ts'
import { ask, requireNonNull, readUntil, expectRefusal } from './support/typed-client.ts'
import {
  cancelStream,
  type ChatEvent,
  loadEvents,
  isEventOfType,
  never,
  listSeqs,
  loadSession,
  startChat,
  streamChat,
  streamToEnd,
} from './support/chat.ts'
import { transports } from './support/clients.ts'
import { computeDigest, foldParts } from './support/fold.ts'
import { CancelStreamDocument, MessageNodeDocument, MessagesDocument, StreamDocument } from './generated/graphql.ts'
import { newTestEnvironment } from './support/test-environment.ts'

interface Phase {
  readonly phase: string
  /** What the provider sends before it stops responding. */
  readonly steps: readonly ProviderStep[]
  /** The last event before the cancel. */
  readonly until: (event: ChatEvent) => boolean
  readonly parts: readonly object[]
}

const phases: readonly Phase[] = [
  {
    phase: 'in its reasoning',
    steps: [{ reasoning: 'They want ' }, { reasoning: 'a poem 🌳' }],
    until: (event) => event.type === 'ReasoningDelta' && event.text.endsWith('🌳'),
    parts: [{ type: 'ReasoningPart', index: 0, text: 'They want a poem 🌳' }],
  },
  {
    phase: 'in its text',
    steps: [{ reasoning: 'A poem.' }, { text: 'Trees ' }, { text: 'are\n' }, { text: 'ta' }],
    until: (event) => event.type === 'TextDelta' && event.text.endsWith('ta'),
    parts: [
      { type: 'ReasoningPart', index: 0, text: 'A poem.' },
      { type: 'TextPart', index: 1, text: 'Trees are\nta' },
    ],
  },
  {
    phase: 'in the middle of the arguments of a tool call',
    steps: [{ text: 'Let me look.' }, { toolCall: { id: 'call_1', name: 'look', arguments: ['{"at":', ' "the tr'] } }],
    until: (event) => event.type === 'ToolCallDelta' && event.argumentsText.endsWith('the tr'),
    parts: [
      { type: 'TextPart', index: 0, text: 'Let me look.' },
      {
        type: 'ToolCallPart',
        index: 1,
        toolCall: { name: 'look', argumentsText: '{"at": "the tr', arguments: null, state: 'CANCELLED', result: null },
      },
    ],
  },
]

describe.each(transports)('cancelStream, over %s,', (transport) => {
  test.each(phases)('saves the partial answer $phase', async ({ steps, until, parts }) => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([...steps, { wait: never }])
    const events = streamChat(client, { text: 'A poem about trees' })
    const { received, last } = await readUntil(events, (event): event is ChatEvent => until(event))

    const cancelled = await cancelStream(client, requireNonNull(last.streamId))
    expect(cancelled).toMatchObject({
      outcome: 'CANCELLED',
      stream: { id: last.streamId, status: 'CANCELLED', error: null, lastSeq: cancelled.lastSeq },
      message: { role: 'ASSISTANT', status: 'PARTIAL', parts },
    })
    const message = requireNonNull(cancelled.message)
    expect(cancelled.stream.message).toEqual(message)

    // The subscriber, the log and the result agree, and no event follows.
    const rest = await Array.fromAsync(events)
    expect(rest.at(-1)).toMatchObject({ type: 'StreamFinished', seq: cancelled.lastSeq, message })
    const logged = await loadEvents(client, last.sessionId)
    expect(listSeqs(logged).at(-1)).toBe(cancelled.lastSeq)
    expect(foldParts([...received, ...rest])).toEqual(message.parts)
    expect(foldParts(logged)).toEqual(message.parts)
    expect(computeDigest(foldParts(logged))).toBe(message.digest)

    // It stays the same, wherever it is read.
    expect((await ask(client, MessageNodeDocument, { id: message.id })).node).toEqual(message)
    expect((await ask(client, StreamDocument, { id: cancelled.stream.id })).stream).toEqual(cancelled.stream)
    const { session } = await ask(client, MessagesDocument, { sessionId: last.sessionId })
    expect(session?.messages.edges.map(({ node }) => node.text)).toEqual(['A poem about trees', message.text])
    expect(session?.messages.edges.at(-1)?.node).toEqual(message)
    const row = await loadSession(client, last.sessionId)
    expect(row).toMatchObject({ headSeq: cancelled.lastSeq, activeStream: null, messageCount: 2 })

    expect(await cancelStream(client, cancelled.stream.id)).toEqual({ ...cancelled, outcome: 'ALREADY_CANCELLED' })
    expect(await (await provider.waitForRequest(0)).closed).toBe('client')
  })

  test('saves no answer before the first token, and keeps the user message', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ open: true }, { wait: never }])
    const stream = await startChat(client, { text: 'Are you there?' })
    await provider.waitForRequest(0)

    const cancelled = await cancelStream(client, stream.id)
    expect(cancelled).toMatchObject({ outcome: 'CANCELLED', message: null, stream: { message: null } })
    const logged = await loadEvents(client, stream.session.id)
    expect(logged.map(({ type }) => type)).toEqual(['StreamStarted', 'StreamFinished'])
    const { session } = await ask(client, MessagesDocument, { sessionId: stream.session.id })
    expect(session?.messages.edges.map(({ node }) => node.text)).toEqual(['Are you there?'])
    expect(await cancelStream(client, stream.id)).toEqual({ ...cancelled, outcome: 'ALREADY_CANCELLED' })
  })

  test('returns ALREADY_FINISHED and the complete answer after the end', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue('A whole answer.')
    const { end } = await streamToEnd(client, { text: 'Hello' })
    expect(await cancelStream(client, requireNonNull(end.streamId))).toEqual({
      outcome: 'ALREADY_FINISHED',
      lastSeq: end.seq,
      withdrawn: [],
      stream: end.stream,
      message: end.message,
    })
    expect(end.message).toMatchObject({ status: 'COMPLETE', text: 'A whole answer.' })
  })

  test('returns the partial answer of a stream that failed', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ text: 'I was about to' }, { cut: true }])
    const { end } = await streamToEnd(client, { text: 'Hello' })
    expect(end).toMatchObject({ stream: { status: 'FAILED', error: { code: 'PROVIDER' } } })
    const cancelled = await cancelStream(client, requireNonNull(end.streamId))
    expect(cancelled).toMatchObject({ outcome: 'ALREADY_FINISHED', message: { status: 'PARTIAL' } })
    expect(cancelled.message).toEqual(end.message)
    expect(cancelled.message?.text).toBe('I was about to')
  })

  test('returns the same to concurrent calls, and CANCELLED to only one of them', async () => {
    await using environment = await newTestEnvironment(transport)
    environment.provider.enqueue([{ text: 'Trees are' }, { wait: never }])
    // Operations over one socket run concurrently: no call waits for the end of another one.
    const socket = environment.connect('webSocket')
    const { last } = await readUntil(streamChat(socket, { text: 'A poem' }), isEventOfType('TextDelta'))
    const clients = [
      socket,
      socket,
      socket,
      environment.client,
      ...transports.map((other) => environment.connect(other)),
    ]
    const all = await Promise.all(clients.map((each) => cancelStream(each, requireNonNull(last.streamId))))
    const outcomes = all.map(({ outcome }) => outcome).toSorted()
    expect(outcomes).toEqual([...Array(6).fill('ALREADY_CANCELLED'), 'CANCELLED'])
    const [first] = all
    for (const answer of all) expect(answer).toEqual({ ...first, outcome: answer.outcome })
    expect(first?.message?.text).toBe('Trees are')
  })

  test('keeps the finished tool call of the first step when it is called in the second', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ toolCall: { id: 'call_1', name: 'look', arguments: ['{}'] } }, { finish: 'tool_calls' }])
    provider.enqueue([{ text: 'There is no' }, { wait: never }])
    const { last } = await readUntil(streamChat(client, { text: 'Look' }), isEventOfType('TextDelta'))
    const { message } = await cancelStream(client, requireNonNull(last.streamId))
    expect(message).toMatchObject({
      text: 'There is no',
      toolCalls: [{ name: 'look', state: 'FAILED', arguments: {}, providerId: 'call_1' }],
    })
    expect(requireNonNull(message).digest).toBe(computeDigest(foldParts(await loadEvents(client, last.sessionId))))
  })

  test('affects no other stream', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'one' }, { wait: never }])
    const one = await readUntil(streamChat(client, { text: 'First' }), isEventOfType('TextDelta'))
    provider.enqueue([{ text: 'two' }, { wait: held.promise }, { text: ' and more' }, { finish: 'stop' }])
    const events = streamChat(client, { text: 'Second' })
    const two = await readUntil(events, isEventOfType('TextDelta'))
    await cancelStream(client, requireNonNull(one.last.streamId))
    held.resolve()
    const { last } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(last).toMatchObject({ streamId: two.last.streamId, message: { text: 'two and more', status: 'COMPLETE' } })
  })

  test.each(['str_00000000000000000000000000', 'nobody', ''])('is NOT_FOUND for the id %j', async (streamId) => {
    await using environment = await newTestEnvironment(transport)
    expect(await expectRefusal(environment.client, CancelStreamDocument, { streamId })).toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test("frees the session, and keeps the partial answer in the model's context", async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ reasoning: 'Hm.' }, { text: 'Trees are' }, { wait: never }])
    const { last } = await readUntil(streamChat(client, { text: 'A poem' }), isEventOfType('TextDelta'))
    await cancelStream(client, requireNonNull(last.streamId))
    provider.enqueue('Gladly.')
    const { end } = await streamToEnd(client, { sessionId: last.sessionId, text: 'Go on' })
    expect(end.message?.text).toBe('Gladly.')
    expect((await provider.waitForRequest(1)).body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'Trees are' },
      { role: 'user' },
    ])
    expect(provider.rejections).toEqual([])
  })
})
