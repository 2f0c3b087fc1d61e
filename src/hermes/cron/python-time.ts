import { isTimeZone, getUtcOffsetMs, detectServerTimeZone } from '../../lib/time-zone.ts'
import { maxTimestampMs } from '../state/cell-values.ts'

const pythonTimePattern = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?/

/** A time in Python's ISO format as epoch milliseconds. Without an offset, it is local time. Null for anything else. */
export function parsePythonTime(value: unknown, timezone: string): number | null {
  const [, date, minutes, seconds = ':00', fraction = '', offset] =
    typeof value === 'string' ? (pythonTimePattern.exec(value) ?? []) : []
  if (!date || !minutes) return null
  const time = offset
    ? Date.parse(`${date}T${minutes}${seconds}${fraction.slice(0, 4)}${offset}`)
    : parseLocalTime(`${date}T${minutes}${seconds}`, timezone)
  return time >= 0 && time <= maxTimestampMs ? time : null
}

/** NaN for an invalid time. Of two moments with the same local time, returns either. */
function parseLocalTime(text: string, timezone: string): number {
  const localMs = Date.parse(`${text}Z`)
  if (Number.isNaN(localMs)) return localMs
  // Reading local time as UTC is wrong by the offset at most, which matters only around a change of the clock.
  const estimate = localMs - getUtcOffsetMs(localMs, timezone)
  return localMs - getUtcOffsetMs(estimate, timezone)
}

/** Hermes' time zone from its config.yaml. Defaults to the machine's. */
export function parseHermesTimezone(config: string): string {
  const [, zone = ''] = /^timezone:[ \t]*["']?([\w/+-]+)["']?[ \t]*(?:#.*)?$/m.exec(config) ?? []
  return isTimeZone(zone) ? zone : detectServerTimeZone()
}
