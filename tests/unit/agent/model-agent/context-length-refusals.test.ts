import type { ModelMessage } from 'ai'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AgentError, type AgentRun, type ModelHistoryRequest } from '../../../../src/agent/agent.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import { ModelObservations } from '../../../../src/agent/models/model-observations.ts'
import { createLanguageModel } from '../../../../src/agent/providers/create-language-model.ts'
import { computeInputBudget } from '../../../../src/agent/tokens/input-budget.ts'
import { TokenCounter } from '../../../../src/agent/tokens/token-counter.ts'
import type { Tool } from '../../../../src/agent/tools/tool.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { newProse } from '../../../support/fixtures/context-messages.ts'
import { newToolbox } from '../../../support/fixtures/toolbox.ts'
import { newTool, newToolSource } from '../../../support/fixtures/tools.ts'
import { newProviderFetch, newRequestPolicy } from '../../../support/providers/connections.ts'
import { newModelObservationStore } from '../../../support/providers/model-observation-store.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { type ProviderStep, StrictProvider, toolCallSteps } from '../../../support/providers/strict-provider.ts'

let provider: StrictProvider

beforeEach(async () => {
  provider = await StrictProvider.start()
})

afterEach(async () => {
  expect(provider.rejections).toEqual([])
  await provider.close()
})

const address = { model: 'test/m', baseURL: '' }
const refuse = (message: string): ProviderStep[] => [{ status: 400, body: { error: { message } } }]
const tooLong = refuse('Input is too long for requested model.')

interface Setting {
  readonly contextWindow?: number
  readonly tools?: readonly Tool[]
  readonly observations?: ModelObservations
  readonly loadHistory?: AgentRun['loadHistory']
  readonly offersClarify?: boolean
  /** As when titles and summaries are written. */
  readonly hasNoToolbox?: boolean
  /** As in Anthropic's format. */
  readonly statesOutputLimit?: boolean
}

/** Results of tools of 1,000 tokens each, as many as fit; at least one. Records what it is asked for. */
function newHistory(counter: TokenCounter, modelWindow: number) {
  const requests: ModelHistoryRequest[] = []
  const loadHistory = async (request: ModelHistoryRequest = {}): Promise<ModelMessage[]> => {
    requests.push(request)
    const { contextWindow = modelWindow, reservedTokens = 0 } = request
    const budget = computeInputBudget({ contextWindow }) - reservedTokens
    const question: ModelMessage = { role: 'user', content: 'Read.' }
    for (let kept = 8; ; kept -= 1) {
      const messages = [question, ...Array.from({ length: kept }, (_, index) => newReadResult(`c${index}`)).flat()]
      if (kept === 1 || counter.countMessages(messages) <= budget) return messages
    }
  }
  return { requests, loadHistory }
}

function newReadResult(id: string): ModelMessage[] {
  const named = { toolCallId: id, toolName: 'read' }
  return [
    { role: 'assistant', content: [{ type: 'tool-call', ...named, input: {} }] },
    {
      role: 'tool',
      content: [{ type: 'tool-result', ...named, output: { type: 'text', value: newProse(1000) } }],
    },
  ]
}

/** Asks a model, and tells with which windows, how much was sent, and what is known of the model afterwards. */
async function ask(setting: Setting = {}) {
  const { contextWindow = Number.POSITIVE_INFINITY, tools = [], offersClarify = true } = setting
  const observations = setting.observations ?? new ModelObservations(newModelObservationStore(), silentLogger)
  const tokenCounter = new TokenCounter(() => observations.contextSizes.findTokenScale(address))
  const { requests, loadHistory } = newHistory(tokenCounter, contextWindow)
  const agent = createModelAgent({
    model: createLanguageModel(newProvider({ baseURL: provider.baseURL }), 'test', {
      fetch: newProviderFetch(),
      log: silentLogger,
    }),
    maxSteps: 5,
    requestPolicy: newRequestPolicy(),
    ...(!setting.hasNoToolbox && { toolbox: newToolbox({ source: newToolSource(...tools), offersClarify }) }),
    observer: observations.createObserver(address),
    contextWindow,
    tokenCounter,
    ...(setting.statesOutputLimit && { statesOutputLimit: true }),
  })
  let error: AgentError | null = null
  try {
    await Array.fromAsync(agent.answer(newAgentRun({ loadHistory: setting.loadHistory ?? loadHistory })))
  } catch (cause) {
    if (!(cause instanceof AgentError)) throw cause
    error = cause
  }
  const sizes = provider.requests.map(({ body }) => Math.round(JSON.stringify(body).length / 4))
  const windows = requests.map((request) => request.contextWindow)
  return { error, sizes, windows, requests, observations, contextSizes: observations.contextSizes }
}

