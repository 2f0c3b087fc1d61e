import { expect, test } from 'vitest'
import { parseReportedCost } from '../../../../../src/agent/providers/responses/parse-reported-cost.ts'
import { pickNumericUsageFields } from '../../../../../src/agent/providers/responses/response-values.ts'

const parse = (usage: Readonly<Record<string, unknown>>) => parseReportedCost(pickNumericUsageFields(usage))

test('the cost of OpenRouter and LiteLLM is read from the usage', () => {
  expect(parse({ prompt_tokens: 3, cost: 0.00014 })).toBe(0.00014)
  expect(parse({ cost: 0 })).toBe(0)
  expect(parse({ cost: '0.25' })).toBe(0.25)
})

test('with a key of the user, what the provider behind OpenRouter charges is added', () => {
  const cost_details = { upstream_inference_cost: 0.2 }
  expect(parse({ cost: 0.01, is_byok: true, cost_details })).toBe(0.21)
  expect(parse({ cost: 0.2, is_byok: false, cost_details })).toBe(0.2)
})

test('the total of an object of costs counts', () => {
  expect(parse({ cost: { input_tokens_cost: 0.1, output_tokens_cost: 0.2, total_cost: 0.35 } })).toBe(0.35)
})

test('what cannot be an amount is no cost', () => {
  for (const cost of [-1, null, true, 'free', [], {}, { total_cost: 'much' }]) {
    expect(parseReportedCost({ cost })).toBeUndefined()
  }
  expect(parseReportedCost(undefined)).toBeUndefined()
})
