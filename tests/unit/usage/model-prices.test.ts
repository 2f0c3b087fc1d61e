import { expect, test } from 'vitest'
import { noUsage, type Usage } from '../../../src/model/usage.ts'
import { addRequestCost, ModelPrices } from '../../../src/usage/model-prices.ts'

const cheap = { input: 0.3, cached: 0.03, output: 1.2, reasoning: 2.4 }
const dear = { input: 3, cached: 3, output: 15, reasoning: 15 }
const usage: Usage = {
  estimated: false,
  inputTokens: 1_000_000,
  outputTokens: 500_000,
  reasoningTokens: 100_000,
  cachedInputTokens: 200_000,
}

test('the last pattern that fits a model counts', () => {
  const prices = new ModelPrices({ '*': dear, 'local/*': cheap, 'local/big*': dear }, 'USD')
  expect(prices.find('local/small').price).toBe(cheap)
  expect(prices.find('local/big/model').price).toBe(dear)
  expect(prices.find('other/model').price).toBe(dear)
  expect(new ModelPrices({ 'local/*': cheap }, 'USD').find('elsewhere/local/x').price).toBeNull()
})

test('cached input and reasoning have prices of their own', () => {
  const pricing = { price: cheap, usesReportedCost: true }
  // 800,000 x 0.3 + 200,000 x 0.03 + 400,000 x 1.2 + 100,000 x 2.4, per million
  expect(addRequestCost(usage, undefined, pricing).cost).toEqual({ amount: 0.966, estimated: false })
  const estimated = addRequestCost({ ...usage, estimated: true }, undefined, pricing)
  expect(estimated.cost).toEqual({ amount: 0.966, estimated: true })
})

test('what the provider reports comes before the price, even if the tokens are an estimate', () => {
  const pricing = { price: cheap, usesReportedCost: true }
  const reported = addRequestCost({ ...usage, estimated: true }, 0.5, pricing)
  expect(reported.cost).toEqual({ amount: 0.5, estimated: false })
  expect(addRequestCost(usage, 0, pricing).cost).toEqual({ amount: 0, estimated: false })
})

test('what is reported in dollars does not count in another currency', () => {
  const euros = new ModelPrices({ 'local/*': cheap }, 'EUR')
  expect(addRequestCost(usage, 0.5, euros.find('local/test')).cost?.amount).toBe(0.966)
  expect(addRequestCost(usage, 0.5, euros.find('other/test'))).toEqual(usage)
})

test('without a price and a report, a usage has no cost', () => {
  expect(addRequestCost(noUsage, undefined, new ModelPrices({}, 'USD').find('local/test'))).toEqual(noUsage)
})
