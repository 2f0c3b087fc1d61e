import { describe, expect, test } from 'vitest'
import { isSpan, lastDays, listDays } from '../../src/usage/span.ts'
import { sumUsage } from '../../src/usage/sum-usage.ts'

const newSum = (inputTokens: number, cost: number | null, group: string | null = 'a') => ({
  group,
  answers: 1,
  usage: {
    inputTokens,
    outputTokens: 2,
    cachedInputTokens: 1,
    reasoningTokens: 1,
    estimated: false,
    cost: cost === null ? null : { amount: cost, currency: 'EUR', estimated: false },
  },
})

describe('A span of days', () => {
  test('ends today, in UTC, and has as many days as it says', () => {
    const span = lastDays(3, Date.parse('2026-03-01T23:59:00Z'))
    expect(span).toEqual({ from: '2026-02-27', to: '2026-03-01' })
    expect(listDays(span)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
  })

  test('has no days while it is typed, and at most as many as the server sums', () => {
    expect(listDays({ from: '', to: '2026-03-01' })).toEqual([])
    expect(isSpan({ from: '', to: '2026-03-01' })).toBe(false)
    expect(isSpan({ from: '2026-03-02', to: '2026-03-01' })).toBe(false)
    expect(listDays({ from: '0020-01-01', to: '2026-03-01' })).toHaveLength(1000)
  })
})

describe('The sum of usages', () => {
  test('adds all figures', () => {
    expect(sumUsage([newSum(10, 0.5), newSum(5, 0.25, null)])).toEqual({
      answers: 2,
      usage: {
        inputTokens: 15,
        outputTokens: 4,
        cachedInputTokens: 2,
        reasoningTokens: 2,
        estimated: false,
        cost: { amount: 0.75, currency: 'EUR', estimated: false },
      },
    })
  })

  test('has an estimated cost if that of a group is unknown, and none if all are', () => {
    expect(sumUsage([newSum(10, 0.5), newSum(5, null)]).usage.cost).toMatchObject({ amount: 0.5, estimated: true })
    expect(sumUsage([newSum(5, null)]).usage.cost).toBeNull()
  })
})
