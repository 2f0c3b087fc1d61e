import { isTimeZone } from '../../lib/time-zone.ts'
import { badInput } from '../../lib/errors.ts'
import { CronSchedule } from './cron-schedule.ts'
import { durationInWords, durationOf } from './duration.ts'
import { instantOf, isDateLike } from './parse-rfc3339.ts'
import type { Schedule } from './schedule.ts'

export interface ScheduleText {
  /** A cron expression, `every 30m`, `in 2h`, or a time as in RFC 3339. */
  readonly schedule: string
  readonly timezone: string
  /** What `every` and `in` count from. */
  readonly anchor: number
}

const least = 1_000 // milliseconds: what a cron expression can tell apart, too
const most = 3_660 * 86_400_000 // milliseconds, some ten years
const longest = 200 // characters

const forms =
  'a cron expression such as "0 9 * * 1-5", "every 30m", "in 2h", or a time such as "2030-01-31T09:00:00+01:00"'

/** The one form in which a schedule is kept: without spaces that say nothing. Throws BAD_USER_INPUT for what is not plain text. */
export function cleanSchedule(text: string): string {
  if (text.length > longest) throw wrong(`A schedule has at most ${longest} characters.`)
  // What looks like a digit or a space and is none would be read as something else, or as nothing.
  if (/[^ -~]/.test(text)) throw wrong('A schedule consists of ASCII characters, in one line.')
  const clean = text.trim().replaceAll(/ +/g, ' ')
  if (clean === '') throw wrong(`A schedule is ${forms}.`)
  return clean
}

/** Reads a clean schedule. Throws BAD_USER_INPUT for what is none, and for a time zone that nobody knows. */
export function readSchedule({ schedule, timezone, anchor }: ScheduleText): Schedule {
  if (!isTimeZone(timezone)) {
    const name = JSON.stringify(timezone)
    throw badInput(`${name} is no time zone of the IANA database, as Europe/Stockholm is.`, 'input', 'timezone')
  }
  const [, word, length] = /^(every|in) (.*)$/i.exec(schedule) ?? []
  if (word !== undefined && length !== undefined) {
    const duration = checkedDuration(schedule, length)
    return word.toLowerCase() === 'every' ? every(duration, anchor) : once(anchor + duration)
  }
  if (isDateLike(schedule)) return once(checkedInstant(schedule))
  if (durationOf(schedule) !== null) {
    throw wrong(`"${schedule}" can mean two things: write "every ${schedule}" or "in ${schedule}".`)
  }
  if (!schedule.startsWith('@') && schedule.split(' ').length < 5) {
    throw wrong(`"${schedule}" is no schedule. A schedule is ${forms}.`)
  }
  try {
    return cron(schedule, timezone)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
    throw wrong(`"${schedule}" is no cron expression of 5 or 6 fields: ${reason}`)
  }
}

/** Expressions that were read before: croner takes its time with one, and each step of a job reads its own. */
const read = new Map<string, CronSchedule>()
const mostRead = 1_000

function cron(expression: string, timezone: string): CronSchedule {
  const key = `${expression} ${timezone}`
  const known = read.get(key)
  if (known) return known
  const schedule = new CronSchedule(expression, timezone)
  if (read.size >= mostRead) read.clear()
  read.set(key, schedule)
  return schedule
}

function every(length: number, anchor: number): Schedule {
  // The due times are anchor + length, anchor + 2 × length, ….
  const passed = (instant: number): number => Math.max(0, Math.floor((instant - anchor) / length))
  return {
    recurring: true,
    words: `every ${durationInWords(length)}`,
    next: (after) => anchor + (passed(after) + 1) * length,
    due(after, until) {
      const count = passed(until) - passed(after)
      return count > 0 ? { newest: anchor + passed(until) * length, count } : null
    },
  }
}

function once(at: number): Schedule {
  return {
    recurring: false,
    words: `once, at ${new Date(at).toISOString()}`,
    next: (after) => (after < at ? at : null),
    due: (after, until) => (after < at && at <= until ? { newest: at, count: 1 } : null),
  }
}

function checkedDuration(schedule: string, length: string): number {
  const duration = durationOf(length)
  if (duration === null) {
    throw wrong(`"${schedule}" tells no length of time such as 30m, 1h30m or 2 days: d, h, m and s, in this order.`)
  }
  if (duration < least || duration > most) {
    throw wrong(`"${schedule}": a length of time goes from ${durationInWords(least)} to ${durationInWords(most)}.`)
  }
  return duration
}

function checkedInstant(schedule: string): number {
  const instant = instantOf(schedule)
  if (instant !== null) return instant
  throw wrong(`"${schedule}" is no time as in "2030-01-31T09:00:00+01:00" or "2030-01-31T08:00:00Z".`)
}

function wrong(message: string): Error {
  return badInput(message, 'input', 'schedule')
}
