import { setImmediate as turn } from 'node:timers/promises'
import { newId } from '../../../src/lib/ids.ts'
import type { Environment } from '../../../src/jobs/job-clock.ts'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** A clock that goes as it is told: timers follow the time of a machine that is awake, the wall clock may jump. */
export class Clock implements Environment {
  readonly newId = newId
  readonly #timers = new Set<Timer>()
  #awake = 0
  #wall: number

  constructor(wall: string) {
    this.#wall = Date.parse(wall)
  }

  readonly now = (): number => this.#wall + this.#awake

  readonly after = (milliseconds: number, callback: () => void): (() => void) => {
    const timer = { at: this.#awake + milliseconds, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** How many milliseconds are left until the next timer; null without one. */
  get next(): number | null {
    return this.#timers.size === 0 ? null : Math.min(...[...this.#timers].map(({ at }) => at)) - this.#awake
  }

  /** Lets time go by: each timer calls back at its time, and what follows from that is done before the next one. */
  async pass(milliseconds: number): Promise<void> {
    await turn()
    const end = this.#awake + milliseconds
    for (let next = this.next; next !== null && this.#awake + next <= end; next = this.next) {
      this.#awake += next
      for (const timer of this.#timers) {
        if (timer.at > this.#awake) continue
        this.#timers.delete(timer)
        timer.callback()
      }
      await turn()
    }
    this.#awake = end
  }

  /** Puts the wall clock forward or back, as a person does, or as it looks after a sleep. */
  jump(milliseconds: number): void {
    this.#wall += milliseconds
  }

  /** Forgets all timers, as the end of a process does. */
  crash(): void {
    this.#timers.clear()
  }
}
