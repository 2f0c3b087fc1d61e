import { isDeepStrictEqual } from 'node:util'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { ModelMessage } from 'ai'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { createSdkProviderModel, type ProviderModel } from '../../../../src/agent/providers/provider-model.ts'
import { defaultDialect } from '../../../../src/agent/providers/dialect.ts'
import { deepSeekDialect } from '../../../../src/agent/providers/dialects/deepseek.ts'
import { mistralDialect } from '../../../../src/agent/providers/dialects/mistral.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import type { ClockAndIds } from '../../../../src/lib/clock-and-ids.ts'
import { foldMessage } from '../../../../src/model/fold/fold-message.ts'
import { toAnswerMessagePosition, toUserMessagePosition } from '../../../../src/model/fold/message-position.ts'
import type { EventDraft } from '../../../../src/model/chat-event.ts'
import {
  createStreamStartedDraft,
  startQueuedStream,
  cancelQueuedStream,
} from '../../../../src/chat/turn/transitions.ts'
import type { StreamEnding } from '../../../../src/chat/turn/stream-ending.ts'
import { createToolCall } from '../../../../src/model/tool-call.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import type { Json } from '../../../../src/lib/text/json.ts'
import type { MessagePart, MessageRecord, ToolCall } from '../../../../src/model/message.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import {
  anyTurnSteps,
  anyEnding,
  anyJson,
  newCountingRuntime,
  type TurnStep,
  newStream,
  assignSeqs,
  anyTextChunk,
  playTurn,
  newUserMessage,
} from '../../../support/fixtures/generators.ts'
import { findAnthropicProblems, findOpenAiProblems } from '../../../support/fixtures/message-rules.ts'
import { StrictProvider } from '../../../support/providers/strict-provider.ts'
import { newRequestPolicy } from '../../../support/providers/connections.ts'

/** Text that no model may be sent: it is in all reasoning, and in all withdrawn messages. */
const secret = 'SECRET'

const noAnswer = '[No answer.]'

/** One message of a session, and what happens to it. */
type Turn =
  | {
      readonly kind: 'answered'
      readonly events: TurnStep[]
      readonly ending: StreamEnding
      readonly isQueued: boolean
    }
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'queued' }

/** The log of a session, and the user's messages in it by id. */
interface Log {
  readonly events: readonly ChatEvent[]
  readonly userMessages: ReadonlyMap<string, MessageRecord>
}

function logOf(turns: readonly Turn[]): Log {
  const runtime = newCountingRuntime()
  const userMessages = new Map<string, MessageRecord>()
  const drafts: EventDraft[] = []
  for (const [index, turn] of turns.entries()) {
    const stream = newStream({ id: `stream-${index}`, userMessageId: `message-${index}`, firstSeq: drafts.length + 1 })
    const text = turn.kind === 'withdrawn' ? `Message ${index} ${secret}` : `Message ${index}`
    userMessages.set(stream.userMessageId, newUserMessage(stream, text, { position: null }))
    drafts.push(...turnDrafts(turn, stream, runtime))
  }
  return { events: assignSeqs(drafts), userMessages }
}

function turnDrafts(turn: Turn, stream: ReturnType<typeof newStream>, runtime: ClockAndIds): readonly EventDraft[] {
  const queued = { ...stream, status: 'QUEUED' as const }
  if (turn.kind === 'queued') return [createStreamStartedDraft(queued, runtime)]
  if (turn.kind === 'withdrawn')
    return [createStreamStartedDraft(queued, runtime), cancelQueuedStream(queued, runtime).event]
  const { events } = playTurn(turn.events, turn.ending, runtime, stream)
  return turn.isQueued
    ? [createStreamStartedDraft(queued, runtime), startQueuedStream(queued, runtime).event, ...events.slice(1)]
    : events
}

