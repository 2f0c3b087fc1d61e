import { formatDuration } from './duration.ts'
import type { DueTimes, Schedule } from './schedule.ts'

/** Is due at anchor + interval, anchor + 2 × interval, and so on. */
export class IntervalSchedule implements Schedule {
  readonly recurring = true
  readonly description: string
  readonly #intervalMs: number
  readonly #anchor: number

  constructor(intervalMs: number, anchor: number) {
    this.#intervalMs = intervalMs
    this.#anchor = anchor
    this.description = `every ${formatDuration(intervalMs)}`
  }

  next(after: number): number {
    return this.#dueTime(this.#countIntervals(after) + 1)
  }

  dueBetween(after: number, until: number): DueTimes | null {
    const last = this.#countIntervals(until)
    const count = last - this.#countIntervals(after)
    return count > 0 ? { latest: this.#dueTime(last), count } : null
  }

  /** How many whole intervals lie between the anchor and an instant. */
  #countIntervals(instant: number): number {
    return Math.max(0, Math.floor((instant - this.#anchor) / this.#intervalMs))
  }

  #dueTime(index: number): number {
    return this.#anchor + index * this.#intervalMs
  }
}
