import { expect, test } from 'vitest'
import { isTimeZone, serverTimeZone } from '../../src/config/time-zone.ts'

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
])('%j is none', (name) => {
  expect(isTimeZone(name)).toBe(false)
})

test('the zone of the server is one', () => {
  expect(isTimeZone(serverTimeZone())).toBe(true)
})
