import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDateTime } from '../../../../src/lib/text/format-date-time.ts'

test('A time is written as Date.toISOString does', () => {
  const times = fc.oneof(
    fc.integer({ min: -8.64e15, max: 8.64e15 }),
    fc.integer({ min: 0, max: 4e12 }),
    fc.integer({ min: -62_167_219_200_001, max: -62_167_219_199_000 }),
    fc.double({ min: -1e13, max: 1e13, noNaN: true }),
  )
  fc.assert(
    fc.property(fc.array(times), (list) => {
      for (const ms of list)
        for (const each of [ms, ms + 1, ms + 999])
          if (Math.abs(each) <= 8.64e15) expect(formatDateTime(each)).toBe(new Date(each).toISOString())
    }),
  )
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])('%s is no time', (ms) => {
  expect(() => formatDateTime(ms)).toThrow(RangeError)
})
