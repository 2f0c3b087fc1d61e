/** When something is due, in epoch milliseconds. It knows no clock: every answer depends on what is asked alone. */
export interface Schedule {
  readonly recurring: boolean
  /** What was understood. */
  readonly description: string
  /** The first due time after an instant; null when none comes any more. */
  next(after: number): number | null
  /** What is due after one instant and not after another; null when nothing is. Costs no more than a look at each day between them. */
  dueBetween(after: number, until: number): DueTimes | null
}

export interface DueTimes {
  readonly latest: number
  /** How many due times there are, the newest included. */
  readonly count: number
}

/** Up to `count` due times after an instant, in order. */
export function listNextDueTimes(schedule: Schedule, after: number, count: number): number[] {
  const times: number[] = []
  for (let time = schedule.next(after); time !== null && times.length < count; time = schedule.next(time)) {
    times.push(time)
  }
  return times
}