describe('a request that is refused as too long', () => {
  test('is sent again in a form that fits the window that the refusal names', async () => {
    provider.enqueue(refuse("This model's maximum context length is 4000 tokens."))
    const { error, sizes, windows, contextSizes } = await ask()
    expect(error).toBeNull()
    expect(sizes[0]).toBeGreaterThan(8000)
    expect(sizes[1]).toBeLessThan(3100)
    expect(windows).toEqual([undefined, 4000])
    expect(contextSizes.findContextWindow(address)).toBe(4000)
    expect(contextSizes.findAssumedContextWindow(address)).toBeNull()
  })

  test('is sent again in a form that fits what is allowed in a minute, if it had more', async () => {
    const message = 'Request too large for model `m` on tokens per minute (TPM): Limit 4,000, Requested 32979.'
    provider.enqueue([{ status: 429, body: { error: { message, code: 'rate_limit_exceeded' } } }])
    const { error, windows, contextSizes } = await ask()
    expect(error).toBeNull()
    expect(windows).toEqual([undefined, 4000])
    // The answer is counted with it.
    expect(contextSizes.findTokenScale(address)).toBe(1)
  })

  test('corrects how tokens are counted if the refusal says how many it had', async () => {
    provider.enqueue(refuse('prompt is too long: 16800 tokens > 8000 maximum'))
    const { error, sizes, contextSizes } = await ask()
    expect(error).toBeNull()
    expect(contextSizes.findTokenScale(address)).toBeCloseTo(2, 1)
    expect(sizes[1]).toBeLessThan(3200)
  })

  const beside = (input: number, output: number, window: number) =>
    refuse(
      `input length and \`max_tokens\` exceed context limit: ${input} + ${output} > ${window}, decrease one of them`,
    )

  test('is sent again as it was, with a shorter answer, if that is enough', async () => {
    provider.enqueue(beside(3600, 3300, 6500))
    const loadHistory = async (): Promise<ModelMessage[]> => [{ role: 'user', content: newProse(3000) }]
    const { error, contextSizes } = await ask({ loadHistory, contextWindow: 6500, statesOutputLimit: true })
    expect(error).toBeNull()
    expect(provider.requests.map(({ body }) => body.messages)).toEqual(
      Array(2).fill(provider.requests[0]?.body.messages),
    )
    expect(contextSizes.findAssumedContextWindow(address)).toBeNull()
  })

  test('tells nothing about the window if only the answer that it asked for did not fit', async () => {
    provider.enqueue(beside(8450, 1600, 10_000))
    const { error, windows, contextSizes } = await ask({ contextWindow: 10_000, statesOutputLimit: true })
    expect(error).toBeNull()
    expect(windows).toHaveLength(2)
    expect(contextSizes.findAssumedContextWindow(address)).toBeNull()
  })

  test('corrects how tokens are counted if it was within the window that the refusal names', async () => {
    provider.enqueue(refuse("This model's maximum context length is 12000 tokens."))
    const { error, sizes, contextSizes, windows } = await ask({ contextWindow: 12_000 })
    expect(error).toBeNull()
    expect(contextSizes.findTokenScale(address)).toBeGreaterThan(1.3)
    expect(windows.at(-1)).toBe(12_000)
    expect(sizes[1]).toBeLessThan(6500)
    expect(contextSizes.findAssumedContextWindow(address)).toBeNull()
  })

  test('is sent with 0.8, 0.4, 0.2 … of its length while refusals name no window, and the model is remembered', async () => {
    provider.enqueue(tooLong)
    provider.enqueue(tooLong)
    const { error, sizes, windows, contextSizes } = await ask()
    expect(error).toBeNull()
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
    expect(new Set(sizes).size).toBe(3)
    const [, first = 0, second] = windows
    expect(first / (sizes[0] ?? 0)).toBeCloseTo(0.8, 1)
    expect(second).toBe(Math.floor(first / 2))
    expect(contextSizes.findAssumedContextWindow(address)).toBe(second)
  })

  test('makes the model remembered as larger once a longer request is accepted', async () => {
    provider.enqueue(tooLong)
    const { observations, contextSizes } = await ask()
    const assumed = contextSizes.findAssumedContextWindow(address) ?? 0
    observations.createObserver(address).contextSize.reportAcceptedTokens(assumed - 1)
    expect(contextSizes.findAssumedContextWindow(address)).toBe(assumed)
    observations.createObserver(address).contextSize.reportAcceptedTokens(assumed + 1000)
    expect(contextSizes.findAssumedContextWindow(address)).toBe(assumed + 1000)
  })

  test('makes the model assumed to take twice as much after each hour, because the server may have been at fault', async () => {
    provider.enqueue(tooLong)
    const { contextSizes } = await ask()
    const assumed = contextSizes.findAssumedContextWindow(address) ?? 0
    const hour = 60 * 60_000
    const windows = [0.9, 1.1, 2.1, 24.1].map((hours) => {
      vi.setSystemTime(Date.now() + hours * hour)
      const window = contextSizes.findAssumedContextWindow(address)
      vi.useRealTimers()
      return window
    })
    expect(windows).toEqual([assumed, assumed * 2, assumed * 4, null])
  })

  test('is refused in the end if it cannot be shortened', async () => {
    provider.defaultAnswer = () => refuse("This model's maximum context length is 3000 tokens.")
    const loadHistory = async (): Promise<ModelMessage[]> => [{ role: 'user', content: newProse(10_000) }]
    const { error } = await ask({ loadHistory, offersClarify: false })
    expect(error).toMatchObject({ code: 'CONTEXT_LENGTH', message: expect.stringContaining('3000 tokens') })
    expect(provider.requests).toHaveLength(1)
  })

  test('for another reason changes nothing: a request that is far shorter than the window that is named', async () => {
    provider.defaultAnswer = () => refuse("This model's maximum context length is 8192 tokens")
    const loadHistory = async (): Promise<ModelMessage[]> => [{ role: 'user', content: newProse(200) }]
    const { error, contextSizes } = await ask({ loadHistory })
    expect(error?.code).toBe('CONTEXT_LENGTH')
    expect(provider.requests).toHaveLength(1)
    expect(contextSizes.findTokenScale(address)).toBe(1)
  })

  test('for a summary tells nothing about the window of answers if it names none', async () => {
    provider.enqueue(tooLong)
    const { windows, contextSizes } = await ask({ hasNoToolbox: true })
    expect(windows[1]).toBeGreaterThan(0)
    expect(contextSizes.findAssumedContextWindow(address)).toBeNull()
  })

  test.each([
    ['names', "This model's maximum context length is 4000 tokens.", { named: 4000, assumed: null }],
    ['does not name', 'Input is too long for requested model.', { named: null, assumed: expect.any(Number) }],
  ])('after a part of the answer is not sent again, and is remembered: it %s the window', async (_, message, known) => {
    provider.enqueue([{ text: 'Half' }, { raw: `data: ${JSON.stringify({ error: { message } })}` }])
    const { error, contextSizes } = await ask()
    expect(error?.code).toBe('CONTEXT_LENGTH')
    expect(provider.requests).toHaveLength(1)
    expect(contextSizes.findContextWindow(address)).toEqual(known.named)
    expect(contextSizes.findAssumedContextWindow(address)).toEqual(known.assumed)
  })

  test('is not sent for ever', async () => {
    provider.defaultAnswer = () => tooLong
    expect((await ask()).error?.code).toBe('CONTEXT_LENGTH')
    expect(provider.requests.length).toBeLessThanOrEqual(7)
  })

  test('stays short in the later steps of the answer', async () => {
    provider.enqueue(refuse("This model's maximum context length is 4000 tokens."))
    provider.enqueue(toolCallSteps({ name: 'files__write', input: {} }))
    const { windows } = await ask({ tools: [newTool({ isReadOnly: true })] })
    expect(provider.requests).toHaveLength(3)
    expect(windows).toEqual([undefined, 4000, 4000])
  })
})

