import { expect, test } from 'vitest'
import { coerceDateTimeInput } from '../../../src/schema/coerce-date-time-input.ts'

test('a time is accepted as any language writes RFC 3339, in whole milliseconds', () => {
  const expected = Date.UTC(2026, 0, 31, 9, 30, 0, 123)
  for (const text of [
    '2026-01-31T09:30:00.123Z',
    '2026-01-31t09:30:00.123z',
    '2026-01-31 09:30:00.123456+00:00',
    '2026-01-31T10:30:00.1239999+01:00',
    '2026-01-31T04:00:00.123-05:30',
  ]) {
    expect(coerceDateTimeInput(text), text).toBe(expected)
  }
  expect(coerceDateTimeInput('2026-01-31T09:30:00Z')).toBe(expected - 123)
})

test('anything else is refused', () => {
  for (const value of [
    '',
    'now',
    '2026-01-31',
    '2026-01-31T09:30:00',
    '2026-01-31T09:30:00123Z',
    '2026-13-31T09:30:00Z',
    1_769_851_800_000,
    null,
  ]) {
    expect(() => coerceDateTimeInput(value), String(value)).toThrow('RFC 3339')
  }
})
