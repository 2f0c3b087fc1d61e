import type { ModelMessage } from 'ai'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Agent, AgentError, type AgentEvent } from '../../../../src/agent/agent.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import { createLanguageModel } from '../../../../src/agent/providers/create-language-model.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { joinAgentEvents } from '../../../support/fixtures/join-agent-events.ts'
import { findUnusedUrl } from '../../../support/server/small-server.ts'
import { StrictProvider, type Script, type ProviderStep } from '../../../support/providers/strict-provider.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { newProviderFetch, newRequestPolicy } from '../../../support/providers/connections.ts'

const key = 'sk-test-0123456789'
const question: ModelMessage = { role: 'user', content: 'Hi' }
const never = new Promise<never>(() => {})

let provider: StrictProvider
const unhandled: unknown[] = []
const recordRejection = (reason: unknown) => unhandled.push(reason)

beforeEach(async () => {
  process.on('unhandledRejection', recordRejection)
  provider = await StrictProvider.start({ apiKey: key })
})

afterEach(async () => {
  await provider.close()
  // Node reports unhandled rejections after the microtasks.
  await yieldToEventLoop()
  process.off('unhandledRejection', recordRejection)
  expect(unhandled.splice(0)).toEqual([])
})

interface Options {
  readonly histories?: readonly (readonly ModelMessage[])[]
  readonly signal?: AbortSignal
  readonly maxSteps?: number
  readonly type?: 'openai' | 'openai-compatible'
  readonly apiKey?: string
  readonly baseURL?: string
}

function newAgent({ type = 'openai-compatible', apiKey = key, ...options }: Options = {}): Agent {
  const { baseURL = provider.baseURL, maxSteps = 20 } = options
  const model = createLanguageModel(newProvider({ type, baseURL, apiKey }), 'test', {
    fetch: newProviderFetch(),
    log: silentLogger,
  })
  return createModelAgent({ model, secrets: [apiKey], maxSteps, requestPolicy: newRequestPolicy() })
}

function answer(options: Options = {}): AsyncIterator<AgentEvent> {
  const { histories = [[question]], signal = new AbortController().signal } = options
  const remaining = [...histories]
  const history = async () => (remaining.length > 1 ? remaining.shift() : remaining[0]) ?? []
  const events = newAgent(options).answer(newAgentRun({ loadHistory: history, signal }))
  return events[Symbol.asyncIterator]()
}

/** Collects all events of an answer, and the error at its end. */
async function collect(events: AsyncIterator<AgentEvent>): Promise<{ events: AgentEvent[]; error: AgentError | null }> {
  const received: AgentEvent[] = []
  try {
    for (let next = await events.next(); !next.done; next = await events.next()) received.push(next.value)
    return { events: received, error: null }
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    return { events: received, error }
  }
}

function run(script: Script, options?: Options): Promise<{ events: AgentEvent[]; error: AgentError | null }> {
  provider.enqueue(script)
  return collect(answer(options))
}

/** The text of each block of text and reasoning, in order. */
function joinBlocks(events: readonly AgentEvent[]): [string, string][] {
  const blocks = new Map<string, [string, string]>()
  for (const event of events) {
    if (event.type !== 'text' && event.type !== 'reasoning') continue
    const block = blocks.get(event.block)
    if (block) expect(block[0]).toBe(event.type)
    blocks.set(event.block, [event.type, (block?.[1] ?? '') + event.text])
  }
  return [...blocks.values()]
}

const types = (events: readonly AgentEvent[]) => events.map(({ type }) => type)
const done: readonly ProviderStep[] = [{ finish: 'stop' }, { usage: { input: 11, output: 7, reasoning: 3, cached: 2 } }]
const look = (...pieces: string[]): ProviderStep => ({ toolCall: { id: 'call_1', name: 'look', arguments: pieces } })

