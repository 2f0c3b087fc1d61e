import { expect, test } from 'vitest'
import { toContextSizeAfterStep } from '../../../../src/chat/turn/step-context-size.ts'
import { noUsage } from '../../../../src/model/usage.ts'

const step = { model: 'test/model', estimatedInputTokens: 1_000, instructions: 100, tools: 200, scale: 1 }

test('After a step, a context has what the provider has counted of the request, and the answer without its reasoning', () => {
  const usage = { ...noUsage, inputTokens: 1_200, outputTokens: 90, reasoningTokens: 40 }
  expect(toContextSizeAfterStep({ ...step, usage })).toEqual({
    model: 'test/model',
    tokens: 1_250,
    instructions: 100,
    tools: 200,
    history: 950,
    scale: 1,
    estimated: false,
  })
})

test('Figures of a provider that are estimates, or that cannot be true, are not used', () => {
  expect(toContextSizeAfterStep({ ...step, usage: { ...noUsage, inputTokens: 1_200, estimated: true } })).toBeNull()
  expect(toContextSizeAfterStep({ ...step, usage: { ...noUsage, inputTokens: 30, outputTokens: 5 } })).toBeNull()
})
