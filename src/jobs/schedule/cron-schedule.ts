import { Cron, CronPattern } from 'croner'
import { getUtcOffsetMs } from '../../lib/time-zone.ts'
import type { DueTimes, Schedule } from './schedule.ts'

const cronMode = '5-or-6-parts'
const secondsPerDay = 86_400 // seconds

/**
 * What a cron expression of 5 or 6 fields, or a nickname such as `@daily`, says in a time zone; croner answers. At the
 * changes of summer time it knows two kinds. An expression with one second, minute and hour is a fixed time: one that
 * the change leaves out is due at the first moment after the gap, one that comes twice at its first. Any other is
 * compared with the clock on the wall: what that does not show is not due, what it shows twice is due twice.
 */
export class CronSchedule implements Schedule {
  readonly recurring = true
  readonly description: string
  readonly #cron: Cron
  readonly #expression: string
  readonly #timezone: string

  /** Throws what croner says of an expression that is none. */
  constructor(expression: string, timezone: string) {
    if (expression.includes(':')) throw new TypeError('a date is none.')
    this.#cron = new Cron(expression, { mode: cronMode, timezone })
    this.#expression = expression
    this.#timezone = timezone
    this.description = `at ${expression} in ${timezone}`
  }

  next(after: number): number | null {
    return this.#cron.nextRun(new Date(after))?.getTime() ?? null
  }

  dueBetween(after: number, until: number): DueTimes | null {
    const firstDue = this.next(after)
    if (firstDue === null || firstDue > until) return null
    const secondDue = this.next(firstDue)
    if (secondDue === null || secondDue > until) return { latest: firstDue, count: 1 }
    const [latest] = this.#cron.previousRuns(1, new Date(until + 1))
    return latest ? { latest: latest.getTime(), count: this.#countDue(after, latest.getTime()) } : null
  }

  #countDue(after: number, latest: number): number {
    const pattern = new CronPattern(this.#expression, this.#timezone, { mode: cronMode })
    return pattern.isFixedTime ? this.#countFixedTime(after, latest) : this.#countByLocalTime(pattern, after, latest)
  }

  /** For what is due at most once a day. */
  #countFixedTime(after: number, latest: number): number {
    let count = 0
    for (let time = this.next(after); time !== null && time <= latest; time = this.next(time)) count += 1
    return count
  }

  /** Each second of a year may be due: the days are looked at, and the times of a day multiplied. */
  #countByLocalTime(pattern: CronPattern, after: number, latest: number): number {
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
   * The seconds from one instant to another, both included, as the clock on the wall shows them (as if it were UTC), in
   * pieces of up to a day during which it is not put forward or back.
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

  /** In seconds. */
  #offsetSecondsAt(second: number): number {
    return getUtcOffsetMs(second * 1000, this.#timezone) / 1000
  }
}

/** How many of the times of a day come up to this second of it. */
function countMatchesUpTo({ hour, minute, second }: CronPattern, secondOfDay: number): number {
  if (secondOfDay < 0) return 0
  const [h, m, s] = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60]
  const inThisMinute = minute[m] ? countSet(second, s + 1) : 0
  const inThisHour = hour[h] ? countSet(minute, m) * countSet(second, 60) + inThisMinute : 0
  return countSet(hour, h) * countSet(minute, 60) * countSet(second, 60) + inThisHour
}

/** How many of the flags before an index are set. */
function countSet(flags: readonly number[], index: number): number {
  return flags.slice(0, index).filter((flag) => flag !== 0).length
}
