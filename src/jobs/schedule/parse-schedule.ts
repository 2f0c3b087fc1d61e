import { isTimeZone } from '../../lib/time-zone.ts'
import { badInput } from '../../lib/errors.ts'
import { CronSchedule } from './cron-schedule.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { parseRfc3339, looksLikeDate } from './parse-rfc3339.ts'
import type { Schedule } from './schedule.ts'

export interface ScheduleSpec {
  /** A cron expression, `every 30m`, `in 2h`, or a time as in RFC 3339. */
  readonly schedule: string
  readonly timezone: string
  /** What `every` and `in` count from. */
  readonly anchor: number
}

const minDurationMs = 1_000 // milliseconds: what a cron expression can tell apart, too
const maxDurationMs = 3_660 * 86_400_000 // milliseconds, some ten years
const maxScheduleLength = 200 // characters

const expectedForms =
  'a cron expression such as "0 9 * * 1-5", "every 30m", "in 2h", or a time such as "2030-01-31T09:00:00+01:00"'

/** The one form in which a schedule is kept: without spaces that say nothing. Throws BAD_USER_INPUT for what is not plain text. */
export function normalizeSchedule(text: string): string {
  if (text.length > maxScheduleLength) throw invalidSchedule(`A schedule has at most ${maxScheduleLength} characters.`)
  // What looks like a digit or a space and is none would be read as something else, or as nothing.
  if (/[^ -~]/.test(text)) throw invalidSchedule('A schedule consists of ASCII characters, in one line.')
  const normalized = text.trim().replaceAll(/ +/g, ' ')
  if (normalized === '') throw invalidSchedule(`A schedule is ${expectedForms}.`)
  return normalized
}

/** Reads a clean schedule. Throws BAD_USER_INPUT for what is none, and for a time zone that nobody knows. */
export function parseSchedule({ schedule, timezone, anchor }: ScheduleSpec): Schedule {
  if (!isTimeZone(timezone)) {
    const name = JSON.stringify(timezone)
    throw badInput(`${name} is no time zone of the IANA database, as Europe/Stockholm is.`, 'input', 'timezone')
  }
  const [, keyword, durationText] = /^(every|in) (.*)$/i.exec(schedule) ?? []
  if (keyword !== undefined && durationText !== undefined) {
    const durationMs = parseScheduleDuration(schedule, durationText)
    return keyword.toLowerCase() === 'every'
      ? createIntervalSchedule(durationMs, anchor)
      : createOneTimeSchedule(anchor + durationMs)
  }
  if (looksLikeDate(schedule)) return createOneTimeSchedule(parseScheduleTime(schedule))
  if (parseDuration(schedule) !== null) {
    throw invalidSchedule(`"${schedule}" can mean two things: write "every ${schedule}" or "in ${schedule}".`)
  }
  if (!schedule.startsWith('@') && schedule.split(' ').length < 5) {
    throw invalidSchedule(`"${schedule}" is no schedule. A schedule is ${expectedForms}.`)
  }
  try {
    return getCronSchedule(schedule, timezone)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
    throw invalidSchedule(`"${schedule}" is no cron expression of 5 or 6 fields: ${reason}`)
  }
}

/** Expressions that were read before: croner takes its time with one, and each step of a job reads its own. */
const cronCache = new Map<string, CronSchedule>()
const maxCachedCrons = 1_000

function getCronSchedule(expression: string, timezone: string): CronSchedule {
  const key = `${expression} ${timezone}`
  const cached = cronCache.get(key)
  if (cached) return cached
  const schedule = new CronSchedule(expression, timezone)
  if (cronCache.size >= maxCachedCrons) cronCache.clear()
  cronCache.set(key, schedule)
  return schedule
}

function createIntervalSchedule(intervalMs: number, anchor: number): Schedule {
  // The due times are anchor + length, anchor + 2 × length, ….
  const countIntervals = (instant: number): number => Math.max(0, Math.floor((instant - anchor) / intervalMs))
  return {
    recurring: true,
    description: `every ${formatDuration(intervalMs)}`,
    next: (after) => anchor + (countIntervals(after) + 1) * intervalMs,
    dueBetween(after, until) {
      const count = countIntervals(until) - countIntervals(after)
      return count > 0 ? { latest: anchor + countIntervals(until) * intervalMs, count } : null
    },
  }
}

function createOneTimeSchedule(dueAt: number): Schedule {
  return {
    recurring: false,
    description: `once, at ${new Date(dueAt).toISOString()}`,
    next: (after) => (after < dueAt ? dueAt : null),
    dueBetween: (after, until) => (after < dueAt && dueAt <= until ? { latest: dueAt, count: 1 } : null),
  }
}

function parseScheduleDuration(schedule: string, durationText: string): number {
  const durationMs = parseDuration(durationText)
  if (durationMs === null) {
    throw invalidSchedule(
      `"${schedule}" tells no length of time such as 30m, 1h30m or 2 days: d, h, m and s, in this order.`,
    )
  }
  if (durationMs < minDurationMs || durationMs > maxDurationMs) {
    throw invalidSchedule(
      `"${schedule}": a length of time goes from ${formatDuration(minDurationMs)} to ${formatDuration(maxDurationMs)}.`,
    )
  }
  return durationMs
}

function parseScheduleTime(schedule: string): number {
  const instant = parseRfc3339(schedule)
  if (instant !== null) return instant
  throw invalidSchedule(`"${schedule}" is no time as in "2030-01-31T09:00:00+01:00" or "2030-01-31T08:00:00Z".`)
}

function invalidSchedule(message: string): Error {
  return badInput(message, 'input', 'schedule')
}