describe('an answer', () => {
  test('is streamed, with the reported usage at the end of its step', async () => {
    const { events, error } = await run([{ reasoning: 'Well' }, { text: 'Hel' }, { text: 'lo ' }, ...done])
    expect(error).toBeNull()
    expect(joinAgentEvents(events)).toEqual([
      { type: 'step', estimatedInputTokens: expect.any(Number) },
      {
        type: 'reasoning',
        block: expect.any(String),
        text: 'Well',
        providerState: { textField: 'reasoning_content' },
      },
      { type: 'text', block: expect.any(String), text: 'Hello ' },
      { type: 'finish', reason: 'STOP' },
      {
        type: 'usage',
        usage: { estimated: false, inputTokens: 11, outputTokens: 7, reasoningTokens: 3, cachedInputTokens: 2 },
      },
    ])
  })

  test('is yielded while it arrives', async () => {
    provider.enqueue([{ text: 'first' }, { wait: never }])
    const abort = new AbortController()
    const events = answer({ signal: abort.signal })
    expect((await events.next()).value).toMatchObject({ type: 'step' })
    expect((await events.next()).value).toMatchObject({ type: 'text', text: 'first' })
    abort.abort()
    expect((await events.next()).done).toBe(true)
  })

  test('is one event as far as it has come while the agent waits for a commit', async () => {
    const [isFirstRead, isCommitDue] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    provider.enqueue([
      { text: 'a' },
      { wait: isFirstRead.promise },
      { text: 'b' },
      { text: 'c' },
      { text: 'd' },
      ...done,
    ])
    const agentRun = newAgentRun({ waitUntilCommitIsDue: () => isCommitDue.promise })
    const events = newAgent().answer(agentRun)[Symbol.asyncIterator]()
    expect((await events.next()).value).toMatchObject({ type: 'step' })
    expect((await events.next()).value).toMatchObject({ type: 'text', text: 'a' })
    const rest = collect(events)
    isFirstRead.resolve()
    await (
      await provider.waitForRequest(0)
    ).closed
    isCommitDue.resolve()
    expect(types((await rest).events)).toEqual(['text', 'finish', 'usage'])
  })

  test('has a usage without counts if the provider reports none', async () => {
    const { events, error } = await run([{ text: 'Hi' }, { finish: 'stop' }])
    expect(error).toBeNull()
    expect(types(events)).toEqual(['step', 'text', 'finish', 'usage'])
    expect(events.at(-1)).toMatchObject({ usage: { inputTokens: null, outputTokens: null } })
  })

  test('of a model that begins within a thought has it as reasoning: after the closing tag, and later at once', async () => {
    const agent = newAgent()
    const thought: Script = [{ text: 'Two ' }, { text: 'and two.\n</think>' }, { text: '\nFour.' }, { finish: 'stop' }]
    const answerAgain = async (script: Script) => {
      provider.enqueue(script)
      const { events } = await collect(agent.answer(newAgentRun())[Symbol.asyncIterator]())
      return joinAgentEvents(events).filter(({ type }) => !['finish', 'step', 'usage'].includes(type))
    }
    expect(await answerAgain(thought)).toMatchObject([
      { type: 'text', text: 'Two and two.\n' },
      { type: 'text-was-reasoning' },
      { type: 'text', text: '\nFour.' },
    ])
    const later = [
      { type: 'reasoning', text: 'Two and two.\n' },
      { type: 'text', text: '\nFour.' },
    ]
    expect(await answerAgain(thought)).toMatchObject(later)
    // It has stopped to think. Its answer is not lost, and the next one is text from the start.
    expect(await answerAgain([{ text: 'Five.' }, { finish: 'stop' }])).toMatchObject([
      { type: 'reasoning', text: 'Five.' },
      { type: 'text', text: 'Five.' },
    ])
    expect(await answerAgain([{ text: 'Six.' }, { finish: 'stop' }])).toMatchObject([{ type: 'text', text: 'Six.' }])
  })

  test('that was cut off within such a thought stays reasoning', async () => {
    const agent = newAgent()
    for (const script of [
      [{ text: 'Hm.</think>Four.' }, { finish: 'stop' }],
      [{ text: 'Hm, ' }, { finish: 'length' }],
    ])
      provider.enqueue(script)
    await collect(agent.answer(newAgentRun())[Symbol.asyncIterator]())
    const { events, error } = await collect(agent.answer(newAgentRun())[Symbol.asyncIterator]())
    expect(joinBlocks(events)).toEqual([['reasoning', 'Hm, ']])
    expect(error).toMatchObject({ code: 'NO_RESPONSE', message: expect.stringContaining('limit of its output') })
  })

  test('has inline thinking as reasoning and keeps every other character', async () => {
    const { events } = await run([
      { text: ' <thi' },
      { text: 'nk>\nhm ' },
      { text: '</think' },
      { text: '>\n\nYes' },
      ...done,
    ])
    expect(joinBlocks(events)).toEqual([
      ['text', ' '],
      ['reasoning', '\nhm '],
      ['text', '\n\nYes'],
    ])
  })

  test('keeps the order of alternating reasoning and text', async () => {
    const { events } = await run([{ reasoning: 'a' }, { text: 'b<' }, { reasoning: 'c' }, { text: 'd' }, ...done])
    expect(joinBlocks(events)).toEqual([
      ['reasoning', 'a'],
      ['text', 'b<'],
      ['reasoning', 'c'],
      ['text', 'd'],
    ])
  })

  test('may consist of white space', async () => {
    expect((await run([{ text: ' ' }, ...done])).error).toBeNull()
  })

  test.each<[string, ProviderStep[]]>([
    ['nothing at all', []],
    ['reasoning alone', [{ reasoning: 'hm' }]],
    ['inline thinking alone', [{ text: '<think>hm</think>' }]],
  ])('fails with NO_RESPONSE if it consists of %s', async (_, steps) => {
    expect((await run([...steps, ...done])).error).toMatchObject({ code: 'NO_RESPONSE' })
  })

  test('has its input tokens estimated from its history, without file contents', async () => {
    const url = `data:image/png;base64,${'A'.repeat(100_000)}`
    const picture: ModelMessage = {
      role: 'user',
      content: [
        { type: 'text', text: 'x'.repeat(400) },
        { type: 'file', mediaType: 'image/png', data: url },
      ],
    }
    const { events } = await run('A cat.', { histories: [[picture]] })
    expect(events[0]).toMatchObject({
      type: 'step',
      estimatedInputTokens: expect.toSatisfy((n: number) => n > 1000 && n < 1300),
    })
  })

  test('may have a system message in its history', async () => {
    expect((await run('Hello.', { histories: [[{ role: 'system', content: 'Be kind.' }, question]] })).error).toBeNull()
    expect(provider.requests[0]?.body.messages[0]).toEqual({ role: 'system', content: 'Be kind.' })
  })
})