/** The messages of a session by its log: the stored ones, and the streaming answer. */
function messagesOf({ events, userMessages }: Log): MessageRecord[] {
  const userMessageByStream = new Map<string | null, MessageRecord>()
  const answers = new Map<string | null, MessageRecord>()
  for (const event of events) {
    const { streamId, seq } = event
    if (event.type === 'StreamStarted') {
      const question = userMessages.get(event.userMessageId)
      const position = event.stream.status === 'QUEUED' ? null : toUserMessagePosition(seq)
      if (question) userMessageByStream.set(streamId, { ...question, position })
    }
    const question = userMessageByStream.get(streamId)
    if (!question) continue
    const isTurn = event.type === 'StreamChanged' && question.position === null
    if (isTurn) userMessageByStream.set(streamId, { ...question, position: toUserMessagePosition(seq) })
    if (event.type === 'StreamFinished' && question.position === null) {
      userMessageByStream.set(streamId, { ...question, position: toUserMessagePosition(seq), withdrawn: true })
    }
    const base = { position: toAnswerMessagePosition(question), model: 'test/model' }
    const answer = foldMessage(base, answers.get(streamId) ?? null, event)
    if (answer) answers.set(streamId, answer)
  }
  return [...userMessageByStream.values(), ...answers.values()].toSorted(
    (a, b) => (a.position ?? 0) - (b.position ?? 0),
  )
}

/** Blank texts. */
const blank = fc.constantFrom('', ' ', '\n\t', '\u00a0', '\u0085', '\u001c', '\ufeff')

const addSecret = (event: TurnStep): TurnStep =>
  event.type === 'reasoning' ? { ...event, text: `${secret} ${event.text}` } : event

const someEvents = fc.tuple(anyTurnSteps, fc.option(fc.tuple(fc.nat(), blank))).map(([events, extra]): TurnStep[] => {
  const all = events.map(addSecret)
  if (extra) all.splice(extra[0] % (all.length + 1), 0, { type: 'text', block: 'blank', text: extra[1] })
  return all
})

const anyTurn: fc.Arbitrary<Turn> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('answered'),
      events: someEvents,
      ending: anyEnding,
      isQueued: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'withdrawn' }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'queued' }) },
)

const anyLog: fc.Arbitrary<Log> = fc.array(anyTurn, { maxLength: 4 }).map(logOf)

/** A call as Hermes stores it: ids hold colons, and provider ids are the same in every message. */
const hermesCall: fc.Arbitrary<ToolCall> = fc.record({
  id: fc.constant(''),
  providerId: fc.constantFrom('call_0', 'functions.look:0', null),
  name: fc.constantFrom('look', 'mcp:server.tool', ''),
  argumentsText: fc.constantFrom('{}', '{"a":"\\ud83d"}', '', 'null', '{"half', '[]'),
  argumentsWhole: fc.constant(true),
  state: fc.constantFrom('SUCCEEDED', 'OUTCOME_UNKNOWN'),
  result: anyJson,
  error: fc.constant(null),
  startedAt: fc.constant(null),
  finishedAt: fc.constant(null),
})

const completeCall: ToolCall = {
  ...createToolCall('', 'look'),
  argumentsText: '{}',
  argumentsWhole: true,
  state: 'SUCCEEDED',
}

const anyPart: fc.Arbitrary<MessagePart> = fc.oneof(
  fc.oneof(anyTextChunk, blank).map((text) => ({ type: 'text' as const, text })),
  anyTextChunk.map((text) => ({ type: 'reasoning' as const, text: `${secret} ${text}` })),
  hermesCall.map((call) => ({ type: 'tool' as const, call })),
)

