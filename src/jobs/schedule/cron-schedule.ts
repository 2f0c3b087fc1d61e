import { Cron, CronPattern } from 'croner'
import { offsetAt } from '../../lib/time-zone.ts'
import type { DueTimes, Schedule } from './schedule.ts'

const mode = '5-or-6-parts'
const day = 86_400 // seconds

/**
 * What a cron expression of 5 or 6 fields, or a nickname such as `@daily`, says in a time zone; croner answers. At the
 * changes of summer time it knows two kinds. An expression with one second, minute and hour is a fixed time: one that
 * the change leaves out is due at the first moment after the gap, one that comes twice at its first. Any other is
 * compared with the clock on the wall: what that does not show is not due, what it shows twice is due twice.
 */
export class CronSchedule implements Schedule {
  readonly recurring = true
  readonly words: string
  readonly #cron: Cron
  readonly #expression: string
  readonly #timezone: string

  /** Throws what croner says of an expression that is none. */
  constructor(expression: string, timezone: string) {
    if (expression.includes(':')) throw new TypeError('a date is none.')
    this.#cron = new Cron(expression, { mode, timezone })
    this.#expression = expression
    this.#timezone = timezone
    this.words = `at ${expression} in ${timezone}`
  }

  next(after: number): number | null {
    return this.#cron.nextRun(new Date(after))?.getTime() ?? null
  }

  due(after: number, until: number): DueTimes | null {
    const first = this.next(after)
    if (first === null || first > until) return null
    const second = this.next(first)
    if (second === null || second > until) return { newest: first, count: 1 }
    const [newest] = this.#cron.previousRuns(1, new Date(until + 1))
    return newest ? { newest: newest.getTime(), count: this.#count(after, newest.getTime()) } : null
  }

  #count(after: number, newest: number): number {
    const pattern = new CronPattern(this.#expression, this.#timezone, { mode })
    return pattern.isFixedTime ? this.#countOneByOne(after, newest) : this.#countOnTheWall(pattern, after, newest)
  }

  /** For what is due at most once a day. */
  #countOneByOne(after: number, newest: number): number {
    let count = 0
    for (let time = this.next(after); time !== null && time <= newest; time = this.next(time)) count += 1
    return count
  }

  /** Each second of a year may be due: the days are looked at, and the times of a day multiplied. */
  #countOnTheWall(pattern: CronPattern, after: number, newest: number): number {
    const days = new Cron(`* * * ${pattern.pattern.split(/\s+/).slice(-3).join(' ')}`, { timezone: 'UTC' })
    let count = 0
    for (const { first, last } of this.#stretches(Math.floor(after / 1000) + 1, newest / 1000)) {
      for (let midnight = Math.floor(first / day) * day; midnight <= last; midnight += day) {
        if (!days.match(new Date(midnight * 1000))) continue
        count += timesUpTo(pattern, Math.min(last - midnight, day - 1)) - timesUpTo(pattern, first - midnight - 1)
      }
    }
    return count
  }

  /**
   * The seconds from one instant to another, both included, as the clock on the wall shows them (as if it were UTC), in
   * pieces of up to a day during which it is not put forward or back.
   */
  *#stretches(from: number, to: number): Generator<{ readonly first: number; readonly last: number }> {
    for (let start = from; start <= to;) {
      const offset = this.#offset(start)
      let end = Math.min(start + day, to + 1)
      if (this.#offset(end - 1) !== offset) {
        let known = start
        while (end - known > 1) {
          const middle = Math.floor((known + end) / 2)
          if (this.#offset(middle) === offset) known = middle
          else end = middle
        }
      }
      yield { first: start + offset, last: end - 1 + offset }
      start = end
    }
  }

  /** In seconds. */
  #offset(second: number): number {
    return offsetAt(second * 1000, this.#timezone) / 1000
  }
}

/** How many of the times of a day come up to this second of it. */
function timesUpTo({ hour, minute, second }: CronPattern, secondOfDay: number): number {
  if (secondOfDay < 0) return 0
  const [h, m, s] = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60]
  const inThisMinute = minute[m] ? before(second, s + 1) : 0
  const inThisHour = hour[h] ? before(minute, m) * before(second, 60) + inThisMinute : 0
  return before(hour, h) * before(minute, 60) * before(second, 60) + inThisHour
}

/** How many of the flags before an index are set. */
function before(flags: readonly number[], index: number): number {
  return flags.slice(0, index).filter((flag) => flag !== 0).length
}
