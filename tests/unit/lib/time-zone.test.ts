import { expect, test } from 'vitest'
import {
  isTimeZone,
  getUtcOffsetMs,
  detectServerTimeZone,
  listInstantsOfLocalTime,
} from '../../../src/lib/time-zone.ts'

test.each(['UTC', 'Europe/Stockholm', 'Asia/Kolkata', 'Asia/Calcutta', 'America/Argentina/Buenos_Aires', 'Etc/GMT-14'])(
  '%s is a time zone',
  (name) => {
    expect(isTimeZone(name)).toBe(true)
  },
)

test.each([
  '',
  'Local',
  'Europe/Sverige',
  ' UTC',
  'UTC\n',
  'Europe/Stockholm\0',
  'Еurope/Stockholm', // the first letter is Cyrillic
  'ＵＴＣ',
  '+02:00',
  '-0500',
  '../../etc/localtime',
])('%j is not a time zone', (name) => {
  expect(isTimeZone(name)).toBe(false)
})

test('the time zone of the server is valid', () => {
  expect(isTimeZone(detectServerTimeZone())).toBe(true)
})

test.each([
  ['UTC', '2026-11-22T12:00:00Z', 0],
  ['Europe/Stockholm', '2026-03-29T00:59:59.999Z', 60],
  ['Europe/Stockholm', '2026-03-29T01:00:00Z', 120],
  ['Asia/Kolkata', '2026-11-22T12:00:00.5Z', 330],
  ['America/St_Johns', '2026-11-22T12:00:00Z', -210],
  ['Australia/Lord_Howe', '2026-11-22T12:00:00Z', 660],
])('local time in %s at %s is %i minutes ahead of UTC', (zone, time, minutes) => {
  expect(getUtcOffsetMs(Date.parse(time), zone)).toBe(minutes * 60_000)
})

test.each([
  ['UTC', '2026-11-22T12:00:00', ['2026-11-22T12:00:00Z']],
  ['Europe/Stockholm', '2026-07-01T12:00:00', ['2026-07-01T10:00:00Z']],
  ['Europe/Stockholm', '2026-10-25T02:30:00', ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z']],
  ['Europe/Stockholm', '2026-10-25T03:00:00', ['2026-10-25T02:00:00Z']],
  ['Europe/Stockholm', '2026-03-29T02:30:00', []],
  ['Australia/Lord_Howe', '2026-04-05T01:45:00', ['2026-04-04T14:45:00Z', '2026-04-04T15:15:00Z']],
])('clocks in %s show %s at %j', (zone, localTime, instants) => {
  expect(listInstantsOfLocalTime(Date.parse(`${localTime}Z`), zone)).toEqual(instants.map((time) => Date.parse(time)))
})