describe('a call of a tool that does not exist', () => {
  const called: ModelMessage = {
    role: 'assistant',
    content: [{ type: 'tool-call', toolCallId: 'call_1', toolName: 'look', input: { at: 'x' } }],
  }
  const toolMessage: ModelMessage = {
    role: 'tool',
    content: [
      {
        type: 'tool-result',
        toolCallId: 'call_1',
        toolName: 'look',
        output: { type: 'error-text', value: 'There is no tool named "look".' },
      },
    ],
  }
  const histories = [[question], [question, called, toolMessage]]

  test('fails, and the next step sends the error from the history', async () => {
    provider.enqueue([{ text: 'Let me see.' }, look('{"at"', ': "x"}'), { finish: 'tool_calls' }])
    const { events, error } = await run('I cannot.', { histories })
    expect(error).toBeNull()
    const steps = joinAgentEvents(events).filter(({ type }) => type !== 'usage')
    expect(steps.slice(0, 6)).toEqual([
      expect.objectContaining({ type: 'step' }),
      expect.objectContaining({ type: 'text', text: 'Let me see.' }),
      { type: 'tool-input', callId: 'call_1', name: 'look', text: '{"at": "x"}' },
      { type: 'finish', reason: 'TOOL_CALLS' },
      { type: 'tool-call', callId: 'call_1', name: 'look', argumentsText: '{"at": "x"}' },
      { type: 'tool-error', callId: 'call_1', error: 'There is no tool named "look".' },
    ])
    expect(steps[6]).toMatchObject({ type: 'step' })
    expect(joinBlocks(events)).toEqual([
      ['text', 'Let me see.'],
      ['text', 'I cannot.'],
    ])
    expect(provider.requests[1]?.body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_1' }] },
      { role: 'tool', tool_call_id: 'call_1' },
    ])
    expect(provider.requests[0]?.body.tools).toBeUndefined()
  })

  test('keeps its arguments unchanged, even invalid JSON', async () => {
    provider.enqueue([
      look('{"a":  1', '}'),
      { toolCall: { index: 1, id: 'call_2', name: 'go', arguments: ['{no'] } },
      { finish: 'tool_calls' },
    ])
    const { events } = await run('Sorry.', { histories })
    expect(events.filter(({ type }) => type === 'tool-call')).toMatchObject([
      { callId: 'call_1', argumentsText: '{"a":  1}' },
      { callId: 'call_2', argumentsText: '{no' },
    ])
    expect(types(events).filter((type) => type === 'tool-error')).toHaveLength(2)
  })

  test('separates the text before it from the text after it', async () => {
    provider.enqueue([{ text: 'a' }, look('{}'), { text: 'b' }, { finish: 'tool_calls' }])
    const { events } = await run('c', { histories })
    expect(joinBlocks(events)).toEqual([
      ['text', 'a'],
      ['text', 'b'],
      ['text', 'c'],
    ])
  })

  test('ends the answer in the last allowed step', async () => {
    provider.defaultAnswer = () => [look('{}'), { finish: 'tool_calls' }]
    const { events, error } = await collect(answer({ histories, maxSteps: 3 }))
    expect(error).toMatchObject({ code: 'NO_RESPONSE', message: expect.stringContaining('3 steps') })
    expect(provider.requests).toHaveLength(3)
    expect(types(events).filter((type) => type === 'tool-call')).toHaveLength(2)
  })

  test('leaves the text of the last step as the answer', async () => {
    provider.defaultAnswer = () => [{ text: 'I cannot.' }, look('{}'), { finish: 'tool_calls' }]
    const { events, error } = await collect(answer({ histories, maxSteps: 2 }))
    expect(error).toBeNull()
    expect(provider.requests).toHaveLength(2)
    expect(joinBlocks(events).at(-1)).toEqual(['text', 'I cannot.'])
  })
})

