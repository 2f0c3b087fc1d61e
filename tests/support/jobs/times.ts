import type { Schedule } from '../../../src/jobs/schedule/schedule.ts'
import { normalizeSchedule, parseSchedule } from '../../../src/jobs/schedule/parse-schedule.ts'

/** Parses an ISO 8601 time to epoch milliseconds. */
export function parseTime(text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new RangeError(`"${text}" is not a time.`)
  return time
}

export function toIso(time: number): string {
  return new Date(time).toISOString()
}

/** Normalizes and parses a schedule. */
export function parseTestSchedule(
  text: string,
  timezone = 'UTC',
  anchor = parseTime('2026-01-01T00:00:00Z'),
): Schedule {
  return parseSchedule({ schedule: normalizeSchedule(text), timezone, anchor })
}

/** The due times in (after, until], computed one by one. */
export function listDueTimes(schedule: Schedule, after: number, until: number): number[] {
  const times: number[] = []
  for (let time = schedule.next(after); time !== null && time <= until; time = schedule.next(time)) times.push(time)
  return times
}