/** Messages of Hermes sessions, whose ids may differ at the start only. */
const hermesMessages: fc.Arbitrary<MessageRecord[]> = fc
  .array(
    fc.tuple(
      fc.constantFrom('20260101_000000_ab', `one${'-long'.repeat(16)}`, `two${'-long'.repeat(16)}`, 'a:1'),
      fc.constantFrom('USER', 'ASSISTANT', 'SYSTEM'),
      fc.array(anyPart, { maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((rows) =>
    rows.map(([sessionId, role, parts], index): MessageRecord => {
      const id = `${sessionId}:${index % 3}`
      return {
        ...newUserMessage(newStream()),
        id,
        sessionId,
        position: index + 1,
        role,
        parts: parts.map((part, at) =>
          part.type === 'tool' ? { type: 'tool', call: { ...part.call, id: `${id}:${at}` } } : part,
        ),
        streamId: null,
      }
    }),
  )

const question: MessageRecord = newUserMessage(newStream({ firstSeq: 1_000_000 }), 'And now?')
const firstQuestion: MessageRecord = newUserMessage(newStream({ firstSeq: 1 }), 'Hello?')

const contentOf = (message: ModelMessage): readonly { type: string }[] =>
  typeof message.content === 'string' ? [{ type: 'text' }] : message.content

describe('for every prefix of any log', () => {
  function everyCut(check: (messages: MessageRecord[], context: ModelMessage[]) => void, numRuns = 100): void {
    const property = fc.property(hermesMessages, anyLog, (before, { events, userMessages }) => {
      for (let seq = 0; seq <= events.length; seq += 1) {
        const messages = [...before, ...messagesOf({ events: events.slice(0, seq), userMessages })]
        check(messages, toModelMessages(messages))
      }
    })
    fc.assert(property, { numRuns })
  }

  test('each call is followed by exactly one result, and no message is empty', () => {
    everyCut((_messages, context) => expect(findOpenAiProblems(context)).toEqual([]), 300)
  })

  test.each([
    ['strict', defaultDialect],
    ['DeepSeek', deepSeekDialect],
    ['Mistral', mistralDialect],
  ])('roles alternate from the user’s first message on, and results follow their calls (%s)', (_, dialect) => {
    const neighbours = new Set(['user assistant', 'assistant user', 'assistant tool', 'tool assistant'])
    everyCut((messages) => {
      const context = toModelMessages(messages, { target: { id: 'test/model', dialect } })
      const roles = context.map(({ role }) => role)
      expect(roles[0] ?? 'user').toBe('user')
      for (const [index, role] of roles.slice(1).entries()) expect(neighbours).toContain(`${roles[index]} ${role}`)
      expect(findOpenAiProblems(context)).toEqual([])
    })
  })

  test('reasoning and withdrawn messages are left out', () => {
    everyCut((_messages, context) => expect(JSON.stringify(context)).not.toContain(secret))
  })

  test('every placed user message and every text is included, in order', () => {
    everyCut((messages, context) => {
      const wanted = messages
        .filter(({ role, withdrawn, position }) => role !== 'SYSTEM' && !withdrawn && position !== null)
        .flatMap(({ parts }) => parts)
        .flatMap((part) => (part.type === 'text' ? [part.text.toWellFormed()] : []))
        .filter((piece) => /[^\s\p{Cc}]/u.test(piece))
      const sent = context
        .filter(({ role }) => role !== 'tool')
        .flatMap((message) => contentOf(message))
        .flatMap((part) => ('text' in part && part.text !== noAnswer ? [part.text] : []))
      // Messages of one role are joined.
      expect(sent.join('\n\n') === wanted.join('\n\n')).toBe(true)
    })
  })

  test('a call is included exactly if its arguments are complete', () => {
    everyCut((messages, context) => {
      const fullContext = messages
        .filter(({ role }) => role === 'ASSISTANT')
        .flatMap(({ parts }) => parts)
        .filter((part) => part.type === 'tool' && part.call.argumentsWhole)
      const sent = context.flatMap((message) => contentOf(message)).filter(({ type }) => type === 'tool-call')
      expect(sent.length).toBe(fullContext.length)
    })
  })

  test('a longer log only appends to the messages before its newest answer, so that providers can cache them', () => {
    everyCut((messages, context) => {
      // The last one of the earlier messages may be joined with what follows it.
      const before = toModelMessages(messages.slice(0, -1)).slice(0, -1)
      expect(isDeepStrictEqual(context.slice(0, before.length), before)).toBe(true)
    })
  })

  test('the result depends on nothing but text, files and calls', () => {
    everyCut((messages, context) => {
      const others = messages.map((message) => ({
        ...structuredClone(message),
        id: `other ${message.id}`,
        sessionId: 'other',
        status: 'COMPLETE' as const,
        createdAt: 5,
        streamId: message.streamId && 'other',
        model: 'other',
        usage: null,
        parts: message.parts.map((part) => (part.type === 'reasoning' ? { ...part, text: 'other' } : part)),
      }))
      const copy = structuredClone(others)
      expect(isDeepStrictEqual(toModelMessages(others), context)).toBe(true)
      expect(isDeepStrictEqual(others, copy)).toBe(true)
    })
  })
})

describe('the next request after', () => {
  const ask = (turns: readonly Turn[]): Json => JSON.parse(JSON.stringify(toModelMessages(messagesOf(logOf(turns)))))
  const answered = (events: AgentEvent[], ending: StreamEnding): Turn => ({
    kind: 'answered',
    events,
    ending,
    isQueued: false,
  })
  const textEvent = (of: string): AgentEvent => ({ type: 'text', block: '1', text: of })
  const called = (argumentsText = '{"a":1}'): AgentEvent => ({
    type: 'tool-call',
    callId: '0',
    name: 'look',
    argumentsText,
  })
  const user = (index: number): Json => ({ role: 'user', content: [{ type: 'text', text: `Message ${index}` }] })
  const assistant = (of: string): Json => ({ role: 'assistant', content: [{ type: 'text', text: of }] })

  test('a cancelled answer holds its user message and its finished parts', () => {
    expect(ask([answered([textEvent('Half an ')], { status: 'CANCELLED' }), { kind: 'queued' }])).toEqual([
      user(0),
      assistant('Half an '),
    ])
  })

  test('an empty answer holds its user message', () => {
    expect(ask([answered([], { status: 'CANCELLED' })])).toEqual([user(0)])
  })

  test('a withdrawn message holds nothing of it', () => {
    expect(ask([{ kind: 'withdrawn' }, answered([textEvent('Hi')], { status: 'COMPLETED' })])).toEqual([
      user(1),
      assistant('Hi'),
    ])
  })

  test('an incomplete call holds nothing of it', () => {
    const half: AgentEvent = { type: 'tool-input', callId: '0', name: 'look', text: '{"a":1}' }
    expect(ask([answered([textEvent('Let me see'), half], { status: 'CANCELLED' })])).toEqual([
      user(0),
      assistant('Let me see'),
    ])
  })

  test.each([
    ['CANCELLED', 'Cancelled by the user before it finished.'],
    ['INTERRUPTED', 'The server stopped while it ran. It may or may not have taken effect.'],
  ] as const)('a call that ran when its stream was %s holds the reason why there is no result', (status, value) => {
    const [, call, result] = listOf(ask([answered([called()], { status })]))
    expect(call).toMatchObject({
      role: 'assistant',
      content: [{ type: 'tool-call', toolName: 'look', input: { a: 1 } }],
    })
    expect(result).toMatchObject({
      role: 'tool',
      content: [{ type: 'tool-result', output: { type: 'error-text', value } }],
    })
  })

  test('a call whose arguments are no object holds the call and its result', () => {
    const events: AgentEvent[] = [called('{"a":'), { type: 'tool-error', callId: '0', error: 'No such tool.' }]
    const [, call, result] = listOf(ask([answered(events, { status: 'COMPLETED' })]))
    expect(call).toMatchObject({ content: [{ type: 'tool-call', toolName: 'look', input: {} }] })
    expect(result).toMatchObject({ content: [{ output: { type: 'error-text', value: 'No such tool.' } }] })
  })

  test('two steps with tools holds both in order, with the text between', () => {
    const result: AgentEvent = { type: 'tool-result', callId: '0', result: { seen: true } }
    const step: AgentEvent = { type: 'step', estimatedInputTokens: 1 }
    const events = [step, called(), result, step, textEvent('Again.'), called(), result, step, textEvent('Done.')]
    expect(listOf(ask([answered(events, { status: 'COMPLETED' })])).map((message) => roleOf(message))).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
    ])
  })
})

test('ids of calls that become equal in the form that providers accept are numbered', () => {
  const call = (id: string): MessagePart => ({ type: 'tool', call: { ...completeCall, id } })
  const answer = (position: number, ...ids: string[]): MessageRecord => {
    const parts = ids.map(call)
    return { ...firstQuestion, role: 'ASSISTANT', position, parts }
  }
  const long = 'x'.repeat(70)
  const context = toModelMessages([firstQuestion, answer(4, 'a:1', 'a_1', `1${long}`), answer(5, 'a.1', `2${long}`)])
  const ids = context
    .flatMap((message) => contentOf(message))
    .flatMap((part) => ('toolCallId' in part ? [part.toolCallId] : []))
  const longEnd = 'x'.repeat(56)
  expect(ids).toEqual(
    [
      ['a_1', 'a_1_2', longEnd],
      ['a_1', 'a_1_2', longEnd],
      ['a_1_3', `${longEnd}_2`],
      ['a_1_3', `${longEnd}_2`],
    ].flat(),
  )
})

function listOf(value: Json): Json[] {
  return Array.isArray(value) ? value : []
}

function roleOf(message: Json): Json {
  return message !== null && typeof message === 'object' && !Array.isArray(message) ? (message['role'] ?? null) : null
}

describe('a request of the model agent through the AI SDK', () => {
  let provider: StrictProvider

  beforeAll(async () => {
    provider = await StrictProvider.start()
  })

  afterAll(() => provider.close())

  /** The context of the next step: it ends with a user message, or with the results of calls. */
  const anyQuestion = fc.tuple(hermesMessages, anyLog).map(([before, log]) => {
    return toModelMessages([firstQuestion, ...before, ...messagesOf(log), question])
  })

  async function send(model: ProviderModel, context: readonly ModelMessage[]): Promise<void> {
    const run = newAgentRun({ loadHistory: async () => context })
    for await (const event of createModelAgent({ model, maxSteps: 20, requestPolicy: newRequestPolicy() }).answer(run))
      void event
  }

  const openai = () => createOpenAI({ baseURL: provider.baseURL, apiKey: 'key' }).chat('test')
  const compatible = () =>
    createOpenAICompatible({ name: 'strict', baseURL: provider.baseURL, includeUsage: true })('test')

  test.each([
    ['OpenAI', openai],
    ['OpenAI-compatible', compatible],
  ])('is accepted by a provider as strict as OpenAI (%s)', async (_name, model) => {
    await fc.assert(
      fc.asyncProperty(anyQuestion, async (context) => {
        await send(
          createSdkProviderModel('test', async () => model()),
          context,
        )
        expect(provider.rejections).toEqual([])
      }),
      { numRuns: 30 },
    )
    expect(provider.requests.length).toBeGreaterThan(0)
  })

  test('keeps the rules of Anthropic', async () => {
    const bodies: unknown[] = []
    const fetch = async (_input: unknown, init?: RequestInit): Promise<Response> => {
      bodies.push(JSON.parse(String(init?.body)))
      return Response.json({ type: 'error', error: { type: 'authentication_error', message: 'seen' } }, { status: 401 })
    }
    const model = createSdkProviderModel('anthropic', async () =>
      createAnthropic({ baseURL: 'http://127.0.0.1:1/v1', apiKey: 'key', fetch })('test'),
    )
    await fc.assert(
      fc.asyncProperty(anyQuestion, async (context) => {
        bodies.length = 0
        await send(model, context).catch(() => undefined)
        expect(bodies.length).toBe(1)
        expect(findAnthropicProblems(bodies[0])).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})

describe('the rule checks of these tests', () => {
  const user: ModelMessage = { role: 'user', content: 'Hi' }
  const call = { type: 'tool-call' as const, toolCallId: 'a', toolName: 'look', input: {} }
  const result = {
    type: 'tool-result' as const,
    toolCallId: 'a',
    toolName: 'look',
    output: { type: 'text' as const, value: '' },
  }
  const callMessage: ModelMessage = { role: 'assistant', content: [call] }
  const resultMessage: ModelMessage = { role: 'tool', content: [result] }

  test.each<[string, ModelMessage[]]>([
    ['a call without a result', [user, callMessage, user]],
    ['a result without a call', [user, resultMessage]],
    ['a duplicate result', [user, callMessage, { role: 'tool', content: [result, result] }]],
    ['a result that does not follow its call', [user, callMessage, user, resultMessage]],
    [
      'an id that comes twice',
      [user, { role: 'assistant', content: [call, call] }, { role: 'tool', content: [result, result] }],
    ],
    ['an empty assistant message', [user, { role: 'assistant', content: [] }]],
    ['reasoning', [user, { role: 'assistant', content: [{ type: 'reasoning', text: 'Hm' }] }]],
    ['a tool name with a dot', [user, { role: 'assistant', content: [{ ...call, toolName: 'a.b' }] }, resultMessage]],
    ['arguments that are an array', [user, { role: 'assistant', content: [{ ...call, input: [] }] }, resultMessage]],
    ['a lone surrogate', [{ role: 'user', content: 'a\ud83d' }]],
  ])('detect %s', (_problem, messages) => {
    expect(findOpenAiProblems(messages).length).toBeGreaterThan(0)
    expect(findOpenAiProblems([user, callMessage, resultMessage, user])).toEqual([])
  })

  const text = (of: string) => ({ type: 'text', text: of })
  const use = { type: 'tool_use', id: 'a', name: 'look', input: {} }
  const answer = { type: 'tool_result', tool_use_id: 'a', content: '' }

  test.each<[string, object[]]>([
    ['a blank text', [{ role: 'user', content: [text(' \n')] }]],
    [
      'an id with a colon',
      [
        { role: 'user', content: [text('Hi')] },
        { role: 'assistant', content: [{ ...use, id: 'a:0' }] },
        { role: 'user', content: [{ ...answer, tool_use_id: 'a:0' }] },
      ],
    ],
    [
      'a result after a text',
      [
        { role: 'user', content: [text('Hi')] },
        { role: 'assistant', content: [use] },
        { role: 'user', content: [text('Hm'), answer] },
      ],
    ],
    [
      'a result that is missing',
      [
        { role: 'user', content: [text('Hi')] },
        { role: 'assistant', content: [use] },
        { role: 'user', content: [text('Hm')] },
      ],
    ],
    ['no content', [{ role: 'user', content: [] }]],
    [
      'an assistant first',
      [
        { role: 'assistant', content: [text('Hi')] },
        { role: 'user', content: [text('Hi')] },
      ],
    ],
    ['a lone surrogate', [{ role: 'user', content: [text('a\ud83d')] }]],
  ])('detect %s at Anthropic', (_problem, messages) => {
    expect(findAnthropicProblems({ messages }).length).toBeGreaterThan(0)
    const good = [
      { role: 'user', content: [text('Hi')] },
      { role: 'assistant', content: [text('Let me see'), use] },
      { role: 'user', content: [answer, text('And now?')] },
    ]
    expect(findAnthropicProblems({ messages: good })).toEqual([])
  })
})
