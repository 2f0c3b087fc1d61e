import { CronDate } from 'croner'

/** Names known to be valid. Checking a name takes a good part of a millisecond. */
const validZones = new Set<string>()

/** Whether a name is in the IANA time zone database, such as Europe/Stockholm or UTC. Offsets such as +02:00 are not. */
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

/** Returns the time zone of this process, or UTC if it is unknown. */
export function detectServerTimeZone(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return isTimeZone(zone) ? zone : 'UTC'
}

/** Returns how many milliseconds local time in a zone is ahead of UTC, at an instant in epoch milliseconds. */
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
