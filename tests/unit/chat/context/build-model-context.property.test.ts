import { createAnthropic } from '@ai-sdk/anthropic'
import type { ModelMessage } from 'ai'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AgentError } from '../../../../src/agent/agent.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import { createLanguageModel } from '../../../../src/agent/providers/create-language-model.ts'
import { createSdkProviderModel, type ProviderModel } from '../../../../src/agent/providers/provider-model.ts'
import { defaultDialect } from '../../../../src/agent/providers/dialect.ts'
import { providerDialects } from '../../../../src/agent/providers/select-dialect.ts'
import { computeInputBudget } from '../../../../src/agent/tokens/input-budget.ts'
import { TokenCounter } from '../../../../src/agent/tokens/token-counter.ts'
import { buildModelContext, type ModelContext } from '../../../../src/chat/context/build-model-context.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import { silentLogger } from '../../../../src/lib/logger.ts'
import type { ContextSummary } from '../../../../src/model/context/context-summary.ts'
import { isSteeringMessage, type MessageRecord } from '../../../../src/model/message.ts'
import { newAgentRun } from '../../../support/fixtures/agent-run.ts'
import { anyContextMessages, anyContextSummary } from '../../../support/fixtures/any-context.ts'
import { newUserRecord } from '../../../support/fixtures/context-messages.ts'
import { findAnthropicProblems, findOpenAiProblems } from '../../../support/fixtures/message-rules.ts'
import { newProviderFetch, newRequestPolicy } from '../../../support/providers/connections.ts'
import { newProvider } from '../../../support/providers/provider.ts'
import { StrictProvider } from '../../../support/providers/strict-provider.ts'

interface AnyCase {
  readonly summary: ContextSummary | null
  readonly messages: MessageRecord[]
  readonly contextWindow: number
  readonly reservedTokens: number
  readonly counter: TokenCounter
}

/** Any log, with any window of 1,000 tokens or more of which up to half of the input is reserved. */
const anyCase: fc.Arbitrary<AnyCase> = fc
  .record({
    summary: anyContextSummary,
    messages: anyContextMessages,
    contextWindow: fc.integer({ min: 1_000, max: 12_000 }),
    reservedShare: fc.constantFrom(0, 0.1, 0.5),
    scale: fc.constantFrom(0.7, 1, 1.8),
  })
  .map(({ summary, messages, contextWindow, reservedShare, scale }) => ({
    summary,
    messages,
    contextWindow,
    reservedTokens: Math.floor(computeInputBudget({ contextWindow }) * reservedShare),
    counter: new TokenCounter(() => scale),
  }))

const dialects = [defaultDialect, ...providerDialects]

function build(source: AnyCase, dialect = defaultDialect): ModelContext {
  return buildModelContext({ ...source, target: { id: 'test/model', dialect } })
}

/** The message that is answered, with those that have joined the answer. */
function listNewest(messages: readonly MessageRecord[]): readonly MessageRecord[] {
  const users = messages.filter(({ role }) => role === 'USER')
  return users.slice(users.findLastIndex((message) => !isSteeringMessage(message)))
}

/** The summary and the newest message need so many tokens at least. */
function countNeeded({ messages, summary, counter }: AnyCase, budgetTokens: number): number {
  const noteTokens = 200 * counter.scale
  return counter.countMessages(toModelMessages(listNewest(messages))) + noteTokens + (summary ? budgetTokens / 8 : 0)
}

