import { isTimeZone, getUtcOffsetMs, detectServerTimeZone } from '../../lib/time-zone.ts'
import { maxTimestampMs } from '../state/cell-values.ts'

/** A time in Python's ISO format, such as 2026-11-22T13:00:07.123456+01:00. */
export interface PythonTime {
  readonly epochMs: number
  /** The rest of the millisecond: 0 to 999. */
  readonly microseconds: number
  /** How far its local time is ahead of UTC. */
  readonly utcOffsetMs: number
}

const pythonTimePattern = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d+))?(?:(Z)|([+-])(\d\d):?(\d\d))?/

/**
 * Parses a time in Python's ISO format. Without an offset, it is local time, in whole seconds. Null for anything else, and
 * for times outside the years 1970 to 9999.
 */
export function parsePythonDateTime(value: unknown, timezone: string): PythonTime | null {
  const [, date, minutes, seconds = ':00', fraction = '', utc, sign, offsetHours, offsetMinutes] =
    typeof value === 'string' ? (pythonTimePattern.exec(value) ?? []) : []
  if (!date || !minutes) return null
  const localMs = Date.parse(`${date}T${minutes}${seconds}Z`)
  if (Number.isNaN(localMs)) return null
  const hasOffset = utc !== undefined || sign !== undefined
  const offset = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60_000
  const utcOffsetMs = hasOffset ? (sign === '-' ? -offset : offset) : findUtcOffset(localMs, timezone)
  const microseconds = hasOffset ? Number(fraction.slice(0, 6).padEnd(6, '0')) : 0
  const epochMs = localMs - utcOffsetMs + Math.floor(microseconds / 1000)
  if (epochMs < 0 || epochMs > maxTimestampMs) return null
  return { epochMs, microseconds: microseconds % 1000, utcOffsetMs }
}

/** The same as epoch milliseconds. */
export function parsePythonTime(value: unknown, timezone: string): number | null {
  return parsePythonDateTime(value, timezone)?.epochMs ?? null
}

/** The offset at a local time, given as if it were UTC. Of two moments with the same local time, takes either. */
function findUtcOffset(localMs: number, timezone: string): number {
  // Reading local time as UTC is wrong by the offset at most, which matters only around a change of the clock.
  const estimate = localMs - getUtcOffsetMs(localMs, timezone)
  return getUtcOffsetMs(estimate, timezone)
}

/** Hermes' time zone from its config.yaml. Defaults to the machine's. */
export function parseHermesTimezone(config: string): string {
  const [, zone = ''] = /^timezone:[ \t]*["']?([\w/+-]+)["']?[ \t]*(?:#.*)?$/m.exec(config) ?? []
  return isTimeZone(zone) ? zone : detectServerTimeZone()
}
