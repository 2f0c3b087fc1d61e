import { createBadInputError } from '../../lib/errors.ts'
import { LruCache } from '../../lib/lru-cache.ts'
import { isTimeZone } from '../../lib/time-zone.ts'
import { CronSchedule } from './cron-schedule.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { IntervalSchedule } from './interval-schedule.ts'
import { OneTimeSchedule } from './one-time-schedule.ts'
import { looksLikeDate, parseRfc3339 } from './parse-rfc3339.ts'
import type { Schedule } from './schedule.ts'

export interface UnparsedSchedule {
  /** A cron expression, `every 30m`, `in 2h`, or an RFC 3339 time. */
  readonly schedule: string
  /** A name of the IANA time zone database. */
  readonly timezone: string
  /** The time from which `every` and `in` count, in epoch milliseconds. */
  readonly anchor: number
}

/** The resolution of cron expressions with six fields. */
const minDurationMs = 1_000
/** About ten years. */
const maxDurationMs = 3_660 * 86_400_000
const maxScheduleLength = 200

const expectedForms =
  'a cron expression such as "0 9 * * 1-5", "every 30m", "in 2h", or a time such as "2030-01-31T09:00:00+01:00"'

/** Cron schedules by expression and time zone. Croner takes long to parse one, and every change of a job needs it. */
const cronCache = new LruCache<string, CronSchedule>(1_000)

/** Reduces tabs and spaces to single spaces, and trims line breaks, as a line of a crontab has them. Throws BAD_USER_INPUT if the text is empty, too long or not ASCII. */
export function normalizeSchedule(text: string): string {
  if (text.length > maxScheduleLength) {
    throw invalidSchedule(`The schedule is too long. Use at most ${maxScheduleLength} characters.`)
  }
  const normalized = text.trim().replaceAll(/[\t ]+/g, ' ')
  // Other digits and spaces look the same, but would not be parsed as such.
  if (/[^ -~]/.test(normalized)) {
    throw invalidSchedule('The schedule has characters that are not allowed. Use printable ASCII characters only.')
  }
  if (normalized === '') throw invalidSchedule(`The schedule is empty. Use ${expectedForms}.`)
  return normalized
}

/** Parses a normalized schedule. Throws BAD_USER_INPUT for an invalid schedule or time zone. */
export function parseSchedule({ schedule, timezone, anchor }: UnparsedSchedule): Schedule {
  if (!isTimeZone(timezone)) {
    const message = `${JSON.stringify(timezone)} is not an IANA time zone. Use a name such as "Europe/Stockholm".`
    throw createBadInputError(message, 'input', 'timezone')
  }
  const [, keyword, durationText] = /^(every|in) (.*)$/i.exec(schedule) ?? []
  if (keyword !== undefined && durationText !== undefined) {
    const durationMs = parseScheduleDuration(schedule, durationText)
    return keyword.toLowerCase() === 'every'
      ? new IntervalSchedule(durationMs, anchor)
      : new OneTimeSchedule(anchor + durationMs)
  }
  if (looksLikeDate(schedule)) return new OneTimeSchedule(parseScheduleTime(schedule))
  if (parseDuration(schedule) !== null) {
    throw invalidSchedule(`"${schedule}" is ambiguous. Write "every ${schedule}" or "in ${schedule}".`)
  }
  if (!schedule.startsWith('@') && schedule.split(' ').length < 5) {
    throw invalidSchedule(`"${schedule}" is not a schedule. Use ${expectedForms}.`)
  }
  return parseCron(schedule, timezone)
}

/** The same. Throws BAD_USER_INPUT for a schedule that is never due after `now`, too. */
export function parseFutureSchedule(unparsed: UnparsedSchedule, now: number): Schedule {
  const schedule = parseSchedule(unparsed)
  if (schedule.next(now) !== null) return schedule
  throw invalidSchedule(
    schedule.recurring
      ? `"${unparsed.schedule}" is never due. Use a date that exists.`
      : `"${unparsed.schedule}" has passed. Use a time in the future.`,
  )
}

function parseCron(expression: string, timezone: string): CronSchedule {
  const key = `${expression} ${timezone}`
  const cached = cronCache.get(key)
  if (cached) return cached
  try {
    const schedule = new CronSchedule(expression, timezone)
    cronCache.set(key, schedule)
    return schedule
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
    const sentence = reason.replace(/\.?$/, '.')
    throw invalidSchedule(`"${expression}" is not a cron expression of 5 or 6 fields: ${sentence}`)
  }
}

function parseScheduleDuration(schedule: string, durationText: string): number {
  const durationMs = parseDuration(durationText)
  if (durationMs === null) {
    throw invalidSchedule(
      `"${schedule}" has no valid duration. Use one such as 30m, 1h30m or 2 days, with the units d, h, m and s in this order.`,
    )
  }
  if (durationMs < minDurationMs || durationMs > maxDurationMs) {
    const range = `${formatDuration(minDurationMs)} to ${formatDuration(maxDurationMs)}`
    throw invalidSchedule(`The duration in "${schedule}" is out of range. Use ${range}.`)
  }
  return durationMs
}

function parseScheduleTime(schedule: string): number {
  const instant = parseRfc3339(schedule)
  if (instant !== null) return instant
  const examples = '"2030-01-31T09:00:00+01:00" or "2030-01-31T08:00:00Z"'
  throw invalidSchedule(`"${schedule}" is not a valid time. Write it as in ${examples}.`)
}

function invalidSchedule(message: string): Error {
  return createBadInputError(message, 'input', 'schedule')
}