describe('for every log and every context window', () => {
  test('the request fits, unless the newest message alone does not', () => {
    fc.assert(
      fc.property(anyCase, (source) => {
        const { tokens, budgetTokens, messages } = build(source)
        expect(tokens).toBe(source.counter.countMessages(messages))
        if (countNeeded(source, budgetTokens) <= budgetTokens) expect(tokens).toBeLessThanOrEqual(budgetTokens)
      }),
      { numRuns: 75 },
    )
  })

  test('the request contains the summary and the newest message', () => {
    fc.assert(
      fc.property(anyCase, (source) => {
        const { messages, isNewestMessageTooLong } = build(source)
        const sent = JSON.stringify(messages)
        if (source.summary) expect(sent).toContain('SUMMARY Text')
        for (const part of listNewest(source.messages).flatMap(({ parts }) => parts)) {
          if (part.type !== 'text' || isNewestMessageTooLong) continue
          expect(sent).toContain(JSON.stringify(part.text).slice(1, -1))
        }
      }),
      { numRuns: 50 },
    )
  })

  test('the request is valid for each dialect', () => {
    fc.assert(
      fc.property(anyCase, fc.constantFrom(...dialects), (source, dialect) => {
        const { messages } = build(source, dialect)
        expect(findOpenAiProblems(messages)).toEqual([])
        const roles = messages.map(({ role }) => role)
        if (dialect.roles.startsWithUser) expect(roles[0]).toBe('user')
        if (!dialect.roles.alternates) return
        for (const [index, role] of roles.slice(1).entries())
          expect(`${roles[index]} ${role}`).not.toMatch(/^(\w+) \1$|^tool user$/)
      }),
      { numRuns: 75 },
    )
  })

  test('the request is a pure function of the messages, and nothing is left out if it is complete', () => {
    fc.assert(
      fc.property(anyCase, (source) => {
        const before = structuredClone(source.messages)
        const context = build(source)
        expect(build(source)).toEqual(context)
        expect(source.messages).toEqual(before)
        if (!context.isComplete) return
        const complete = build({ ...source, contextWindow: Number.POSITIVE_INFINITY }).messages
        const withoutResults = (messages: readonly ModelMessage[]) => messages.filter(({ role }) => role !== 'tool')
        expect(withoutResults(context.messages)).toEqual(withoutResults(complete))
      }),
      { numRuns: 50 },
    )
  })
})

/** A model is asked for an answer: the context ends with the user's message, or with the results of tools. */
const anyRequest = anyCase.map(endWithQuestion)

function endWithQuestion(source: AnyCase): AnyCase {
  if (endsWithCall(source.messages)) return source
  return { ...source, messages: [...source.messages, newUserRecord('now', 'And now?')] }
}

function endsWithCall(messages: readonly MessageRecord[]): boolean {
  const part = messages.at(-1)?.role === 'ASSISTANT' ? messages.at(-1)?.parts.at(-1) : undefined
  return part?.type === 'tool' && part.call.argumentsWhole
}

describe('the request for any log', () => {
  /** Sends it through the SDK. */
  async function send(model: ProviderModel, messages: readonly ModelMessage[]): Promise<void> {
    const agent = createModelAgent({ model, maxSteps: 1, requestPolicy: newRequestPolicy() })
    try {
      await Array.fromAsync(agent.answer(newAgentRun({ loadHistory: async () => messages })))
    } catch (error) {
      if (!(error instanceof AgentError)) throw error
    }
  }

  test('is accepted by a provider as strict as OpenAI', async () => {
    await using provider = await StrictProvider.start()
    const model = createLanguageModel(newProvider({ baseURL: provider.baseURL }), 'test', {
      fetch: newProviderFetch(),
      log: silentLogger,
    })
    await fc.assert(
      fc.asyncProperty(anyRequest, fc.constantFrom(...dialects), async (source, dialect) => {
        await send(model, build(source, dialect).messages)
        expect(provider.rejections).toEqual([])
      }),
      { numRuns: 20 },
    )
    expect(provider.requests.length).toBeGreaterThan(0)
  })

  test('keeps the rules of Anthropic', async () => {
    const bodies: unknown[] = []
    const fetch = async (_input: unknown, init?: RequestInit): Promise<Response> => {
      bodies.push(JSON.parse(String(init?.body)))
      const error = { type: 'error', error: { type: 'invalid_request_error', message: 'seen' } }
      return Response.json(error, { status: 400 })
    }
    const model = createSdkProviderModel('anthropic', async () =>
      createAnthropic({ baseURL: 'http://127.0.0.1:1/v1', apiKey: 'key', fetch })('test'),
    )
    await fc.assert(
      fc.asyncProperty(anyRequest, async (source) => {
        bodies.length = 0
        await send(model, build(source).messages)
        expect(findAnthropicProblems(bodies[0])).toEqual([])
      }),
      { numRuns: 30 },
    )
  })
})
