import type { Schedule } from '../../../src/jobs/schedule/schedule.ts'
import { normalizeSchedule, parseSchedule } from '../../../src/jobs/schedule/parse-schedule.ts'

/** The time that a text in ISO form tells. */
export function parseTime(text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new RangeError(`${text} is no time`)
  return time
}

export function toIso(time: number): string {
  return new Date(time).toISOString()
}

/** A schedule as it is read of a text, with spaces and all. */
export function parseTestSchedule(
  text: string,
  timezone = 'UTC',
  anchor = parseTime('2026-01-01T00:00:00Z'),
): Schedule {
  return parseSchedule({ schedule: normalizeSchedule(text), timezone, anchor })
}

/** All due times after one instant and not after another, one by one. */
export function listDueTimes(schedule: Schedule, after: number, until: number): number[] {
  const times: number[] = []
  for (let time = schedule.next(after); time !== null && time <= until; time = schedule.next(time)) times.push(time)
  return times
}
