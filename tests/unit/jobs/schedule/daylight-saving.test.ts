import { Cron } from 'croner'
import { expect, test } from 'vitest'
import { parseTime, listDueTimes, toIso, parseTestSchedule } from '../../../support/jobs/times.ts'

/**
 * The DST changes of 2026:
 *
 * - Stockholm: 2:00 becomes 3:00 on March 29 at 01:00 UTC; 3:00 becomes 2:00 on October 25 at 01:00 UTC.
 * - New York: March 8 at 07:00 UTC; November 1 at 06:00 UTC.
 * - Lord Howe, by half an hour: 2:00 becomes 1:30 on April 4 at 15:00 UTC; 2:00 becomes 2:30 on October 3 at 15:30 UTC.
 * - Santiago, at midnight: 0:00 becomes 23:00 on April 5 at 03:00 UTC; 0:00 becomes 1:00 on September 6 at 04:00 UTC.
 */
test.each([
  {
    title: 'a fixed time that is skipped is due right after the gap',
    schedule: '30 2 * * *',
    zone: 'Europe/Stockholm',
    from: '2026-03-28T00:00:00Z',
    times: ['2026-03-28T01:30:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
  },
  {
    title: 'a fixed time that is repeated is due at the first occurrence',
    schedule: '30 2 * * *',
    zone: 'Europe/Stockholm',
    from: '2026-10-24T00:00:00Z',
    times: ['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  },
  {
    title: 'one of several times is not due if it is skipped',
    schedule: '30 1,2 * * *',
    zone: 'Europe/Stockholm',
    from: '2026-03-28T00:00:00Z',
    times: ['2026-03-28T00:30:00Z', '2026-03-28T01:30:00Z', '2026-03-29T00:30:00Z', '2026-03-29T23:30:00Z'],
  },
  {
    title: 'one of several times is due twice if it is repeated',
    schedule: '30 1,2 * * *',
    zone: 'Europe/Stockholm',
    from: '2026-10-24T20:00:00Z',
    times: ['2026-10-24T23:30:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-26T00:30:00Z'],
  },
  {
    title: 'a half-hourly schedule continues across a skipped hour',
    schedule: '*/30 * * * *',
    zone: 'America/New_York',
    from: '2026-03-08T06:10:00Z',
    times: ['2026-03-08T06:30:00Z', '2026-03-08T07:00:00Z', '2026-03-08T07:30:00Z'],
  },
  {
    title: 'a half-hourly schedule continues through a repeated hour',
    schedule: '*/30 * * * *',
    zone: 'America/New_York',
    from: '2026-11-01T04:50:00Z',
    times: ['2026-11-01T05:00:00Z', '2026-11-01T05:30:00Z', '2026-11-01T06:00:00Z', '2026-11-01T06:30:00Z'],
  },
  {
    title: 'a fixed time in a gap of half an hour is due right after it',
    schedule: '15 2 * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-10-02T12:00:00Z',
    times: ['2026-10-02T15:45:00Z', '2026-10-03T15:30:00Z', '2026-10-04T15:15:00Z'],
  },
  {
    title: 'a fixed time in a repeated half hour is due at the first occurrence',
    schedule: '45 1 * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-04-03T12:00:00Z',
    times: ['2026-04-03T14:45:00Z', '2026-04-04T14:45:00Z', '2026-04-05T15:15:00Z'],
  },
  {
    title: 'a midnight that is skipped is due an hour later, on the same day',
    schedule: '0 0 * * *',
    zone: 'America/Santiago',
    from: '2026-09-05T00:00:00Z',
    times: ['2026-09-05T04:00:00Z', '2026-09-06T04:00:00Z', '2026-09-07T03:00:00Z'],
  },
  {
    title: 'a fixed time in a gap that ends at midnight is due at midnight',
    schedule: '30 23 * * *',
    zone: 'America/Nuuk',
    from: '2026-03-27T12:00:00Z',
    times: ['2026-03-28T01:30:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
  },
  {
    title: 'a weekly time in a gap that ends at midnight is due at midnight',
    schedule: '0 23 * * 6',
    zone: 'America/Nuuk',
    from: '2026-03-20T12:00:00Z',
    times: ['2026-03-22T01:00:00Z', '2026-03-29T01:00:00Z', '2026-04-05T00:00:00Z'],
  },
  {
    title: 'a yearly time in a gap that ends at midnight is due at midnight',
    schedule: '59 23 28 3 *',
    zone: 'America/Scoresbysund',
    from: '2026-01-01T00:00:00Z',
    times: ['2026-03-29T01:00:00Z', '2027-03-29T00:59:00Z'],
  },
  {
    title: 'a fixed time on a day that is skipped is due when the next day begins',
    schedule: '0 9 * * *',
    zone: 'Pacific/Apia',
    from: '2011-12-29T00:00:00Z',
    times: ['2011-12-29T19:00:00Z', '2011-12-30T10:00:00Z', '2011-12-30T19:00:00Z'],
  },
  {
    title: 'a fixed time in the evening that is repeated is due at the first occurrence',
    schedule: '30 23 * * *',
    zone: 'America/Santiago',
    from: '2026-04-04T00:00:00Z',
    times: ['2026-04-04T02:30:00Z', '2026-04-05T02:30:00Z', '2026-04-06T03:30:00Z'],
  },
  {
    title: 'a weekday is a weekday in local time',
    schedule: '0 1 * * MON',
    zone: 'Pacific/Auckland',
    from: '2026-04-01T00:00:00Z',
    times: ['2026-04-05T13:00:00Z', '2026-04-12T13:00:00Z'],
  },
  {
    title: 'a day in an interval has 24 hours',
    schedule: 'every 1d',
    zone: 'Europe/Stockholm',
    from: '2026-03-28T08:00:00Z',
    times: ['2026-03-29T08:00:00Z', '2026-03-30T08:00:00Z'],
  },
])('$title: $schedule in $zone', ({ schedule, zone, from, times }) => {
  const after = parseTime(from)
  const parsed = parseTestSchedule(schedule, zone, after)
  const last = parseTime(times.at(-1) ?? from)
  expect(listDueTimes(parsed, after, last)).toEqual(times.map(parseTime))
  expect(parsed.dueBetween(after, last)).toEqual({ latest: last, count: times.length })
  for (const [index, time] of times.entries()) {
    expect(parsed.dueBetween(after, parseTime(time)), time).toEqual({ latest: parseTime(time), count: index + 1 })
    expect(parsed.dueBetween(after, parseTime(time) - 1)?.count ?? 0, time).toBe(index)
  }
})

test('a schedule that follows local time is due at exactly the minutes that match in croner', () => {
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
