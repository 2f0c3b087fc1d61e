/**
 * When a job is due. All times are in epoch milliseconds. A schedule does not read a clock: its answers depend only on its
 * arguments.
 */
export interface Schedule {
  /** Whether it can be due more than once. */
  readonly recurring: boolean
  /** What was understood, in English. */
  readonly description: string
  /** The first due time after `after`; null when there is none. */
  next(after: number): number | null
  /** The due times in (after, until]; null when there are none. Takes time in proportion to the days in between at most. */
  dueBetween(after: number, until: number): DueTimes | null
}

export interface DueTimes {
  readonly latest: number
  /** How many due times there are, including `latest`. */
  readonly count: number
}

/** The next due times after `after`, in order. At most `count`. */
export function listNextDueTimes(schedule: Schedule, after: number, count: number): number[] {
  return [...generateNextDueTimes(schedule, after, count)]
}

/** The same one by one: a thousand take a tenth of a second. */
export function* generateNextDueTimes(schedule: Schedule, after: number, count: number): Generator<number, void, void> {
  let last = after
  for (let index = 0; index < count; index += 1) {
    const time = schedule.next(last)
    if (time === null) return
    yield time
    last = time
  }
}
