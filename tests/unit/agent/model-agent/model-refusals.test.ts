import type { ModelMessage } from 'ai'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AgentError, type AgentEvent } from '../../../../src/agent/agent.ts'
import { type ContentOmissions, noOmissions } from '../../../../src/agent/content-omissions.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import type { ContextSizeObserver } from '../../../../src/agent/model-agent/context-size-observer.ts'
import type { ModelObserver } from '../../../../src/agent/model-agent/model-observer.ts'
import { createLanguageModel } from '../../../../src/agent/providers/create-language-model.ts'
import { defaultDialect } from '../../../../src/agent/providers/dialect.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import type { Tool } from '../../../../src/agent/tools/tool.ts'
import type { AgentRun } from '../../../../src/agent/agent.ts'
import { newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newTool, newToolSource } from '../../../support/fixtures/tools.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { type ProviderStep, StrictProvider, toolCallSteps } from '../../../support/providers/strict-provider.ts'
import { newProviderFetch, newRequestPolicy } from '../../../support/providers/connections.ts'

let provider: StrictProvider

beforeEach(async () => {
  provider = await StrictProvider.start()
})

afterEach(async () => {
  expect(provider.rejections).toEqual([])
  await provider.close()
})

const refuse = (message: string, status = 400): ProviderStep[] => [{ status, body: { error: { message } } }]
const toolRefusal = refuse('registry.ollama.ai/library/gemma3:4b does not support tools')

/** Records what it is told. */
class RecordingObserver implements ModelObserver {
  offersTools = true
  readonly reports: unknown[] = []
  reportToolSupport(isSupported: boolean): void {
    this.reports.push({ isSupported })
    this.offersTools = isSupported
  }
  readonly omissions = noOmissions
  reportRefusedContent(refused: Partial<ContentOmissions>): void {
    this.reports.push({ refused })
  }
  reportImagesAccepted(): void {
    this.reports.push('images')
  }
  readonly contextSize: ContextSizeObserver = {
    reportContextWindow: (tokens) => void this.reports.push({ tokens }),
    reportAssumedContextWindow: (assumed) => void this.reports.push({ assumed }),
    reportAcceptedTokens: () => undefined,
    reportTokenCount: () => undefined,
    reportReservedTokens: () => undefined,
  }
  reportOmittedTools(names: readonly string[]): void {
    if (names.length > 0) this.reports.push({ omitted: names })
  }
}

interface AnswerOptions {
  readonly tools?: readonly Tool[]
  readonly observer?: ModelObserver
  readonly loadHistory?: AgentRun['loadHistory']
  readonly maxCount?: number
}

function newAgent({ tools = [], observer, maxCount = 128 }: AnswerOptions) {
  return createModelAgent({
    model: createLanguageModel(newProvider({ baseURL: provider.baseURL }), 'test', {
      fetch: newProviderFetch(),
      log: silentLogger,
    }),
    maxSteps: 5,
    requestPolicy: newRequestPolicy(),
    toolbox: newToolbox({ source: newToolSource(...tools) }),
    toolLimits: { ...defaultDialect.tools, maxCount },
    ...(observer && { observer }),
  })
}

async function answer({ loadHistory, ...options }: AnswerOptions = {}) {
  const agent = newAgent(options)
  const events: AgentEvent[] = []
  let error: AgentError | null = null
  try {
    for await (const event of agent.answer(newAgentRun(loadHistory && { loadHistory }))) events.push(event)
  } catch (cause) {
    if (!(cause instanceof AgentError)) throw cause
    error = cause
  }
  const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
  return { events, error, text }
}

const listSentTools = () => provider.requests.map(({ body }) => body.tools?.map((each) => each.function.name) ?? [])