describe('events before an error are yielded first', () => {
  test.each(['openai', 'openai-compatible'] as const)('if the connection breaks (%s)', async (type) => {
    const { events, error } = await run([{ text: 'Hel' }, { text: 'lo <th' }, { cut: true }], { type })
    expect(joinBlocks(events)).toEqual([['text', 'Hello <th']])
    expect(error).toMatchObject({ code: 'PROVIDER', message: expect.stringContaining('connection') })
  })

  test.each(['openai', 'openai-compatible'] as const)(
    'if the answer ends without a finish reason (%s)',
    async (type) => {
      const { events, error } = await run([{ text: 'Hello</thi' }], { type })
      expect(joinBlocks(events)).toEqual([['text', 'Hello</thi']])
      expect(error?.code).toBe('PROVIDER')
    },
  )

  test.each<['openai' | 'openai-compatible', string, ProviderStep]>([
    ['openai', 'is cut', { cut: true }],
    ['openai', 'ends without a finish', { raw: ': the end' }],
    ['openai-compatible', 'is cut', { cut: true }],
    ['openai-compatible', 'ends without a finish', { raw: ': the end' }],
  ])('if (at %s) a call %s, which is not reported as complete', async (type, _, last) => {
    const { events, error } = await run([look('{"a":', '1'), last], { type })
    expect(types(joinAgentEvents(events))).toEqual(['step', 'tool-input'])
    expect(error?.code).toBe('PROVIDER')
  })

  test.each<[string, string, string]>([
    ['an error', 'data: {"error":{"message":"The server had an error","type":"server_error","code":null}}', 'PROVIDER'],
    [
      'a limit',
      'data: {"error":{"message":"Slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}',
      'RATE_LIMIT',
    ],
    ['an error with a figure', 'data: {"error":{"message":"Out of credits","code":402}}', 'QUOTA'],
  ])('if the stream contains %s', async (_, raw, code) => {
    const { events, error } = await run([{ text: 'Hel' }, { raw }, { wait: never }])
    expect(joinBlocks(events)).toEqual([['text', 'Hel']])
    expect(error?.code).toBe(code)
  })
})

