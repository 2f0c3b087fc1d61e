import type { ModelMessage } from 'ai'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createLanguageModel } from '../../../../src/agent/providers/create-language-model.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import type { Tool } from '../../../../src/agent/tools/tool.ts'
import type { ToolSource } from '../../../../src/agent/tools/tool-source.ts'
import type { ProviderType } from '../../../../src/config/profile/provider.ts'
import type { MessageRecord, ToolCall } from '../../../../src/model/message.ts'
import { type ChatFixture, newLatch, newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { findAnthropicProblems } from '../../../support/fixtures/message-rules.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { startHttpServer } from '../../../support/server/small-server.ts'
import { toolCallSteps, type ProviderStep, StrictProvider } from '../../../support/providers/strict-provider.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newTool } from '../../../support/fixtures/tools.ts'
import { newProviderFetch, newRequestPolicy } from '../../../support/providers/connections.ts'

let provider: StrictProvider
let opened: AsyncDisposableStack

beforeEach(async () => {
  opened = new AsyncDisposableStack()
  provider = opened.use(await StrictProvider.start())
})

afterEach(async () => {
  expect(provider.rejections).toEqual([])
  await opened.disposeAsync()
})

const providerTypes = ['openai', 'openai-compatible'] as const
const look = (overrides: Partial<Tool> = {}) => newTool({ name: 'files__look', isReadOnly: true, ...overrides })

interface AgentOptions {
  readonly tools?: readonly Tool[]
  readonly listTools?: () => readonly Tool[]
  readonly notes?: readonly string[]
  readonly type?: ProviderType
  readonly maxSteps?: number
  readonly baseURL?: string
}

/** An agent for a model with tools. */
function newAgent(options: AgentOptions) {
  const { tools = [], listTools, notes = [], type = 'openai-compatible', maxSteps = 20, baseURL } = options
  const config = newProvider({ type, baseURL: baseURL ?? provider.baseURL, apiKey: 'k' })
  const model = createLanguageModel(config, 'test', { fetch: newProviderFetch(), log: silentLogger })
  const list = listTools ?? (() => tools)
  const source: ToolSource = {
    listTools: async () => ({ tools: list(), notes }),
    findTool: async (name) => list().find((each) => each.name === name) ?? null,
    listNotes: () => notes,
    listMcpServers: () => [],
    close: async () => undefined,
  }
  return createModelAgent({ model, maxSteps, requestPolicy: newRequestPolicy(), toolbox: newToolbox({ source }) })
}

/** Chats whose agent has these tools. Their requests derive from the log. */
function newChats(options: AgentOptions): ChatFixture {
  const agent = newAgent(options)
  return opened.use(newChatFixture((run) => agent.answer({ ...run, model: 'test' })))
}

/** Runs one turn, and returns what is stored of it. */
async function runTurn(chats: ChatFixture, sessionId: string | null = null) {
  const started = await chats.start('Hi', { sessionId })
  const last = (await chats.follow(started.id)).at(-1)
  if (last?.type !== 'StreamFinished') throw new Error('The stream has no end.')
  const answer = await chats.findAnswer(started.id)
  if (!answer) throw new Error('The stream has no answer.')
  return { stream: last.stream, answer, calls: listCalls(answer), sessionId: started.sessionId }
}

function listCalls({ parts }: MessageRecord): ToolCall[] {
  return parts.flatMap((part) => (part.type === 'tool' ? [part.call] : []))
}

const listTexts = ({ parts }: MessageRecord): string[] =>
  parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))

/** The tool results in a request, in order. */
function listToolResults(index: number): unknown[] {
  return provider.requests[index]?.body.messages.flatMap((each) => (each.role === 'tool' ? [each.content] : [])) ?? []
}

