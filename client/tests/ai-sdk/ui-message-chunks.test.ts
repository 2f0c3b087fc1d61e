import { readUIMessageStream } from 'ai'
import { describe, expect, test } from 'vitest'
import { createSegueClient, type ApprovalAnswer, type ChatEvent, type SegueClient } from '../../src/index.ts'
import { followEvent, unfollowed } from '../../src/ai-sdk/followed-stream.ts'
import {
  SegueChatTransport,
  type SegueUIMessage,
  type SegueUIMessageChunk,
  toUIMessage,
} from '../../src/ai-sdk/index.ts'
import { newTool } from '../../../tests/support/fixtures/tools.ts'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import { toolCallSteps } from '../../../tests/support/providers/strict-provider.ts'
import { startSegueWithTools } from '../../../tests/support/server/segue-with-tools.ts'
import { startTestSegue } from '../../../tests/support/server/segue.ts'

const resolveUrl = (url: string): string => `https://segue.test${url}`

/** What the AI SDK makes of the chunks of a stream, and what Segue's adapter makes of the whole answer. */
interface Comparison {
  readonly chunks: readonly SegueUIMessageChunk[]
  readonly streamed: SegueUIMessage | undefined
  readonly whole: SegueUIMessage | null
}

/** Does something with an event. It is waited for at the end. */
type EventAction = (event: ChatEvent) => Promise<unknown> | undefined

async function compare(events: AsyncIterable<ChatEvent>, onEvent?: EventAction): Promise<Comparison> {
  let followed = unfollowed
  const chunks: SegueUIMessageChunk[] = []
  const actions: (Promise<unknown> | undefined)[] = []
  for await (const event of events) {
    const next = followEvent(followed, event, resolveUrl)
    followed = next.followed
    chunks.push(...next.chunks)
    actions.push(onEvent?.(event))
  }
  await Promise.all(actions)
  const whole = followed.message && toUIMessage(followed.message, resolveUrl, followed.steered)
  return { chunks, streamed: await readWithSdk(chunks), whole }
}

async function readWithSdk(chunks: readonly SegueUIMessageChunk[]): Promise<SegueUIMessage | undefined> {
  let message: SegueUIMessage | undefined
  const states = readUIMessageStream<SegueUIMessage>({ stream: toStream(chunks), onError: () => undefined })
  for await (const state of states) message = state
  return message
}

function toStream(chunks: readonly SegueUIMessageChunk[]): ReadableStream<SegueUIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

const types = (chunks: readonly SegueUIMessageChunk[]): string[] => [...new Set(chunks.map(({ type }) => type))]

function answering(client: SegueClient, answer: ApprovalAnswer): EventAction {
  return (event) =>
    event.type === 'ApprovalChanged' && event.approval.state === 'PENDING'
      ? client.answerApproval(event.approval.id, answer)
      : undefined
}