describe('a rejected request', () => {
  test.each<[number, unknown, string]>([
    [401, { error: { message: `Incorrect API key provided: ${key}.`, code: 'invalid_api_key' } }, 'AUTH'],
    [404, { error: { message: 'No such model', code: 'model_not_found' } }, 'MODEL_NOT_FOUND'],
    [429, { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }, 'QUOTA'],
    [
      400,
      { error: { message: "This model's maximum context length is 8192 tokens", code: 'context_length_exceeded' } },
      'CONTEXT_LENGTH',
    ],
  ])('with status %i fails without a retry', async (status, body, code) => {
    const { events, error } = await run([{ status, body }])
    expect(types(events)).toEqual(['step'])
    expect(error?.code).toBe(code)
    expect(error?.message).not.toMatch(/sk-|<html>| {4}at |node_modules/)
    expect(provider.requests).toHaveLength(1)
  })

  test('with an invalid key fails with AUTH, without the key in the message', async () => {
    const { error } = await run('never', { apiKey: 'secret-of-mine' })
    expect(error?.code).toBe('AUTH')
    expect(error?.message).not.toContain('secret-of-mine')
  })

  test('is retried after a transient error', async () => {
    provider.enqueue([{ status: 429, body: 'Slow down' }])
    const { events, error } = await run('Gladly.')
    expect([error, joinBlocks(events)]).toEqual([null, [['text', 'Gladly.']]])
    expect(provider.requests).toHaveLength(2)
  })

  test('fails after three attempts', async () => {
    const refusals: [ProviderStep, string][] = [
      [{ status: 429, body: 'Slow down' }, 'RATE_LIMIT'],
      [{ status: 503, body: '<html>Bad gateway</html>' }, 'PROVIDER'],
      [{ cut: true }, 'PROVIDER'],
    ]
    // Concurrently, because the retries mostly wait.
    await Promise.all([
      ...refusals.map(async ([step, code]) => {
        await using busy = await StrictProvider.start({ apiKey: key })
        busy.defaultAnswer = () => [step]
        const { events, error } = await collect(answer({ baseURL: busy.baseURL }))
        expect(types(events)).toEqual(['step'])
        expect(error?.code).toBe(code)
        expect(error?.message).not.toMatch(/<html>| {4}at |node_modules/)
        expect(busy.requests).toHaveLength(3)
      }),
      (async () => {
        const { error } = await collect(answer({ baseURL: await findUnusedUrl() }))
        expect(error).toMatchObject({ code: 'PROVIDER', message: expect.stringContaining('reached') })
      })(),
    ])
  })
})

describe('an abort', () => {
  const phases: [string, ProviderStep[], number][] = [
    ['before the headers', [], 1],
    ['before the first token', [{ open: true }], 1],
    ['in reasoning', [{ reasoning: 'hm' }], 2],
    ['in text', [{ text: 'Hi' }], 2],
    ['in the arguments of a call', [look('{"a')], 3],
  ]

  test.each(phases)('%s ends the answer and closes the connection', async (_, steps, before) => {
    provider.enqueue([...steps, { wait: never }])
    const stop = new AbortController()
    const events = answer({ signal: stop.signal })
    for (let count = 0; count < before; count += 1) expect((await events.next()).done).toBe(false)
    const last = events.next()
    const request = await provider.waitForRequest(0)
    stop.abort()
    expect((await last).done).toBe(true)
    expect(await request.closed).toBe('client')
  })

  test('before the start sends no request', async () => {
    expect(await collect(answer({ signal: AbortSignal.abort() }))).toEqual({ events: [], error: null })
    expect(provider.requests).toHaveLength(0)
  })

  test('is no error, even if an error arrives at the same time', async () => {
    provider.enqueue([{ text: 'Hi' }, { raw: 'data: {"error":{"message":"Overloaded"}}' }])
    const stop = new AbortController()
    const events = answer({ signal: stop.signal })
    await events.next()
    await events.next()
    expect(await (await provider.waitForRequest(0)).closed).toBe('provider')
    // The last chunk passes through the SDK's streams asynchronously.
    await yieldToEventLoop()
    stop.abort()
    expect((await events.next()).done).toBe(true)
  })

  test('of the consumer closes the connection as well', async () => {
    provider.enqueue([{ text: 'Hi' }, { wait: never }])
    const events = answer()
    await events.next()
    await events.next()
    await events.return?.()
    expect(await (await provider.waitForRequest(0)).closed).toBe('client')
  })
})