describe('the tokens that a provider counts', () => {
  test('correct the estimates, step by step, and a count that cannot be true is ignored', async () => {
    const observations = new ModelObservations(newModelObservationStore(), silentLogger)
    const { contextSize } = observations.createObserver(address)
    const count = (estimatedTokens: number, countedTokens: number): number => {
      contextSize.reportTokenCount({ estimatedTokens, countedTokens, isRefused: false })
      return observations.contextSizes.findTokenScale(address)
    }
    expect(count(1000, 20)).toBe(1)
    expect(count(50, 150)).toBe(1)
    expect(count(1000, 9000)).toBe(1)
    expect(count(1000, 1500)).toBe(1.25)
    for (let repeated = 0; repeated < 20; repeated += 1) count(1000, 1500)
    expect(count(1000, 1500)).toBeCloseTo(1.5, 1)
    for (let repeated = 0; repeated < 40; repeated += 1) count(1000, 1000)
    expect(count(1000, 1000)).toBeLessThanOrEqual(1.05)
  })

  test('are remembered with the model', async () => {
    const store = newModelObservationStore()
    const observer = new ModelObservations(store, silentLogger).createObserver(address)
    observer.contextSize.reportTokenCount({ estimatedTokens: 1000, countedTokens: 2000, isRefused: true })
    const later = new ModelObservations(store, silentLogger)
    await later.load()
    expect(later.contextSizes.findTokenScale(address)).toBe(2)
  })

  test('are learned from the usage of answers', async () => {
    provider.enqueue([{ text: 'Hi.' }, { finish: 'stop' }, { usage: { input: 12_000, output: 2 } }])
    const { contextSizes } = await ask()
    expect(contextSizes.findTokenScale(address)).toBeGreaterThan(1.1)
  })
})

