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

const millisPerDay = 86_400_000

/**
 * Returns the instants at which clocks in a zone show a local time, ascending, in epoch milliseconds: none if a DST change
 * skips it, two if one repeats it.
 *
 * @param localTime In whole seconds, as milliseconds that are counted as if the local time were UTC.
 */
export function listInstantsOfLocalTime(localTime: number, timezone: string): number[] {
  return [...new Set(listInstantCandidates(localTime, timezone))].filter(
    (candidate) => candidate + getUtcOffsetMs(candidate, timezone) === localTime,
  )
}

/**
 * Returns the instant of a local time in a zone, in epoch milliseconds. A local time that occurs twice is the first one; a
 * local time that a DST change skips is the end of the gap, which may be on the next day.
 *
 * @param localTime As in `listInstantsOfLocalTime`.
 */
export function localTimeToInstant(localTime: number, timezone: string): number {
  const [instant] = listInstantsOfLocalTime(localTime, timezone)
  if (instant !== undefined) return instant
  let [beforeGap = localTime, afterGap = localTime] = listInstantCandidates(localTime, timezone)
  while (afterGap - beforeGap > 1000) {
    const middle = Math.floor((beforeGap + afterGap) / 2000) * 1000
    if (middle + getUtcOffsetMs(middle, timezone) < localTime) beforeGap = middle
    else afterGap = middle
  }
  return afterGap
}

/** The instants of a local time under the offsets of the day before and the day after, ascending. */
function listInstantCandidates(localTime: number, timezone: string): number[] {
  const offsetBefore = getUtcOffsetMs(localTime - millisPerDay, timezone)
  const offsetAfter = getUtcOffsetMs(localTime + millisPerDay, timezone)
  return [localTime - offsetBefore, localTime - offsetAfter].toSorted((a, b) => a - b)
}
