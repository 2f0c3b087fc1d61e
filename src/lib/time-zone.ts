import { CronDate } from 'croner'

/** Those that were asked for before: finding one out takes a good part of a millisecond. */
const validZones = new Set<string>()

/** Whether a name is that of a time zone in the IANA database, as in Europe/Stockholm or UTC; +02:00 is none. */
export function isTimeZone(name: string): boolean {
  if (validZones.has(name)) return true
  if (!/^[a-z]/i.test(name)) return false
  try {
    Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    return false
  }
  validZones.add(name)
  return true
}

/** The zone of this machine's clock, from the environment; UTC where that names none. */
export function detectServerTimeZone(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return isTimeZone(zone) ? zone : 'UTC'
}

/** By how many milliseconds the clock on a wall in the zone is ahead of UTC, at an instant in epoch milliseconds. */
export function getUtcOffsetMs(instant: number, timezone: string): number {
  const localTime = new CronDate(new Date(instant), timezone)
  const localTimeMs = Date.UTC(
    localTime.year,
    localTime.month,
    localTime.day,
    localTime.hour,
    localTime.minute,
    localTime.second,
  )
  return localTimeMs - Math.floor(instant / 1000) * 1000
}