describe('tools in a small context window', () => {
  const tools = Array.from({ length: 40 }, (_, index) => newTool({ name: `tool_${index}`, description: newProse(80) }))

  test('take at most half of the input, so that the last ones are left out, and the model is told', async () => {
    const { requests, observations } = await ask({ tools, contextWindow: 4096 })
    const [request] = provider.requests
    const names = request?.body.tools?.map((each) => each.function.name) ?? []
    expect(names.length).toBeGreaterThan(5)
    expect(names.length).toBeLessThan(20)
    expect(request?.body.messages[0]).toMatchObject({
      role: 'system',
      content: expect.stringContaining('left out: tool_'),
    })
    expect(requests[0]?.reservedTokens).toBeLessThanOrEqual(4096 * 0.75 * 0.5)
    expect(observations.findOmittedTools(address)).toContain('tool_39')
    expect(observations.contextSizes.findReservedTokens(address)).toBe(requests[0]?.reservedTokens)
  })

  test('are still expected in the next request after a summary was written without tools', async () => {
    const { observations } = await ask({ tools, contextWindow: 4096 })
    await ask({ observations, hasNoToolbox: true, contextWindow: 4096 })
    expect(observations.contextSizes.findReservedTokens(address)).toBeGreaterThan(1000)
  })

  test('make room for a message that needs more', async () => {
    const loadHistory = async (): Promise<ModelMessage[]> => [{ role: 'user', content: newProse(2700) }]
    await ask({ tools, contextWindow: 4096, loadHistory })
    const [request] = provider.requests
    expect(JSON.stringify(request?.body).length / 4).toBeLessThan(4096 * 0.8)
  })

  test('are all sent if they fit', async () => {
    await ask({ tools })
    expect(provider.requests[0]?.body.tools).toHaveLength(41)
  })
})
