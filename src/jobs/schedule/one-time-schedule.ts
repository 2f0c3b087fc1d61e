import type { DueTimes, Schedule } from './schedule.ts'

/** Is due once. */
export class OneTimeSchedule implements Schedule {
  readonly recurring = false
  readonly description: string
  readonly #dueAt: number

  constructor(dueAt: number) {
    this.#dueAt = dueAt
    this.description = `once, at ${new Date(dueAt).toISOString()}`
  }

  next(after: number): number | null {
    return after < this.#dueAt ? this.#dueAt : null
  }

  dueBetween(after: number, until: number): DueTimes | null {
    return after < this.#dueAt && this.#dueAt <= until ? { latest: this.#dueAt, count: 1 } : null
  }
}
