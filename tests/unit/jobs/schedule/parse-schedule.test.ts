import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SegueError } from '../../../../src/lib/errors.ts'
import { listNextDueTimes } from '../../../../src/jobs/schedule/schedule.ts'
import { parseTime, listDueTimes, toIso, parseTestSchedule } from '../../../support/jobs/times.ts'

const now = parseTime('2026-11-22T10:00:00.123Z')

function upcoming(text: string, timezone?: string): string[] {
  return listNextDueTimes(parseTestSchedule(text, timezone, now), now, 3).map(toIso)
}

describe('a valid schedule', () => {
  test.each([
    ['every 30m', 'every 30 minutes', ['2026-11-22T10:30:00.123Z', '2026-11-22T11:00:00.123Z']],
    ['every 1h30m', 'every 1 hour 30 minutes', ['2026-11-22T11:30:00.123Z']],
    ['Every 90 minutes', 'every 1 hour 30 minutes', ['2026-11-22T11:30:00.123Z']],
    ['every 1 day 1 second', 'every 1 day 1 second', ['2026-11-23T10:00:01.123Z']],
    ['  every   2d ', 'every 2 days', ['2026-11-24T10:00:00.123Z']],
    ['every 1s', 'every 1 second', ['2026-11-22T10:00:01.123Z']],
    ['@hourly', 'at @hourly in UTC', ['2026-11-22T11:00:00.000Z']],
    ['@Daily', 'at @Daily in UTC', ['2026-11-23T00:00:00.000Z']],
    ['0 9 * * mon-fri', 'at 0 9 * * mon-fri in UTC', ['2026-11-23T09:00:00.000Z']],
    ['15 30 9 * * *', 'at 15 30 9 * * * in UTC', ['2026-11-23T09:30:15.000Z']],
    ['0 12 1 * +MON', 'at 0 12 1 * +MON in UTC', ['2027-02-01T12:00:00.000Z', '2027-03-01T12:00:00.000Z']],
    ['0 0 L * *', 'at 0 0 L * * in UTC', ['2026-11-30T00:00:00.000Z', '2026-12-31T00:00:00.000Z']],
    ['0 0 29 2 *', 'at 0 0 29 2 * in UTC', ['2028-02-29T00:00:00.000Z', '2032-02-29T00:00:00.000Z']],
    ['0\t9\t*\t*\t1-5', 'at 0 9 * * 1-5 in UTC', ['2026-11-23T09:00:00.000Z']],
    ['0 9 * * 1-5\n', 'at 0 9 * * 1-5 in UTC', ['2026-11-23T09:00:00.000Z']],
    ['\t@daily\r\n', 'at @daily in UTC', ['2026-11-23T00:00:00.000Z']],
    ['every\t30m\n', 'every 30 minutes', ['2026-11-22T10:30:00.123Z']],
    [
      '0 9 * * Monday,THURS',
      'at 0 9 * * Monday,THURS in UTC',
      ['2026-11-23T09:00:00.000Z', '2026-11-26T09:00:00.000Z'],
    ],
    ['0 9 1 january-March *', 'at 0 9 1 january-March * in UTC', ['2027-01-01T09:00:00.000Z']],
  ])('%j is recurring', (text, description, times) => {
    const schedule = parseTestSchedule(text, 'UTC', now)
    expect(schedule).toMatchObject({ recurring: true, description })
    expect(upcoming(text).slice(0, times.length)).toEqual(times)
  })

  test.each([
    ['in 2h', '2026-11-22T12:00:00.123Z'],
    ['in 1 day 12 hours', '2026-11-23T22:00:00.123Z'],
    ['2030-01-31T09:00:00+01:00', '2030-01-31T08:00:00.000Z'],
    ['2030-01-31t09:00:00.5z', '2030-01-31T09:00:00.500Z'],
    ['2030-01-31 09:00:00.123456-05:30', '2030-01-31T14:30:00.123Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('%j is due once', (text, time) => {
    expect(parseTestSchedule(text, 'UTC', now)).toMatchObject({ recurring: false, description: `once, at ${time}` })
    expect(upcoming(text)).toEqual([time])
  })

  test('uses the local time of the time zone', () => {
    expect(upcoming('0 9 * * *', 'Asia/Kolkata')[0]).toBe('2026-11-23T03:30:00.000Z')
    expect(upcoming('0 9 * * *', 'America/New_York')[0]).toBe('2026-11-22T14:00:00.000Z')
    expect(upcoming('2030-01-31T09:00:00Z', 'America/New_York')).toEqual(['2030-01-31T09:00:00.000Z'])
  })
})

describe('an invalid schedule is rejected:', () => {
  test.each([
    '',
    '   ',
    'hello',
    'every',
    'every day',
    'every 0s',
    'every 0d',
    'every -5m',
    'every 1.5h',
    'every 30M',
    'every 30m1h',
    'every 30m 30m',
    'every 3661d',
    'every 999999999d',
    'every 5x',
    'in',
    'in 0m',
    'in two hours',
    'at 9',
    '9:30',
    '12:30 * * * *',
    '2030-01-31',
    '2030-01-31T09:00',
    '2030-01-31T09:00:00',
    '2030-02-30T09:00:00Z',
    '2029-02-29T09:00:00Z',
    '2030-01-31T24:00:00Z',
    '2030-01-31T09:00:60Z',
    '2030-01-31T09:00:00+25:00',
    '2030-01-31T09:00:00+01:00 ok',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '0 0 0 * *',
    '0 0 * 13 *',
    '0 9 * * 8',
    '5/5 * * * *',
    '*/0 * * * *',
    '* * * * * * *',
    '0 9 * * * 2030',
    '@reboot',
    '@every 30m',
    '@',
    'every 30m\nevery 1h',
    '0 9 *\n* *',
    '0 9 * * Mondays',
    '0 9 * * decembermonday',
    'every\u00a030m',
    'every ３０m',
    'every 30м', // a Cyrillic em
    '٣ * * * *',
    `every ${'0'.repeat(200)}1m`,
  ])('%j', (text) => {
    const rejection = catchRejection(() => parseTestSchedule(text))
    expect(rejection).toMatchObject({ code: 'BAD_USER_INPUT', details: { path: ['input', 'schedule'] } })
  })

  test('a duration alone, with a message that suggests both meanings', () => {
    for (const text of ['30m', '2h', '1d', '1h 30m']) {
      const { message } = catchRejection(() => parseTestSchedule(text))
      expect(message).toBe(`"${text}" is ambiguous. Write "every ${text}" or "in ${text}".`)
    }
  })

  test('an unknown time zone, with any kind of schedule', () => {
    for (const text of ['0 9 * * *', 'every 30m', 'in 2h', '2030-01-31T09:00:00Z']) {
      const rejection = catchRejection(() => parseTestSchedule(text, 'Mars/Olympus'))
      expect(rejection).toMatchObject({ code: 'BAD_USER_INPUT', details: { path: ['input', 'timezone'] } })
    }
  })

  test('any text is either rejected or gives due times in ascending order', () => {
    const pieces = fc.constantFrom(
      'every ',
      'in ',
      '30',
      'm',
      'h',
      ' ',
      '*',
      '/',
      '-',
      ',',
      '5',
      '0',
      'L',
      '#',
      '@daily',
      '2030',
      'T',
      ':',
      'Z',
    )
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const result = attempt(() => parseTestSchedule(text, 'Europe/Stockholm', now))
        if (result instanceof Error) {
          expect(result).toBeInstanceOf(SegueError)
          return
        }
        const [first, second] = listNextDueTimes(result, now, 2)
        if (first !== undefined) expect(first).toBeGreaterThan(now)
        if (second !== undefined) expect(second).toBeGreaterThan(first ?? 0)
        if (!result.recurring) expect(second).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })
})

describe('the due times between two instants', () => {
  test('are as many as a step by step count finds, with the same latest one', () => {
    const texts = fc.constantFrom(
      'every 7m',
      'every 1d',
      'in 3h',
      '2026-03-29T01:00:00Z',
      '0 9 * * 1-5',
      '30 2 * * *',
      '*/20 * * * *',
      '0,30 1-3 * * *',
      '15 10 0-4/2 * * 0',
      '0 0 L * *',
      '59 59 23 * * *',
    )
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Stockholm',
      'America/New_York',
      'Australia/Lord_Howe',
      'America/Santiago',
    )
    const instants = fc.integer({ min: parseTime('2026-03-01T00:00:00Z'), max: parseTime('2026-11-10T00:00:00Z') })
    const lengths = fc.integer({ min: 0, max: 12 * 86_400_000 })
    fc.assert(
      fc.property(texts, zones, instants, lengths, (text, zone, after, length) => {
        const schedule = parseTestSchedule(text, zone, parseTime('2026-03-28T22:00:00Z'))
        const until = after + length
        const times = listDueTimes(schedule, after, until)
        const due = schedule.dueBetween(after, until)
        expect(due).toEqual(times.length === 0 ? null : { latest: times.at(-1), count: times.length })
      }),
      { numRuns: 150 },
    )
  })

  test('are counted over years without a step for each', () => {
    const schedule = parseTestSchedule('* * * * * *', 'Europe/Stockholm')
    const [after, until] = [parseTime('2026-01-01T00:00:00Z'), parseTime('2031-01-01T00:00:00Z')]
    expect(schedule.dueBetween(after, until)).toEqual({ latest: until, count: (until - after) / 1000 })
    expect(parseTestSchedule('every 1s').dueBetween(after, until)?.count).toBe((until - after) / 1000)
  })

  test('include the end, but not the start', () => {
    for (const text of ['0 9 * * *', '*/15 9 * * *', '2026-11-22T09:00:00Z', 'every 9h']) {
      const schedule = parseTestSchedule(text, 'UTC', parseTime('2026-11-22T00:00:00Z'))
      const time = parseTime('2026-11-22T09:00:00Z')
      expect(schedule.dueBetween(time - 1, time), text).toEqual({ latest: time, count: 1 })
      expect(schedule.dueBetween(time - 1, time - 1), text).toBeNull()
      expect(schedule.dueBetween(time, time + 1000), text).toBeNull()
    }
  })
})

function attempt<T>(work: () => T): T | Error {
  try {
    return work()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function catchRejection(work: () => unknown): Error {
  const result = attempt(work)
  if (result instanceof Error) return result
  throw new Error('The schedule was not rejected.')
}
