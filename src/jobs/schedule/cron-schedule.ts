import { Cron, CronPattern } from 'croner'
import { localTimeToInstant, getUtcOffsetMs } from '../../lib/time-zone.ts'
import { normalizeCronExpression } from './normalize-cron-expression.ts'
import type { DueTimes, Schedule } from './schedule.ts'

const cronMode = '5-or-6-parts'
const secondsPerDay = 86_400
/** No DST change skips more than a day. */
const maxGapMs = secondsPerDay * 1000

/**
 * A cron schedule (5 or 6 fields, or a macro such as `@daily`) in a time zone, computed by croner. DST changes: an
 * expression with a single second, minute and hour runs exactly once; if that time is skipped it runs right after the gap,
 * if it is repeated it runs at the first occurrence. Any other expression follows local time: skipped times do not run,
 * repeated times run twice.
 */
export class CronSchedule implements Schedule {
  readonly recurring = true
  readonly description: string
  /** In the time zone; for a fixed time in UTC, because croner leaves out a time whose gap ends on the next day. */
  readonly #cron: Cron
  readonly #pattern: CronPattern
  readonly #timezone: string

  /** Throws an error of croner's for an invalid expression. */
  constructor(expression: string, timezone: string) {
    // Croner would take a date as a schedule, too.
    if (expression.includes(':')) throw new TypeError('It contains a colon.')
    const pattern = normalizeCronExpression(expression)
    this.#pattern = new CronPattern(pattern, timezone, { mode: cronMode })
    this.#cron = new Cron(pattern, { mode: cronMode, timezone: this.#pattern.isFixedTime ? 'UTC' : timezone })
    this.#timezone = timezone
    this.description = `at ${expression} in ${timezone}`
  }

  next(after: number): number | null {
    if (!this.#pattern.isFixedTime) return this.#cron.nextRun(new Date(after))?.getTime() ?? null
    let localTime = after + getUtcOffsetMs(after, this.#timezone) - maxGapMs
    for (;;) {
      const next = this.#cron.nextRun(new Date(localTime))
      if (!next) return null
      localTime = next.getTime()
      const instant = localTimeToInstant(localTime, this.#timezone)
      if (instant > after) return instant
    }
  }

  dueBetween(after: number, until: number): DueTimes | null {
    const firstDue = this.next(after)
    if (firstDue === null || firstDue > until) return null
    return this.#pattern.isFixedTime
      ? this.#countFixedTime(firstDue, until)
      : this.#countByLocalTime(after, firstDue, until)
  }

  /** Counts one by one: a fixed time is due at most once a day. */
  #countFixedTime(firstDue: number, until: number): DueTimes {
    let [latest, count] = [firstDue, 1]
    for (let time = this.next(firstDue); time !== null && time <= until; time = this.next(time)) {
      latest = time
      count += 1
    }
    return { latest, count }
  }

  #countByLocalTime(after: number, firstDue: number, until: number): DueTimes {
    const secondDue = this.next(firstDue)
    if (secondDue === null || secondDue > until) return { latest: firstDue, count: 1 }
    const [latestRun] = this.#cron.previousRuns(1, new Date(until + 1))
    const latest = latestRun?.getTime() ?? firstDue
    return { latest, count: this.#countLocalTimes(after, latest) }
  }

  /** Every second of a year may be due, so this looks at each day and multiplies the fields of the time of day. */
  #countLocalTimes(after: number, latest: number): number {
    const pattern = this.#pattern
    const dayPattern = new Cron(`* * * ${pattern.pattern.split(/\s+/).slice(-3).join(' ')}`, { timezone: 'UTC' })
    let count = 0
    for (const { first, last } of this.#splitByOffset(Math.floor(after / 1000) + 1, latest / 1000)) {
      for (
        let midnight = Math.floor(first / secondsPerDay) * secondsPerDay;
        midnight <= last;
        midnight += secondsPerDay
      ) {
        if (!dayPattern.match(new Date(midnight * 1000))) continue
        count +=
          countMatchesUpTo(pattern, Math.min(last - midnight, secondsPerDay - 1)) -
          countMatchesUpTo(pattern, first - midnight - 1)
      }
    }
    return count
  }

  /**
   * Splits the seconds from one instant to another, both included, into ranges of at most a day in which the UTC offset
   * does not change. A range is in local time, counted as if it were UTC.
   */
  *#splitByOffset(from: number, to: number): Generator<{ readonly first: number; readonly last: number }> {
    for (let start = from; start <= to;) {
      const offset = this.#offsetSecondsAt(start)
      let end = Math.min(start + secondsPerDay, to + 1)
      if (this.#offsetSecondsAt(end - 1) !== offset) {
        let lastSameOffset = start
        while (end - lastSameOffset > 1) {
          const middle = Math.floor((lastSameOffset + end) / 2)
          if (this.#offsetSecondsAt(middle) === offset) lastSameOffset = middle
          else end = middle
        }
      }
      yield { first: start + offset, last: end - 1 + offset }
      start = end
    }
  }

  #offsetSecondsAt(second: number): number {
    return getUtcOffsetMs(second * 1000, this.#timezone) / 1000
  }
}

/** How many due times of a day are not later than a second of the day. */
function countMatchesUpTo({ hour, minute, second }: CronPattern, secondOfDay: number): number {
  if (secondOfDay < 0) return 0
  const [h, m, s] = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60]
  const inThisMinute = minute[m] ? countSet(second, s + 1) : 0
  const inThisHour = hour[h] ? countSet(minute, m) * countSet(second, 60) + inThisMinute : 0
  return countSet(hour, h) * countSet(minute, 60) * countSet(second, 60) + inThisHour
}

/** How many flags before an index are set. */
function countSet(flags: readonly number[], index: number): number {
  return flags.slice(0, index).filter((flag) => flag !== 0).length
}