describe.each(providerTypes)('the tools of a model of type %s', (type) => {
  test('are sent with each step, including the built-in clarify', async () => {
    provider.enqueue(toolCallSteps({ name: 'files__look', input: { at: 'x' } }))
    const inputSchema = { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] }
    await runTurn(newChats({ type, tools: [look({ description: 'Looks.', inputSchema })] }))
    expect(provider.requests).toHaveLength(2)
    for (const { body } of provider.requests) {
      expect(body.tool_choice).toBe('auto')
      expect(body.tools).toMatchObject([
        { type: 'function', function: { name: 'clarify', parameters: { required: ['question'] } } },
        { type: 'function', function: { name: 'files__look', description: 'Looks.', parameters: inputSchema } },
      ])
    }
  })

  test('run in parallel, and each result is sent with the id of its call', async () => {
    const [first, second] = [newLatch(), newLatch()]
    const slow = look({ execute: async () => first.opened.then(() => 'slow') })
    const quick = look({ name: 'files__find', execute: async () => second.opened.then(() => ({ found: [1] })) })
    const input = { deep: { ü: '"\\\n' } }
    provider.enqueue(toolCallSteps({ name: slow.name, input: {}, text: 'Both.' }, { name: quick.name, input }))
    const chats = newChats({ type, tools: [slow, quick] })
    const started = await chats.start('Hi')
    const events = await chats.chats.subscriptions.subscribeToStream(started.id, 0)
    // Both run at the same time, and finish in reverse order.
    let running = 0
    for await (const event of events) {
      if (event.type !== 'ToolCallChanged') continue
      if (event.toolCall.state === 'RUNNING') running += 1
      if (running === 2 && event.toolCall.state === 'RUNNING') second.open()
      if (event.toolCall.state === 'SUCCEEDED') first.open()
    }
    expect(quick.runs).toEqual([input])
    const answer = await chats.findAnswer(started.id)
    const [one, two] = answer ? listCalls(answer) : []
    expect(provider.requests[1]?.body.messages.slice(1)).toMatchObject([
      {
        role: 'assistant',
        content: 'Both.',
        tool_calls: [
          { id: one?.id, function: { name: slow.name, arguments: '{}' } },
          { id: two?.id, function: { name: quick.name, arguments: JSON.stringify(input) } },
        ],
      },
      { role: 'tool', tool_call_id: one?.id, content: 'slow' },
      { role: 'tool', tool_call_id: two?.id, content: '{"found":[1]}' },
    ])
  })

  test('have their arguments streamed, and run when the call is complete and committed', async () => {
    const pieces = ['{"te', 'xt":"', 'so lo', 'ng"}']
    const latch = newLatch()
    provider.enqueue([
      { toolCall: { id: 'c', name: 'files__look', arguments: pieces.slice(0, 2) } },
      { wait: latch.opened },
      {
        raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: pieces.slice(2).map((text) => ({ index: 0, function: { arguments: text } })) } }] })}`,
      },
      { finish: 'tool_calls' },
    ])
    const tool = look()
    const chats = newChats({ type, tools: [tool] })
    const started = await chats.start('Hi')
    let text = ''
    for await (const event of await chats.chats.subscriptions.subscribeToStream(started.id, 0)) {
      if (event.type !== 'ToolCallDelta') continue
      expect(event).toMatchObject({ toolName: tool.name, offset: text.length })
      text += event.argumentsText
      if (text === '{"text":"') {
        expect(tool.runs).toEqual([])
        latch.open()
      }
    }
    expect(text).toBe(pieces.join(''))
    expect(tool.runs).toEqual([{ text: 'so long' }])
  })

  test('are sent with the last step, which forbids calls', async () => {
    provider.defaultAnswer = () => toolCallSteps({ name: 'files__look', input: {} })
    provider.enqueue(toolCallSteps({ name: 'files__look', input: {} }))
    provider.enqueue(toolCallSteps({ name: 'files__look', input: {} }))
    provider.enqueue('So much for that.')
    const tool = look()
    const { stream, answer } = await runTurn(newChats({ type, tools: [tool], maxSteps: 3 }))
    expect(stream.status).toBe('COMPLETED')
    expect(listTexts(answer)).toEqual(['So much for that.'])
    expect(tool.runs).toHaveLength(2)
    expect(provider.requests.map(({ body }) => body.tool_choice)).toEqual(['auto', 'auto', 'none'])
    expect(provider.requests.map(({ body }) => body.tools?.length)).toEqual([2, 2, 2])
  })

  test('do not run if they are called in the last step; its text is the answer', async () => {
    provider.enqueue([{ text: 'I give up.' }, ...toolCallSteps({ name: 'files__look', input: {} })])
    const tool = look()
    const { stream, answer } = await runTurn(newChats({ type, tools: [tool], maxSteps: 1 }))
    expect(stream).toMatchObject({ status: 'COMPLETED', usage: { estimated: false, inputTokens: 10, outputTokens: 5 } })
    expect([listTexts(answer), tool.runs]).toEqual([['I give up.'], []])
  })

  test('may be followed by an empty step if there was text before them', async () => {
    provider.enqueue([{ text: 'I look, and that is all.' }, ...toolCallSteps({ name: 'files__look', input: {} })])
    provider.enqueue([{ finish: 'stop' }])
    const { stream, answer } = await runTurn(newChats({ type, tools: [look()] }))
    expect([stream.status, stream.error, listTexts(answer)]).toEqual(['COMPLETED', null, ['I look, and that is all.']])
  })

  test('cause NO_RESPONSE if the last step has nothing but calls', async () => {
    provider.defaultAnswer = () => toolCallSteps({ name: 'files__look', input: {} })
    const tool = look()
    const { stream } = await runTurn(newChats({ type, tools: [tool], maxSteps: 2 }))
    expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'NO_RESPONSE', message: /After 2 steps/ } })
    expect(tool.runs).toHaveLength(1)
    expect(provider.requests).toHaveLength(2)
  })
})

describe('the usage of an answer', () => {
  test('is the sum of all steps, estimated where the provider reports none', async () => {
    provider.enqueue([
      ...toolCallSteps({ name: 'files__look', input: {} }).slice(0, -1),
      { usage: { input: 100, output: 20, reasoning: 5, cached: 50 } },
    ])
    provider.enqueue([{ text: 'x'.repeat(400) }, { finish: 'stop' }])
    const { stream, answer } = await runTurn(newChats({ tools: [look()] }))
    expect(stream.usage).toMatchObject({
      estimated: true,
      outputTokens: 120,
      reasoningTokens: 5,
      cachedInputTokens: 50,
    })
    expect(stream.usage.inputTokens).toBeGreaterThan(100)
    expect(answer.usage).toEqual(stream.usage)
  })
})

describe('an invalid tool call', () => {
  test.each<[string, string, string, string]>([
    ['of a tool that does not exist', 'files__gone', '{}', 'There is no tool named "files__gone".'],
    ['of a name like __proto__', '__proto__', '{}', 'There is no tool named "__proto__".'],
    ['of an invalid name', 'look at!', '{}', 'There is no tool named "look at!".'],
    ['with arguments that are not JSON', 'files__look', '{"a":', 'The arguments must be a JSON object.'],
    ['with arguments that are a list', 'files__look', '[1]', 'The arguments must be a JSON object.'],
    ['with an argument __proto__', 'files__look', '{"a":{"__proto__":1}}', 'The key __proto__ is not allowed'],
    ['with an empty question', 'clarify', '{"question":" "}', 'The question is missing.'],
  ])('%s fails without running, and the model receives the error', async (_, name, argumentsText, message) => {
    provider.enqueue([{ toolCall: { id: 'c', name, arguments: [argumentsText] } }, { finish: 'tool_calls' }])
    const tool = look()
    const { stream, calls } = await runTurn(newChats({ tools: [tool] }))
    expect(stream.status).toBe('COMPLETED')
    expect(calls).toMatchObject([{ name, argumentsText, state: 'FAILED', error: expect.stringContaining(message) }])
    expect(tool.runs).toEqual([])
    expect(listToolResults(1)).toEqual([expect.stringContaining(message)])
  })

  test('does not prevent other calls of the same step', async () => {
    const tool = look()
    provider.enqueue(toolCallSteps({ name: 'files__gone', input: {} }, { name: tool.name, input: { a: 1 } }))
    const { calls } = await runTurn(newChats({ tools: [tool] }))
    expect(calls.map(({ state }) => state)).toEqual(['FAILED', 'SUCCEEDED'])
    expect(listToolResults(1)).toEqual([expect.stringContaining('no tool named'), 'done'])
  })
})

describe('an incomplete tool call', () => {
  test.each<[string, ProviderStep[]]>([
    ['of a broken connection', [{ toolCall: { id: 'c', name: 'files__look', arguments: ['{"a"'] } }, { cut: true }]],
    [
      'of a broken connection that looks complete',
      [{ toolCall: { id: 'c', name: 'files__look', arguments: ['{}'] } }, { cut: true }],
    ],
  ])('%s does not run, and is not sent in the next turn', async (_, script) => {
    provider.enqueue([{ text: 'Let me see.' }, ...script])
    const tool = look()
    const chats = newChats({ tools: [tool] })
    const { stream, calls, sessionId } = await runTurn(chats)
    expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'PROVIDER' } })
    expect(calls).toMatchObject([{ state: 'FAILED', argumentsWhole: false, error: expect.stringContaining('not run') }])
    expect(tool.runs).toEqual([])
    expect((await runTurn(chats, sessionId)).stream.status).toBe('COMPLETED')
    expect(provider.requests[1]?.body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'Let me see.' },
      { role: 'user' },
    ])
  })

  test('without arguments does not run if the step ended at its length limit', async () => {
    const tool = look()
    provider.enqueue([{ text: 'So' }, { toolCall: { id: 'c', name: tool.name, arguments: [] } }, { finish: 'length' }])
    const { stream, calls } = await runTurn(newChats({ tools: [tool] }))
    expect([stream.status, calls[0]?.state, tool.runs]).toEqual(['COMPLETED', 'FAILED', []])
  })

  test('without arguments is complete if the step ended with tool calls', async () => {
    const tool = look()
    provider.enqueue([{ toolCall: { id: 'c', name: tool.name, arguments: [] } }, { finish: 'tool_calls' }])
    const { calls } = await runTurn(newChats({ tools: [tool] }))
    expect([calls[0]?.state, tool.runs]).toEqual(['SUCCEEDED', [{}]])
  })
})

describe('the step after a tool call', () => {
  test('is retried after a transient error, while the tool runs once', async () => {
    const tool = look()
    provider.enqueue(toolCallSteps({ name: tool.name, input: {} }))
    provider.enqueue([{ status: 503, body: 'busy' }])
    const { stream, answer } = await runTurn(newChats({ tools: [tool] }))
    expect(stream.status).toBe('COMPLETED')
    expect([tool.runs.length, provider.requests.length, listTexts(answer)]).toEqual([
      1,
      3,
      ['Hello from the strict provider.'],
    ])
    expect(provider.requests[2]?.body.messages).toEqual(provider.requests[1]?.body.messages)
  })

  test('is sent the tools that exist by then', async () => {
    const after = look({ name: 'files__find' })
    let current: Tool[] = []
    const before = look({
      execute: async () => {
        current = [after]
        return 'done'
      },
    })
    current = [before]
    provider.enqueue(toolCallSteps({ name: before.name, input: {} }))
    await runTurn(newChats({ listTools: () => current }))
    const names = provider.requests.map(({ body }) => body.tools?.map((each) => each.function.name))
    expect(names).toEqual([
      ['clarify', 'files__look'],
      ['clarify', 'files__find'],
    ])
  })

  test.each<[string, ModelMessage[]]>([
    ['Look before you leap.\n\nStill starting: sky.', []],
    ['Be short.\n\nLook before you leap.\n\nStill starting: sky.', [{ role: 'system', content: 'Be short.' }]],
  ])('begins with what the model must know about its tools, in one system message: %j', async (content, system) => {
    provider.enqueue('Yes.')
    const agent = newAgent({ tools: [look()], notes: ['Look before you leap.', 'Still starting: sky.'] })
    const history: ModelMessage[] = [...system, { role: 'user', content: 'Hi' }]
    await Array.fromAsync(agent.answer(newAgentRun({ loadHistory: async () => history })))
    expect(provider.requests[0]?.body.messages).toEqual([
      { role: 'system', content },
      { role: 'user', content: 'Hi' },
    ])
  })

  test('keeps the tool result if it fails', async () => {
    provider.enqueue(toolCallSteps({ name: 'files__look', input: {}, text: 'See.' }))
    provider.enqueue([{ text: 'Hm' }, { cut: true }])
    const { stream, answer, calls } = await runTurn(newChats({ tools: [look()] }))
    expect([stream.status, answer.status, listTexts(answer)]).toEqual(['FAILED', 'PARTIAL', ['See.', 'Hm']])
    expect(calls).toMatchObject([{ state: 'SUCCEEDED', result: 'done' }])
  })
})

describe('a tool with alternatives at the top level of its schema', () => {
  test('is sent with an object schema; its description lists the alternatives', async () => {
    const anyOf = [
      { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      { required: ['url'] },
    ]
    const inputSchema = { type: 'object', properties: { url: { type: 'string' } }, anyOf }
    await runTurn(newChats({ tools: [look({ description: 'Looks.', inputSchema })] }))
    const [, sentTool] = provider.requests[0]?.body.tools ?? []
    expect(sentTool?.function).toMatchObject({
      name: 'files__look',
      description: `Looks.\n\nThe arguments must also match: ${JSON.stringify({ anyOf })}`,
    })
    expect(sentTool?.function.parameters).toEqual({
      type: 'object',
      properties: { url: { type: 'string' }, text: { type: 'string' } },
    })
  })

  test('or without properties does not break other tools', async () => {
    const bare = look({ name: 'a__bare', inputSchema: { type: 'object' } })
    const odd = look({ name: 'a__odd', inputSchema: { oneOf: 'nonsense', properties: 7 } })
    expect((await runTurn(newChats({ tools: [bare, odd] }))).stream.status).toBe('COMPLETED')
    expect(provider.requests[0]?.body.tools).toHaveLength(3)
  })
})

describe('a model of type anthropic', () => {
  const frame = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
  const messageStart = frame('message_start', {
    message: {
      ...{ id: 'm', type: 'message', role: 'assistant', content: [], model: 'test', stop_reason: null },
      ...{ stop_sequence: null, usage: { input_tokens: 7, output_tokens: 1 } },
    },
  })
  const end = (reason: string) =>
    frame('message_delta', { delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 9 } }) +
    frame('message_stop', {})
  const block = (index: number, start: object, delta: object) =>
    frame('content_block_start', { index, content_block: start }) +
    frame('content_block_delta', { index, delta }) +
    frame('content_block_stop', { index })
  const use = (index: number, id: string, name: string, input: object) =>
    block(
      index,
      { type: 'tool_use', id, name, input: {} },
      { type: 'input_json_delta', partial_json: JSON.stringify(input) },
    )
  const textBlock = (text: string) => block(0, { type: 'text', text: '' }, { type: 'text_delta', text })

  const content = z.union([
    z.string().transform((text) => [{ type: 'text', text }]),
    z.array(z.looseObject({ type: z.string() })),
  ])
  const requestBody = z.looseObject({
    messages: z.array(z.looseObject({ role: z.string(), content })),
    tools: z.array(z.looseObject({ name: z.string(), input_schema: z.looseObject({ type: z.literal('object') }) })),
    tool_choice: z.looseObject({ type: z.string() }),
  })

  /** Starts a server that sends these responses in order, and records the requests. */
  async function startAnthropic(...answers: string[]) {
    const bodies: z.output<typeof requestBody>[] = []
    const server = opened.use(
      await startHttpServer((request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => void chunks.push(chunk))
        request.on('end', () => {
          bodies.push(requestBody.parse(JSON.parse(Buffer.concat(chunks).toString())))
          response.writeHead(200, { 'content-type': 'text/event-stream' }).end(answers.shift())
        })
      }),
    )
    return { bodies, baseURL: server.url }
  }

  test('gets tools and results in the Anthropic format, also in the last step', async () => {
    const calls = messageStart + use(0, 'toolu_1', 'files__look', { a: 1 }) + use(1, 'toolu_2', 'files__look', { a: 2 })
    const { bodies, baseURL } = await startAnthropic(
      calls + end('tool_use'),
      messageStart + textBlock('Both seen.') + end('end_turn'),
    )
    const tool = look()
    const chats = newChats({ type: 'anthropic', tools: [tool], maxSteps: 2, baseURL })
    const { stream, answer } = await runTurn(chats)
    expect(stream).toMatchObject({ status: 'COMPLETED', usage: { inputTokens: 14, outputTokens: 18 } })
    expect(listTexts(answer)).toEqual(['Both seen.'])
    expect(tool.runs).toEqual([{ a: 1 }, { a: 2 }])
    expect(bodies.map((body) => findAnthropicProblems(body))).toEqual([[], []])
    expect(bodies.map(({ tool_choice: { type } }) => type)).toEqual(['auto', 'none'])
    for (const { tools } of bodies) expect(tools.map(({ name }) => name)).toEqual(['clarify', 'files__look'])
    expect(bodies[1]?.messages.at(-1)?.content).toMatchObject([{ type: 'tool_result' }, { type: 'tool_result' }])
  })

  test('has two calls with the same id told apart, so that no permission for one is taken for the other', async () => {
    const calls = messageStart + use(0, 'same', 'files__look', { a: 1 }) + use(1, 'same', 'files__look', { a: 2 })
    const { baseURL, bodies } = await startAnthropic(
      calls + end('tool_use'),
      messageStart + textBlock('Seen.') + end('end_turn'),
    )
    const tool = look()
    const { calls: storedCalls } = await runTurn(newChats({ type: 'anthropic', tools: [tool], baseURL }))
    expect(tool.runs).toEqual([{ a: 1 }, { a: 2 }])
    expect(storedCalls.map(({ providerId }) => providerId)).toEqual(['same', 'same_2'])
    expect(bodies.map((body) => findAnthropicProblems(body))).toEqual([[], []])
  })
})

test('an abort while a tool runs ends the answer and aborts the tool', async () => {
  const started = newLatch()
  let toolSignal: AbortSignal | null = null
  const never = new Promise<never>(() => {})
  const tool = look({
    execute: async (_, { signal }) => {
      toolSignal = signal
      started.open()
      return never
    },
  })
  provider.enqueue(toolCallSteps({ name: tool.name, input: {} }))
  const controller = new AbortController()
  const history = async (): Promise<ModelMessage[]> => [{ role: 'user', content: 'Hi' }]
  const events = Array.fromAsync(
    newAgent({ tools: [tool] }).answer(newAgentRun({ loadHistory: history, signal: controller.signal })),
  )
  await started.opened
  controller.abort()
  expect((await events).map(({ type }) => type)).not.toContain('tool-error')
  expect(toolSignal).toMatchObject({ aborted: true })
  expect(provider.requests).toHaveLength(1)
})
