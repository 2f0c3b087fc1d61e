import { isTimeZone, getUtcOffsetMs, detectServerTimeZone } from '../../lib/time-zone.ts'
import { maxTimestampMs } from '../state/cell-values.ts'

const pythonTimePattern = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?/

/** A time as Python writes it, in epoch milliseconds: with an offset, or by the clock of a zone. Null for anything else. */
export function parsePythonTime(value: unknown, timezone: string): number | null {
  const [, date, minutes, seconds = ':00', fraction = '', offset] =
    typeof value === 'string' ? (pythonTimePattern.exec(value) ?? []) : []
  if (!date || !minutes) return null
  const time = offset
    ? Date.parse(`${date}T${minutes}${seconds}${fraction.slice(0, 4)}${offset}`)
    : parseWallTime(`${date}T${minutes}${seconds}`, timezone)
  return time >= 0 && time <= maxTimestampMs ? time : null
}

/** Not a number for what no clock shows; the one or the other of two times at which a clock shows the same. */
function parseWallTime(text: string, timezone: string): number {
  const wall = Date.parse(`${text}Z`)
  if (Number.isNaN(wall)) return wall
  // The offset of a moment that is wrong by no more than the offset: right, but around a change of the clock.
  const estimate = wall - getUtcOffsetMs(wall, timezone)
  return wall - getUtcOffsetMs(estimate, timezone)
}

/** The zone in which Hermes tells the time, from its config.yaml: the machine's, unless one line says otherwise. */
export function parseTimezone(config: string): string {
  const [, zone = ''] = /^timezone:[ \t]*["']?([\w/+-]+)["']?[ \t]*(?:#.*)?$/m.exec(config) ?? []
  return isTimeZone(zone) ? zone : detectServerTimeZone()
}
