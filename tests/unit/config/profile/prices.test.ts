import { expect, test } from 'vitest'
import { newTestSettings } from '../../../support/config/test-settings.ts'

const { config, read, readProblems, writeConfig } = newTestSettings()

test('cached input and reasoning default to the prices of input and output', () => {
  writeConfig({
    prices: { 'local/*': { input: 0.3, output: 1.2 }, 'b/c': { input: 1, output: 2, cached: 0, reasoning: 3 } },
  })
  expect(read()).toMatchObject({
    prices: {
      'local/*': { input: 0.3, cached: 0.3, output: 1.2, reasoning: 1.2 },
      'b/c': { input: 1, cached: 0, output: 2, reasoning: 3 },
    },
    warnings: [],
  })
})

test('a price that is not valid is a warning and costs only itself', () => {
  writeConfig({ prices: { 'a/*': { input: -1, output: 1 }, 'b/*': 'free', 'c/*': { input: 1, output: 2 } } })
  const { prices, warnings } = read()
  expect(Object.keys(prices)).toEqual(['c/*'])
  expect(warnings).toEqual([
    `${config}: prices: a/*.input: Must be a number from 0: what a million tokens cost. The price is ignored.`,
    `${config}: prices: b/*: Must be an object with input and output, as in { "input": 0.3, "cached": 0.03, "output": 1.2 }. The price is ignored.`,
  ])
})

test('a currency is a code of three capital letters, by default USD', () => {
  expect(read().currency).toBe('USD')
  writeConfig({ currency: 'EUR' })
  expect(read().currency).toBe('EUR')
  writeConfig({ currency: 'Euro' })
  expect(readProblems()).toEqual([
    `${config}: currency: Invalid value "Euro". Must be the code of a currency: three capital letters, such as EUR.`,
  ])
})
