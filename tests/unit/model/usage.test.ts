import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addUsage,
  fillMissingUsage,
  normalizeStoredUsage,
  noUsage,
  type Usage,
  validateReportedUsage,
} from '../../../src/model/usage.ts'

const estimate: Usage = { ...noUsage, estimated: true, inputTokens: 50, outputTokens: 5 }

const anyFigure = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.double(),
  fc.integer(),
  fc.constantFrom(null, undefined, '12', true, [], {}, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e300),
)
const anyFigures = fc.record(
  {
    inputTokens: anyFigure,
    outputTokens: anyFigure,
    reasoningTokens: anyFigure,
    cachedInputTokens: anyFigure,
    totalTokens: anyFigure,
  },
  { requiredKeys: [] },
)

function expectValid(usage: Usage): void {
  const { inputTokens, outputTokens, reasoningTokens, cachedInputTokens } = usage
  for (const count of [inputTokens, outputTokens, reasoningTokens, cachedInputTokens]) {
    expect(Number.isSafeInteger(count) && count >= 0).toBe(true)
  }
  expect(reasoningTokens).toBeLessThanOrEqual(outputTokens)
  expect(cachedInputTokens).toBeLessThanOrEqual(inputTokens)
}

test('whatever figures arrive or are stored, a usage and a sum of usages can be sent', () => {
  fc.assert(
    fc.property(anyFigures, anyFigures, (reported, stored) => {
      const usage = fillMissingUsage(validateReportedUsage(reported), estimate)
      expectValid(usage)
      expectValid(normalizeStoredUsage(stored))
      expectValid(addUsage(usage, normalizeStoredUsage(stored)))
    }),
  )
})

describe('what a provider reports', () => {
  const complete = (figures: Parameters<typeof validateReportedUsage>[0]): Usage =>
    fillMissingUsage(validateReportedUsage(figures), estimate)

  test('is kept if it can be true', () => {
    const figures = { inputTokens: 100, outputTokens: 20, reasoningTokens: 5, cachedInputTokens: 40 }
    expect(complete(figures)).toEqual({ estimated: false, ...figures })
    expect(complete({ ...figures, totalTokens: 120 })).toEqual({ estimated: false, ...figures })
    expect(complete({ inputTokens: 2 ** 40, outputTokens: 1 })).toMatchObject({
      estimated: false,
      inputTokens: 2 ** 40,
    })
  })

  test.each([0.5, -1, Number.NaN, 2 ** 53, '7', null, undefined, {}])('is estimated where it is %s', (figure) => {
    expect(complete({ inputTokens: figure, outputTokens: 20 })).toEqual({
      ...noUsage,
      estimated: true,
      inputTokens: 50,
      outputTokens: 20,
    })
    expect(complete({ inputTokens: 100, outputTokens: figure })).toEqual({
      ...noUsage,
      estimated: true,
      inputTokens: 100,
      outputTokens: 5,
    })
  })

  test('is an estimate if a part of it cannot be true', () => {
    const usage = { inputTokens: 100, outputTokens: 20 }
    expect(complete({ ...usage, reasoningTokens: 1.5 })).toEqual({ ...noUsage, ...usage, estimated: true })
    expect(complete({ ...usage, cachedInputTokens: -4 })).toEqual({ ...noUsage, ...usage, estimated: true })
    expect(complete({ ...usage, cachedInputTokens: null, reasoningTokens: undefined })).toMatchObject({
      estimated: false,
    })
  })

  test('is not zero where there was something', () => {
    expect(complete({ inputTokens: 0, outputTokens: 0 })).toEqual(estimate)
    const nothing = fillMissingUsage(validateReportedUsage({ inputTokens: 9, outputTokens: 0 }), {
      ...estimate,
      outputTokens: 0,
    })
    expect(nothing).toEqual({ ...noUsage, inputTokens: 9 })
  })

  test('is not counted twice where only a part of it is known', () => {
    expect(complete({ inputTokens: -3, cachedInputTokens: 900, outputTokens: 0.5, reasoningTokens: 80 })).toEqual({
      estimated: true,
      inputTokens: 900,
      outputTokens: 80,
      reasoningTokens: 80,
      cachedInputTokens: 900,
    })
  })

  test('has parts that were counted beside their wholes added to them', () => {
    const figures = { inputTokens: 100, outputTokens: 20, reasoningTokens: 7, cachedInputTokens: 40 }
    expect(complete({ ...figures, totalTokens: 127 })).toMatchObject({ inputTokens: 100, outputTokens: 27 })
    expect(complete({ ...figures, totalTokens: 160 })).toMatchObject({ inputTokens: 140, outputTokens: 20 })
    expect(complete({ ...figures, totalTokens: 167 })).toMatchObject({ inputTokens: 140, outputTokens: 27 })
    expect(complete({ inputTokens: 3, outputTokens: 2, cachedInputTokens: 900, reasoningTokens: 80 })).toMatchObject({
      estimated: false,
      inputTokens: 903,
      outputTokens: 82,
    })
  })
})

test('a stored figure that cannot be true is 0, and the usage an estimate', () => {
  const stored = { estimated: false, inputTokens: 1.5, outputTokens: null, reasoningTokens: 0, cachedInputTokens: 0 }
  expect(normalizeStoredUsage(stored)).toEqual({ ...noUsage, estimated: true })
})

test('a sum ends at 2^53 - 1', () => {
  const much = { ...noUsage, inputTokens: Number.MAX_SAFE_INTEGER - 1 }
  expect(addUsage(much, much).inputTokens).toBe(Number.MAX_SAFE_INTEGER)
})

describe('the cost of a sum', () => {
  const withCost = (amount: number, estimated = false): Usage => ({
    ...noUsage,
    inputTokens: 5,
    cost: { amount, estimated },
  })
  const unknown: Usage = { ...noUsage, inputTokens: 5 }

  test('is the sum of the costs, without the noise of binary fractions', () => {
    expect(addUsage(withCost(0.1), withCost(0.2)).cost).toEqual({ amount: 0.3, estimated: false })
    expect(addUsage(withCost(1), withCost(2, true)).cost).toEqual({ amount: 3, estimated: true })
  })

  test('is an estimate if the cost of tokens is unknown, and unknown if no cost is known', () => {
    expect(addUsage(withCost(1), unknown).cost).toEqual({ amount: 1, estimated: true })
    expect(addUsage(unknown, withCost(1)).cost).toEqual({ amount: 1, estimated: true })
    expect(addUsage(unknown, unknown)).not.toHaveProperty('cost')
  })

  test('is that of the one part if the other has no tokens', () => {
    expect(addUsage(noUsage, withCost(1)).cost).toEqual({ amount: 1, estimated: false })
    expect(addUsage(withCost(1), noUsage).cost).toEqual({ amount: 1, estimated: false })
  })
})

test('a stored cost that cannot be true is unknown', () => {
  expect(normalizeStoredUsage({ ...noUsage, cost: { amount: 0.5, estimated: false } }).cost).toEqual({
    amount: 0.5,
    estimated: false,
  })
  for (const cost of [null, 1, 'x', {}, { amount: -1 }, { amount: '1' }, { amount: Number.NaN }])
    expect(normalizeStoredUsage({ ...noUsage, cost })).not.toHaveProperty('cost')
})
