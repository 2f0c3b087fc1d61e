import { getUtcOffsetMs, listInstantsOfLocalTime, localTimeToInstant } from '../../../lib/time-zone.ts'

const millisPerDay = 86_400_000

/** Finds the instants of many local times of a zone. On days without a change of the clock, it looks up two offsets a day. */
export class LocalTimeResolver {
  readonly #timezone: string
  readonly #offsets = new Map<number, number>()

  constructor(timezone: string) {
    this.#timezone = timezone
  }

  /**
   * The instants at which clocks show a local time, ascending: two in the hour that a DST change repeats. Of a time that a
   * change skips, the end of the gap. Never empty.
   *
   * @param localTime In whole seconds, as milliseconds that are counted as if the local time were UTC.
   */
  listInstants(localTime: number): readonly number[] {
    const day = Math.floor(localTime / millisPerDay)
    // UTC offsets are less than a day: these two moments enclose the local day.
    const [before, after] = [this.#getOffset(day - 1), this.#getOffset(day + 2)]
    if (before === after) return [localTime - before]
    const instants = listInstantsOfLocalTime(localTime, this.#timezone)
    return instants.length > 0 ? instants : [localTimeToInstant(localTime, this.#timezone)]
  }

  #getOffset(day: number): number {
    const offset = this.#offsets.get(day) ?? getUtcOffsetMs(day * millisPerDay, this.#timezone)
    this.#offsets.set(day, offset)
    return offset
  }
}
