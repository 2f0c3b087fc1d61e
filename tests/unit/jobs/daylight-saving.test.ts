import { Cron } from 'croner'
import { expect, test } from 'vitest'
import { parseTime, listDueTimes, toIso, parseTestSchedule } from '../../support/jobs/times.ts'

/**
 * The changes of 2026, by hand. Stockholm: at 01:00 UTC on the 29th of March 2:00 becomes 3:00, on the 25th of October
 * 3:00 becomes 2:00. New York: at 07:00 UTC on the 8th of March, at 06:00 UTC on the 1st of November. Lord Howe, by half
 * an hour: at 15:00 UTC on the 4th of April 2:00 becomes 1:30, at 15:30 UTC on the 3rd of October 2:00 becomes 2:30.
 * Santiago, at midnight: at 03:00 UTC on the 5th of April 0:00 becomes 23:00, at 04:00 UTC on the 6th of September 0:00
 * becomes 1:00.
 */
test.each([
  {
    promise: 'a fixed time in the gap is due at the first moment after it',
    schedule: '30 2 * * *',
    zone: 'Europe/Stockholm',
    from: '2026-03-28T00:00:00Z',
    times: ['2026-03-28T01:30:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
  },
  {
    promise: 'a fixed time that comes twice is due the first time',
    schedule: '30 2 * * *',
    zone: 'Europe/Stockholm',
    from: '2026-10-24T00:00:00Z',
    times: ['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  },
  {
    promise: 'one of several times that falls into the gap is not due',
    schedule: '30 1,2 * * *',
    zone: 'Europe/Stockholm',
    from: '2026-03-28T00:00:00Z',
    times: ['2026-03-28T00:30:00Z', '2026-03-28T01:30:00Z', '2026-03-29T00:30:00Z', '2026-03-29T23:30:00Z'],
  },
  {
    promise: 'one of several times that comes twice is due twice',
    schedule: '30 1,2 * * *',
    zone: 'Europe/Stockholm',
    from: '2026-10-24T20:00:00Z',
    times: ['2026-10-24T23:30:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-26T00:30:00Z'],
  },
  {
    promise: 'what comes each half hour goes through the hour that is left out',
    schedule: '*/30 * * * *',
    zone: 'America/New_York',
    from: '2026-03-08T06:10:00Z',
    times: ['2026-03-08T06:30:00Z', '2026-03-08T07:00:00Z', '2026-03-08T07:30:00Z'],
  },
  {
    promise: 'what comes each half hour goes through the hour that comes twice',
    schedule: '*/30 * * * *',
    zone: 'America/New_York',
    from: '2026-11-01T04:50:00Z',
    times: ['2026-11-01T05:00:00Z', '2026-11-01T05:30:00Z', '2026-11-01T06:00:00Z', '2026-11-01T06:30:00Z'],
  },
  {
    promise: 'a fixed time in a gap of half an hour is due at its end',
    schedule: '15 2 * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-10-02T12:00:00Z',
    times: ['2026-10-02T15:45:00Z', '2026-10-03T15:30:00Z', '2026-10-04T15:15:00Z'],
  },
  {
    promise: 'a fixed time in half an hour that comes twice is due the first time',
    schedule: '45 1 * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-04-03T12:00:00Z',
    times: ['2026-04-03T14:45:00Z', '2026-04-04T14:45:00Z', '2026-04-05T15:15:00Z'],
  },
  {
    promise: 'a midnight that does not come is due an hour later, on the same day',
    schedule: '0 0 * * *',
    zone: 'America/Santiago',
    from: '2026-09-05T00:00:00Z',
    times: ['2026-09-05T04:00:00Z', '2026-09-06T04:00:00Z', '2026-09-07T03:00:00Z'],
  },
  {
    promise: 'an evening that comes twice is due the first time',
    schedule: '30 23 * * *',
    zone: 'America/Santiago',
    from: '2026-04-04T00:00:00Z',
    times: ['2026-04-04T02:30:00Z', '2026-04-05T02:30:00Z', '2026-04-06T03:30:00Z'],
  },
  {
    promise: 'a weekday is that of the clock on the wall',
    schedule: '0 1 * * MON',
    zone: 'Pacific/Auckland',
    from: '2026-04-01T00:00:00Z',
    times: ['2026-04-05T13:00:00Z', '2026-04-12T13:00:00Z'],
  },
  {
    promise: 'a day has 24 hours where it is a length',
    schedule: 'every 1d',
    zone: 'Europe/Stockholm',
    from: '2026-03-28T08:00:00Z',
    times: ['2026-03-29T08:00:00Z', '2026-03-30T08:00:00Z'],
  },
])('$promise: $schedule in $zone', ({ schedule, zone, from, times }) => {
  const after = parseTime(from)
  const read = parseTestSchedule(schedule, zone, after)
  const last = parseTime(times.at(-1) ?? from)
  expect(listDueTimes(read, after, last)).toEqual(times.map(parseTime))
  expect(read.dueBetween(after, last)).toEqual({ latest: last, count: times.length })
  for (const [index, time] of times.entries()) {
    expect(read.dueBetween(after, parseTime(time)), time).toEqual({ latest: parseTime(time), count: index + 1 })
    expect(read.dueBetween(after, parseTime(time) - 1)?.count ?? 0, time).toBe(index)
  }
})

test('what is compared with the clock on the wall is due at each moment that croner says it matches, and at no other', () => {
  const changes = [
    ['Europe/Stockholm', '2026-03-28T00:00:00Z'],
    ['Europe/Stockholm', '2026-10-24T00:00:00Z'],
    ['America/New_York', '2026-11-01T00:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T00:00:00Z'],
    ['America/Santiago', '2026-09-05T12:00:00Z'],
  ] as const
  for (const [zone, from] of changes) {
    for (const text of ['*/15 * * * *', '0,20,45 0-3,23 * * *', '30 1-2 * * 0']) {
      const cron = new Cron(text, { timezone: zone })
      const [after, until] = [parseTime(from), parseTime(from) + 2 * 86_400_000]
      const moments = Array.from({ length: (until - after) / 60_000 }, (_, index) => after + (index + 1) * 60_000)
      const expected = moments.filter((moment) => cron.match(new Date(moment)))
      expect(listDueTimes(parseTestSchedule(text, zone), after, until).map(toIso), `${text} in ${zone}`).toEqual(
        expected.map(toIso),
      )
    }
  }
})