describe('the AI SDK makes of the chunks what the adapter makes of the whole answer', () => {
  test('reasoning and text', async () => {
    await using segue = await startTestSegue()
    const client = createSegueClient({ url: segue.url })

    const { chunks, streamed, whole } = await compare(client.chat({ text: 'I feel lost.' }))

    expect(streamed).toEqual(whole)
    expect(streamed?.parts.map(({ type }) => type)).toEqual(['step-start', 'reasoning', 'text'])
    expect(streamed?.parts.map((part) => ('state' in part ? part.state : null))).toEqual([null, 'done', 'done'])
    const [, reasoning] = streamed?.parts ?? []
    const times = { startedAt: expect.any(Number), endedAt: expect.any(Number) }
    expect(reasoning).toMatchObject({ type: 'reasoning', providerMetadata: { segue: times } })
    expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' })
    expect(streamed?.metadata).toMatchObject({ status: 'COMPLETE', finishReason: 'STOP', kind: 'CHAT' })
    client.close()
  })

  test('steps that only call tools, each with what the model thought', async () => {
    await using world = await startSegueWithProvider()
    const client = createSegueClient({ url: world.segue.url })
    const look = toolCallSteps({ name: 'look', input: {} })
    world.provider.enqueue([{ reasoning: 'Hm' }, ...look])
    world.provider.enqueue(look)
    world.provider.enqueue([{ text: 'Done.' }, { finish: 'stop' }])

    const { chunks, streamed, whole } = await compare(client.chat({ text: 'Look.' }))

    expect(streamed).toEqual(whole)
    const begins = 'step-start'
    expect(streamed?.parts.map(({ type }) => type)).toEqual([
      begins,
      'reasoning',
      'dynamic-tool',
      begins,
      'dynamic-tool',
      begins,
      'text',
    ])
    const order = chunks.map(({ type }) => type)
    expect(order.indexOf('reasoning-end')).toBeLessThan(order.indexOf('tool-input-start'))
    expect(order.filter((type) => type === 'start-step').length).toBe(3)
    expect(order.filter((type) => type === 'finish-step').length).toBe(3)
    client.close()
  })

  test('a file that the model made', async () => {
    await using segue = await startTestSegue()
    const client = createSegueClient({ url: segue.url })

    const { streamed, whole } = await compare(client.chat({ text: '/image a boat' }))

    expect(streamed).toEqual(whole)
    const file = streamed?.parts.find(({ type }) => type === 'file')
    expect(file).toMatchObject({
      mediaType: 'image/png',
      url: expect.stringMatching(/^https:\/\/segue\.test\/files\//),
    })
    client.close()
  })

  test('a tool that was allowed, with the reason', async () => {
    await using segue = await startSegueWithTools([newTool()])
    const client = createSegueClient({ url: segue.url })
    const onEvent = answering(client, { decision: 'ONCE', reason: 'It is fine.' })

    const { chunks, streamed, whole } = await compare(client.chat({ text: '/tool files__write {"path":"a"}' }), onEvent)

    expect(streamed).toEqual(whole)
    const tool = streamed?.parts.find(({ type }) => type === 'dynamic-tool')
    expect(tool).toMatchObject({
      state: 'output-available',
      toolName: 'files__write',
      input: { path: 'a' },
      output: 'done',
      providerExecuted: true,
      approval: { approved: true, reason: 'It is fine.', requestReason: expect.stringContaining('files__write') },
    })
    // The text about the result is a step of its own.
    expect(streamed?.parts.map(({ type }) => type)).toEqual(['step-start', 'dynamic-tool', 'step-start', 'text'])
    expect(types(chunks)).toEqual(
      expect.arrayContaining(['tool-input-start', 'tool-input-delta', 'tool-input-available', 'tool-approval-request']),
    )
    client.close()
  })

  test('a tool that was refused', async () => {
    await using segue = await startSegueWithTools([newTool()])
    const client = createSegueClient({ url: segue.url })

    const onEvent = answering(client, { decision: 'DENY', reason: 'Not now.' })
    const { streamed, whole } = await compare(client.chat({ text: '/tool files__write {}' }), onEvent)

    expect(streamed).toEqual(whole)
    const tool = streamed?.parts.find(({ type }) => type === 'dynamic-tool')
    expect(tool).toMatchObject({ state: 'output-denied', approval: { approved: false, reason: 'Not now.' } })
    client.close()
  })

  test('a tool that failed, and one that does not exist', async () => {
    const failing = newTool({ isReadOnly: true, execute: () => Promise.reject(new Error('The disk is full.')) })
    await using segue = await startSegueWithTools([failing])
    const client = createSegueClient({ url: segue.url })

    const { streamed, whole } = await compare(client.chat({ text: '/tool files__write {}\n/tool nothing {}' }))

    expect(streamed).toEqual(whole)
    const tools = streamed?.parts.filter(({ type }) => type === 'dynamic-tool')
    expect(tools).toMatchObject([
      { state: 'output-error', errorText: 'The tool failed with an internal error.' },
      { state: 'output-error' },
    ])
    client.close()
  })

  test('a question to the person', async () => {
    await using segue = await startTestSegue()
    const client = createSegueClient({ url: segue.url })

    const { streamed, whole } = await compare(client.chat({ text: '/ask Which one?' }), (event) =>
      event.type === 'ClarificationChanged' && event.clarification.state === 'PENDING'
        ? client.answerClarification(event.clarification.id, { answer: 'This one.' })
        : undefined,
    )

    expect(streamed).toEqual(whole)
    const question = streamed?.parts.find(({ type }) => type === 'data-clarification')
    expect(question).toMatchObject({ data: { question: 'Which one?', state: 'ANSWERED', answer: 'This one.' } })
    client.close()
  })

  test('text that turned out to be reasoning', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    server.provider.enqueue([{ text: 'Two and two? ' }, { text: ' Yes.\n</think>Four.' }, { finish: 'stop' }])

    const { streamed, whole } = await compare(client.chat({ text: 'What is 2 + 2?' }))

    expect(streamed).toEqual(whole)
    expect(streamed?.parts.map(({ type }) => type)).toEqual(['step-start', 'reasoning', 'text'])
    client.close()
  })

  test('an answer that was stopped, with a tool call whose arguments were not complete', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    const call = { id: 'call_1', name: 'files__write', arguments: ['{"path": "a'] }
    server.provider.enqueue([{ text: 'I write' }, { toolCall: call }, { wait: new Promise(() => {}) }])

    const { chunks, streamed, whole } = await compare(client.chat({ text: 'Write.' }), (event) =>
      event.type === 'ToolCallDelta' && event.argumentsText !== '' && event.streamId
        ? client.cancel(event.streamId)
        : undefined,
    )

    expect(streamed).toEqual(whole)
    expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'interrupted' })
    expect(streamed?.metadata?.status).toBe('PARTIAL')
    client.close()
  })

  test('messages that join the answer, each before the step that had it', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    const held = Promise.withResolvers<void>()
    server.provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
    server.provider.enqueue('In short: yes.')
    const steer = async (sessionId: string): Promise<void> => {
      await server.client.start({ sessionId, text: 'In short', ifBusy: 'STEER' })
      held.resolve()
    }

    const { chunks, streamed, whole } = await compare(client.chat({ text: 'Begin.' }), (event) =>
      event.type === 'TextDelta' && event.text === 'Half' ? steer(event.sessionId) : undefined,
    )

    expect(streamed).toEqual(whole)
    expect(streamed?.parts).toMatchObject([
      { type: 'step-start' },
      { type: 'text', text: 'Half', state: 'done' },
      { type: 'steering-message', id: expect.stringMatching(/^msg_/), parts: [{ type: 'text', text: 'In short' }] },
      { type: 'step-start' },
      { type: 'text', text: 'In short: yes.', state: 'done' },
    ])
    const steps = chunks.map(({ type }) => type).filter((type) => type.endsWith('-step') || type === 'steering-message')
    expect(steps).toEqual(['start-step', 'steering-message', 'finish-step', 'start-step', 'finish-step'])
    const transport = new SegueChatTransport({ client })
    expect(await transport.loadMessages(streamed?.metadata?.sessionId ?? '')).toMatchObject([
      { role: 'user', parts: [{ text: 'Begin.' }] },
      { id: streamed?.id, parts: [{}, { text: 'Half' }, { type: 'steering-message' }, {}, { text: 'In short: yes.' }] },
    ])
    client.close()
  })

  test('an answer that failed keeps what was said, and says why it failed', async () => {
    await using server = await startSegueWithProvider()
    const client = createSegueClient({ url: server.segue.url })
    server.provider.enqueue([
      { text: 'I begin' },
      { raw: 'data: {"error": {"message": "Out of credit.", "code": "insufficient_quota"}}' },
    ])

    const { chunks, streamed, whole } = await compare(client.chat({ text: 'Go.' }))

    expect(streamed).toEqual(whole)
    expect(chunks.at(-1)).toMatchObject({ type: 'error', errorText: expect.any(String) })
    client.close()
  })
})

test.each([
  ['length', 'LENGTH', 'length'],
  ['content_filter', 'CONTENT_FILTER', 'content-filter'],
])('the finish reason %s', async (sent, segueReason, sdkReason) => {
  await using server = await startSegueWithProvider()
  const client = createSegueClient({ url: server.segue.url })
  server.provider.enqueue([{ text: 'Once upon' }, { finish: sent }])

  const { chunks, streamed } = await compare(client.chat({ text: 'Tell.' }))

  expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: sdkReason })
  expect(streamed?.metadata).toMatchObject({ finishReason: segueReason, status: 'PARTIAL' })
  client.close()
})
