import type { ModelMessage } from 'ai'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createLanguageModel } from '../../../../src/agent/providers/create-language-model.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import type { Tool } from '../../../../src/agent/tools/tool.ts'
import type { ProviderType } from '../../../../src/config/profile/provider.ts'
import type { MessageRecord, ToolCall } from '../../../../src/model/message.ts'
import { type ChatFixture, newLatch, newChatFixture } from '../../../support/fixtures/agent-chats.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { findAnthropicProblems } from '../../../support/fixtures/message-rules.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { drainEventLoop } from '../../../support/fixtures/scripted-answers.ts'
import { startHttpServer } from '../../../support/server/small-server.ts'
import { toolCallSteps, type ProviderStep, StrictProvider } from '../../../support/providers/strict-provider.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newTool, newToolSource } from '../../../support/fixtures/tools.ts'

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

const openTypes = ['openai', 'openai-compatible'] as const
const look = (of: Partial<Tool> = {}) => newTool({ name: 'files__look', isReadOnly: true, ...of })

interface Given {
  readonly tools?: readonly Tool[]
  readonly toolsNow?: () => readonly Tool[]
  readonly type?: ProviderType
  readonly maxSteps?: number
  readonly baseURL?: string
}

/** A model with tools, as an agent. */
function agentOf({ tools = [], toolsNow, type = 'openai-compatible', maxSteps = 20, baseURL }: Given) {
  const model = createLanguageModel(newProvider({ type, baseURL: baseURL ?? provider.baseURL, apiKey: 'k' }), 'test')
  const source = toolsNow ? { ...newToolSource(), tools: async () => toolsNow() } : newToolSource(...tools)
  return createModelAgent({ model, maxSteps, idleTimeoutMs: 120_000, toolbox: newToolbox({ source }) })
}

/** The same in a chat with a log of its own, so that it is sent what the log has become. */
function chatsOf(given: Given): ChatFixture {
  const agent = agentOf(given)
  return opened.use(newChatFixture((run) => agent.answer({ ...run, model: 'test' })))
}

/** A whole turn, and what is stored of it. */
async function turn(made: ChatFixture, sessionId: string | null = null) {
  const begun = await made.start('Hi', { sessionId })
  const told = await made.follow(begun.id)
  const last = told.at(-1)
  if (last?.type !== 'StreamFinished') throw new Error('it has no end')
  const answer = await made.findAnswer(begun.id)
  if (!answer) throw new Error('it has no answer')
  return { stream: last.stream, answer, told, calls: callsIn(answer), sessionId: begun.sessionId }
}

function callsIn({ parts }: MessageRecord): ToolCall[] {
  return parts.flatMap((part) => (part.type === 'tool' ? [part.call] : []))
}

const textIn = ({ parts }: MessageRecord): string[] =>
  parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))

/** The results that a request tells, in their order. */
function toldIn(index: number): unknown[] {
  return provider.requests[index]?.body.messages.flatMap((each) => (each.role === 'tool' ? [each.content] : [])) ?? []
}