describe('a model that takes no tools', () => {
  test('is asked again without tools, and remembered', async () => {
    provider.enqueue(toolRefusal)
    const observer = new RecordingObserver()
    expect(await answer({ observer, tools: [newTool()] })).toMatchObject({
      error: null,
      text: expect.stringMatching(/^Hello/),
    })
    expect(listSentTools()).toEqual([['clarify', 'files__write'], []])
    expect(observer.reports).toEqual([{ isSupported: false }])
    await answer({ observer, tools: [newTool()] })
    expect(listSentTools().slice(2)).toEqual([[]])
  })

  test('is offered tools again by the next answer if a request without them is refused as well', async () => {
    for (const refusal of [toolRefusal, refuse('The role tool is not allowed here'), refuse('No.', 500)]) {
      const observer = new RecordingObserver()
      for (const script of [refusal, refuse('No.')]) provider.enqueue(script)
      expect((await answer({ observer, tools: [newTool()] })).error).toBeInstanceOf(AgentError)
      expect(observer.reports).toEqual([])
    }
  })

  test('costs nothing for the refused request', async () => {
    provider.enqueue(toolRefusal)
    provider.enqueue([{ text: 'Hi.' }, { finish: 'stop' }])
    await using chats = newChatFixture((run) => newAgent({}).answer({ ...run, model: 'test' }))
    const { id } = await chats.start('Hi')
    const last = (await chats.follow(id)).at(-1)
    // The request with the description of clarify alone has more than 100 tokens.
    const usage = last?.type === 'StreamFinished' ? last.stream.usage : null
    expect(usage?.inputTokens).toBeGreaterThan(0)
    expect(usage?.inputTokens).toBeLessThan(50)
  })

  test('is asked again also if it refuses within the stream, before any output', async () => {
    provider.enqueue([
      { open: true },
      { raw: `data: ${JSON.stringify({ error: { message: 'm does not support tools' } })}` },
    ])
    expect(await answer()).toMatchObject({ error: null, text: expect.stringMatching(/^Hello/) })
  })

  test('is not asked again once it has begun to answer', async () => {
    provider.enqueue([
      { text: 'Well' },
      { raw: `data: ${JSON.stringify({ error: { message: 'm does not support tools' } })}` },
    ])
    expect(await answer()).toMatchObject({ error: { code: 'PROVIDER' }, text: 'Well' })
    expect(provider.requests).toHaveLength(1)
  })

  test('is not one whose server fails and quotes the chat', async () => {
    const text = 'Why are the tools not supported here? The tools are not available yet.'
    provider.enqueue(refuse(`Failed to render: ${text}`, 500))
    const observer = new RecordingObserver()
    const loadHistory = async (): Promise<ModelMessage[]> => [{ role: 'user', content: text }]
    expect(await answer({ observer, tools: [newTool()], loadHistory })).toMatchObject({ error: null })
    expect(listSentTools()).toEqual([
      ['clarify', 'files__write'],
      ['clarify', 'files__write'],
    ])
    expect(observer.reports).toEqual([])
  })

  test('is asked again once only', async () => {
    provider.defaultAnswer = () => toolRefusal
    expect(await answer()).toMatchObject({ error: { code: 'PROVIDER', message: expect.stringContaining('gemma3:4b') } })
    expect(provider.requests).toHaveLength(2)
  })

  test('reads earlier tool calls and their results as text', async () => {
    provider.enqueue(toolRefusal)
    const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'files__read', input: { path: 'a' } } as const
    const output = { type: 'text', value: 'Owls.' } as const
    const history: ModelMessage[] = [
      { role: 'user', content: 'Read a.' },
      { role: 'assistant', content: [{ type: 'text', text: 'I read it.' }, call] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c1', toolName: 'files__read', output }] },
      { role: 'assistant', content: 'It is about owls.' },
      { role: 'user', content: 'Thanks.' },
    ]
    await answer({ loadHistory: async () => history })
    expect(provider.requests[1]?.body.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: expect.stringMatching(/files__read.*"path":"a".*Owls\..*about owls/s) },
      { role: 'user', content: 'Thanks.' },
    ])
  })

  test('gets results at the end of its context from the user', async () => {
    provider.enqueue(toolRefusal)
    const output = { type: 'json', value: { found: 3 } } as const
    const history: ModelMessage[] = [
      { role: 'user', content: 'Count.' },
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'count', input: {} }] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c1', toolName: 'count', output }] },
    ]
    await answer({ loadHistory: async () => history })
    expect(provider.requests[1]?.body.messages.at(-1)).toMatchObject({
      role: 'user',
      content: expect.stringContaining('{"found":3}'),
    })
  })

  test('is known to take tools once it has called one', async () => {
    provider.enqueue(toolCallSteps({ name: 'files__write', input: {} }))
    const observer = new RecordingObserver()
    await answer({ observer, tools: [newTool({ isReadOnly: true })] })
    expect(observer.reports).toEqual([{ isSupported: true }])
  })
})

describe('more tools than the provider takes', () => {
  const tools = ['a', 'b', 'c', 'd'].map((name) => newTool({ name }))

  test('are left out from the end, and the model is told which ones', async () => {
    const observer = new RecordingObserver()
    await answer({ observer, tools, maxCount: 3 })
    expect(listSentTools()).toEqual([['clarify', 'a', 'b']])
    expect(observer.reports).toEqual([{ omitted: ['c', 'd'] }])
    expect(provider.requests[0]?.body.messages[0]).toEqual({
      role: 'system',
      content: expect.stringMatching(/left out: c, d\.$/),
    })
  })

  test('are all sent up to the limit', async () => {
    await answer({ tools, maxCount: 5 })
    expect(listSentTools()[0]).toHaveLength(5)
    expect(provider.requests[0]?.body.messages[0]?.role).toBe('user')
  })
})

test('a description that is longer than the provider takes is cut', async () => {
  await answer({ tools: [newTool({ description: 'long '.repeat(1000) })] })
  expect(provider.requests[0]?.body.tools?.at(-1)?.function.description).toMatch(/^long .*…$/)
  expect(provider.requests[0]?.body.tools?.at(-1)?.function.description).toHaveLength(1024)
})

test('what a refusal says of the content is remembered when a request without it is accepted', async () => {
  const image = { type: 'file', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const
  const content = [{ type: 'text', text: 'Look' }, image] as const
  const loadHistory: AgentRun['loadHistory'] = async (request) => [
    { role: 'user', content: request?.omissions?.images ? 'Look' : [...content] },
  ]
  const observer = new RecordingObserver()
  for (const script of [refuse('This model does not support image input.'), refuse('No.')]) provider.enqueue(script)
  expect((await answer({ observer, loadHistory })).error).toBeInstanceOf(AgentError)
  expect(observer.reports).toEqual([])
  provider.enqueue(refuse('This model does not support image input.'))
  expect((await answer({ observer, loadHistory })).error).toBeNull()
  expect(observer.reports).toEqual([{ refused: { images: true } }])
})