describe.each(openTypes)('tools at a provider of the type %s', (type) => {
  test('are offered in each step in the form that it takes, the built-in question among them', async () => {
    provider.enqueue(toolCallSteps({ name: 'files__look', input: { at: 'x' } }))
    const inputSchema = { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] }
    await turn(chatsOf({ type, tools: [look({ description: 'Looks.', inputSchema })] }))
    expect(provider.requests).toHaveLength(2)
    for (const { body } of provider.requests) {
      expect(body.tool_choice).toBe('auto')
      expect(body.tools).toMatchObject([
        { type: 'function', function: { name: 'clarify', parameters: { required: ['question'] } } },
        { type: 'function', function: { name: 'files__look', description: 'Looks.', parameters: inputSchema } },
      ])
    }
  })

  test('are called in parallel, and it is told each result under its call', async () => {
    const [first, second] = [newLatch(), newLatch()]
    const slow = look({ execute: async () => first.opened.then(() => 'slow') })
    const quick = look({ name: 'files__find', execute: async () => second.opened.then(() => ({ found: [1] })) })
    const input = { deep: { ü: '"\\\n' } }
    provider.enqueue(toolCallSteps({ name: slow.name, input: {}, text: 'Both.' }, { name: quick.name, input }))
    const made = chatsOf({ type, tools: [slow, quick] })
    const begun = await made.start('Hi')
    const events = await made.chats.subscriptions.subscribeToStream(begun.id, 0)
    // Both run before either has ended, and end the other way round.
    let running = 0
    for await (const event of events) {
      if (event.type !== 'ToolCallChanged') continue
      if (event.toolCall.state === 'RUNNING') running += 1
      if (running === 2 && event.toolCall.state === 'RUNNING') second.open()
      if (event.toolCall.state === 'SUCCEEDED') first.open()
    }
    expect(quick.runs).toEqual([input])
    const answer = await made.findAnswer(begun.id)
    const [one, two] = answer ? callsIn(answer) : []
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

  test('are told of piece by piece, and run when their call is whole and committed', async () => {
    const pieces = ['{"te', 'xt":"', 'so lo', 'ng"}']
    const held = newLatch()
    provider.enqueue([
      { toolCall: { id: 'c', name: 'files__look', arguments: pieces.slice(0, 2) } },
      { wait: held.opened },
      {
        raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: pieces.slice(2).map((text) => ({ index: 0, function: { arguments: text } })) } }] })}`,
      },
      { finish: 'tool_calls' },
    ])
    const tool = look()
    const made = chatsOf({ type, tools: [tool] })
    const begun = await made.start('Hi')
    let text = ''
    for await (const event of await made.chats.subscriptions.subscribeToStream(begun.id, 0)) {
      if (event.type !== 'ToolCallDelta') continue
      expect(event).toMatchObject({ toolName: tool.name, offset: text.length })
      text += event.argumentsText
      if (text === '{"text":"') {
        expect(tool.runs).toEqual([])
        held.open()
      }
    }
    expect(text).toBe(pieces.join(''))
    expect(tool.runs).toEqual([{ text: 'so long' }])
  })

  test('are not called in the last step, which is told so and has them all the same', async () => {
    provider.defaultAnswer = () => toolCallSteps({ name: 'files__look', input: {} })
    provider.enqueue(toolCallSteps({ name: 'files__look', input: {} }))
    provider.enqueue(toolCallSteps({ name: 'files__look', input: {} }))
    provider.enqueue('So much for that.')
    const tool = look()
    const { stream, answer } = await turn(chatsOf({ type, tools: [tool], maxSteps: 3 }))
    expect(stream.status).toBe('COMPLETED')
    expect(textIn(answer)).toEqual(['So much for that.'])
    expect(tool.runs).toHaveLength(2)
    expect(provider.requests.map(({ body }) => body.tool_choice)).toEqual(['auto', 'auto', 'none'])
    expect(provider.requests.map(({ body }) => body.tools?.length)).toEqual([2, 2, 2])
  })

  test('that are called in the last step all the same do not run; what was said besides is the answer', async () => {
    provider.enqueue([{ text: 'I give up.' }, ...toolCallSteps({ name: 'files__look', input: {} })])
    const tool = look()
    const { stream, answer } = await turn(chatsOf({ type, tools: [tool], maxSteps: 1 }))
    expect(stream).toMatchObject({ status: 'COMPLETED', usage: { estimated: false, inputTokens: 10, outputTokens: 5 } })
    expect([textIn(answer), tool.runs]).toEqual([['I give up.'], []])
  })

  test('may be followed by nothing, where the answer was said before them', async () => {
    provider.enqueue([{ text: 'I look, and that is all.' }, ...toolCallSteps({ name: 'files__look', input: {} })])
    provider.enqueue([{ finish: 'stop' }])
    const { stream, answer } = await turn(chatsOf({ type, tools: [look()] }))
    expect([stream.status, stream.error, textIn(answer)]).toEqual(['COMPLETED', null, ['I look, and that is all.']])
  })

  test('that are all that comes of the last step leave no answer, and it is said why', async () => {
    provider.defaultAnswer = () => toolCallSteps({ name: 'files__look', input: {} })
    const tool = look()
    const { stream } = await turn(chatsOf({ type, tools: [tool], maxSteps: 2 }))
    expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'NO_RESPONSE', message: /After 2 steps/ } })
    expect(tool.runs).toHaveLength(1)
    expect(provider.requests).toHaveLength(2)
  })
})

describe('the usage of an answer', () => {
  test('is that of all its steps, those without figures estimated', async () => {
    provider.enqueue([
      ...toolCallSteps({ name: 'files__look', input: {} }).slice(0, -1),
      { usage: { input: 100, output: 20, reasoning: 5, cached: 50 } },
    ])
    provider.enqueue([{ text: 'x'.repeat(400) }, { finish: 'stop' }])
    const { stream, answer } = await turn(chatsOf({ tools: [look()] }))
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

describe('a call that cannot be done', () => {
  test.each<[string, string, string, string]>([
    ['of a tool that is not there', 'files__gone', '{}', 'There is no tool named "files__gone".'],
    ['of a name like __proto__', '__proto__', '{}', 'There is no tool named "__proto__".'],
    ['of a name that no provider takes', 'look at!', '{}', 'There is no tool named "look at!".'],
    ['with arguments that are no JSON', 'files__look', '{"a":', 'The arguments must be a JSON object.'],
    ['with arguments that are a list', 'files__look', '[1]', 'The arguments must be a JSON object.'],
    ['with arguments that are null', 'files__look', 'null', 'The arguments must be a JSON object.'],
    ['with a question without words', 'clarify', '{"question":" "}', 'The question is missing.'],
  ])('%s fails, nothing runs, and the model is told', async (_, name, argumentsText, why) => {
    provider.enqueue([{ toolCall: { id: 'c', name, arguments: [argumentsText] } }, { finish: 'tool_calls' }])
    const tool = look()
    const { stream, calls } = await turn(chatsOf({ tools: [tool] }))
    expect(stream.status).toBe('COMPLETED')
    expect(calls).toMatchObject([{ name, argumentsText, state: 'FAILED', error: expect.stringContaining(why) }])
    expect(tool.runs).toEqual([])
    expect(toldIn(1)).toEqual([expect.stringContaining(why)])
  })

  test('does not keep those beside it from being done', async () => {
    const tool = look()
    provider.enqueue(toolCallSteps({ name: 'files__gone', input: {} }, { name: tool.name, input: { a: 1 } }))
    const { calls } = await turn(chatsOf({ tools: [tool] }))
    expect(calls.map(({ state }) => state)).toEqual(['FAILED', 'SUCCEEDED'])
    expect(toldIn(1)).toEqual([expect.stringContaining('no tool named'), 'done'])
  })
})

describe('a call that the provider did not end', () => {
  test.each<[string, ProviderStep[]]>([
    ['because it was cut', [{ toolCall: { id: 'c', name: 'files__look', arguments: ['{"a"'] } }, { cut: true }]],
    ['although it looks whole', [{ toolCall: { id: 'c', name: 'files__look', arguments: ['{}'] } }, { cut: true }]],
  ])('%s is not run, and the next turn is told nothing of it', async (_, script) => {
    provider.enqueue([{ text: 'Let me see.' }, ...script])
    const tool = look()
    const made = chatsOf({ tools: [tool] })
    const { stream, calls, sessionId } = await turn(made)
    expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'PROVIDER' } })
    expect(calls).toMatchObject([{ state: 'FAILED', argumentsWhole: false, error: expect.stringContaining('not run') }])
    expect(tool.runs).toEqual([])
    expect((await turn(made, sessionId)).stream.status).toBe('COMPLETED')
    expect(provider.requests[1]?.body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: 'Let me see.' },
      { role: 'user' },
    ])
  })

  test('when it had come to no arguments yet is not taken for a call without any', async () => {
    const tool = look()
    provider.enqueue([{ text: 'So' }, { toolCall: { id: 'c', name: tool.name, arguments: [] } }, { finish: 'length' }])
    const { stream, calls } = await turn(chatsOf({ tools: [tool] }))
    expect([stream.status, calls[0]?.state, tool.runs]).toEqual(['COMPLETED', 'FAILED', []])
  })

  test('is whole where it has no arguments and the model had said all that it would', async () => {
    const tool = look()
    provider.enqueue([{ toolCall: { id: 'c', name: tool.name, arguments: [] } }, { finish: 'tool_calls' }])
    const { calls } = await turn(chatsOf({ tools: [tool] }))
    expect([calls[0]?.state, tool.runs]).toEqual(['SUCCEEDED', [{}]])
  })
})

describe('a step after a tool has run', () => {
  test('is asked for again when the request is refused in passing, and the tool runs once', async () => {
    const tool = look()
    provider.enqueue(toolCallSteps({ name: tool.name, input: {} }))
    provider.enqueue([{ status: 503, body: 'busy' }])
    const { stream, answer } = await turn(chatsOf({ tools: [tool] }))
    expect(stream.status).toBe('COMPLETED')
    expect([tool.runs.length, provider.requests.length, textIn(answer)]).toEqual([
      1,
      3,
      ['Hello from the strict provider.'],
    ])
    expect(provider.requests[2]?.body.messages).toEqual(provider.requests[1]?.body.messages)
  })

  test('is offered the tools that there are by then', async () => {
    const after = look({ name: 'files__find' })
    let now: Tool[] = []
    const before = look({
      execute: async () => {
        now = [after]
        return 'done'
      },
    })
    now = [before]
    provider.enqueue(toolCallSteps({ name: before.name, input: {} }))
    await turn(chatsOf({ toolsNow: () => now }))
    const names = provider.requests.map(({ body }) => body.tools?.map((each) => each.function.name))
    expect(names).toEqual([
      ['clarify', 'files__look'],
      ['clarify', 'files__find'],
    ])
  })

  test('that fails keeps what the tool came to', async () => {
    provider.enqueue(toolCallSteps({ name: 'files__look', input: {}, text: 'See.' }))
    provider.enqueue([{ text: 'Hm' }, { cut: true }])
    const { stream, answer, calls } = await turn(chatsOf({ tools: [look()] }))
    expect([stream.status, answer.status, textIn(answer)]).toEqual(['FAILED', 'PARTIAL', ['See.', 'Hm']])
    expect(calls).toMatchObject([{ state: 'SUCCEEDED', result: 'done' }])
  })
})

describe('a tool with a choice at the top of its schema', () => {
  test('is offered as one that takes an object, and the choice is told in words', async () => {
    const anyOf = [
      { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      { required: ['url'] },
    ]
    const inputSchema = { type: 'object', properties: { url: { type: 'string' } }, anyOf }
    await turn(chatsOf({ tools: [look({ description: 'Looks.', inputSchema })] }))
    const [, offered] = provider.requests[0]?.body.tools ?? []
    expect(offered?.function).toMatchObject({
      name: 'files__look',
      description: `Looks.\n\nThe arguments must also match: ${JSON.stringify({ anyOf })}`,
    })
    expect(offered?.function.parameters).toEqual({
      type: 'object',
      properties: { url: { type: 'string' }, text: { type: 'string' } },
    })
  })

  test('and one that tells of no properties at all leave the others of use', async () => {
    const bare = look({ name: 'a__bare', inputSchema: { type: 'object' } })
    const odd = look({ name: 'a__odd', inputSchema: { oneOf: 'nonsense', properties: 7 } })
    expect((await turn(chatsOf({ tools: [bare, odd] }))).stream.status).toBe('COMPLETED')
    expect(provider.requests[0]?.body.tools).toHaveLength(3)
  })
})

describe('at Anthropic', () => {
  const frame = (type: string, more: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
  const begin = frame('message_start', {
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
  const said = (text: string) => block(0, { type: 'text', text: '' }, { type: 'text_delta', text })

  const requestBody = z.looseObject({
    messages: z.array(z.looseObject({ role: z.string(), content: z.array(z.looseObject({ type: z.string() })) })),
    tools: z.array(z.looseObject({ name: z.string(), input_schema: z.looseObject({ type: z.literal('object') }) })),
    tool_choice: z.looseObject({ type: z.string() }),
  })

  /** Answers each request with the next of these, and keeps what it was sent. */
  async function scripted(...answers: string[]) {
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

  test('tools are offered, called and answered in its form, in the last step as well', async () => {
    const calls = begin + use(0, 'toolu_1', 'files__look', { a: 1 }) + use(1, 'toolu_2', 'files__look', { a: 2 })
    const { bodies, baseURL } = await scripted(calls + end('tool_use'), begin + said('Both seen.') + end('end_turn'))
    const tool = look()
    const made = chatsOf({ type: 'anthropic', tools: [tool], maxSteps: 2, baseURL })
    const { stream, answer } = await turn(made)
    expect(stream).toMatchObject({ status: 'COMPLETED', usage: { inputTokens: 14, outputTokens: 18 } })
    expect(textIn(answer)).toEqual(['Both seen.'])
    expect(tool.runs).toEqual([{ a: 1 }, { a: 2 }])
    expect(bodies.map((body) => findAnthropicProblems(body))).toEqual([[], []])
    expect(bodies.map(({ tool_choice: { type } }) => type)).toEqual(['auto', 'none'])
    for (const { tools } of bodies) expect(tools.map(({ name }) => name)).toEqual(['clarify', 'files__look'])
    expect(bodies[1]?.messages.at(-1)?.content).toMatchObject([{ type: 'tool_result' }, { type: 'tool_result' }])
  })

  test('a second call under the name of the first is not done: nobody was asked about it', async () => {
    const calls = begin + use(0, 'same', 'files__look', { a: 1 }) + use(1, 'same', 'files__write', { a: 2 })
    const { baseURL, bodies } = await scripted(calls + end('tool_use'), begin + said('Seen.') + end('end_turn'))
    // The first one runs for a while: whoever asks whether a call of this name may run now is told that it may.
    const [read, write] = [look({ execute: () => drainEventLoop().then(() => 'done') }), newTool()]
    const { calls: made } = await turn(chatsOf({ type: 'anthropic', tools: [read, write], baseURL }))
    expect(read.runs).toEqual([{ a: 1 }])
    expect(write.runs).toEqual([])
    expect(made).toMatchObject([{ name: 'files__look', argumentsText: '{"a":1}', state: 'SUCCEEDED' }])
    expect(bodies.map((body) => findAnthropicProblems(body))).toEqual([[], []])
  })
})

test('a stop while a tool runs ends the answer, and the tool hears of it', async () => {
  const begun = newLatch()
  let heard: AbortSignal | null = null
  const forever = new Promise<never>(() => {})
  const tool = look({
    execute: async (_, signal) => {
      heard = signal
      begun.open()
      return forever
    },
  })
  provider.enqueue(toolCallSteps({ name: tool.name, input: {} }))
  const stop = new AbortController()
  const history = async (): Promise<ModelMessage[]> => [{ role: 'user', content: 'Hi' }]
  const events = Array.fromAsync(agentOf({ tools: [tool] }).answer(newAgentRun({ history, signal: stop.signal })))
  await begun.opened
  stop.abort()
  expect((await events).map(({ type }) => type)).not.toContain('tool-error')
  expect(heard).toMatchObject({ aborted: true })
  expect(provider.requests).toHaveLength(1)
})
