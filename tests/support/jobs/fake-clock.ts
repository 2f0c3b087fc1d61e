import { newId } from '../../../src/lib/ids.ts'
import type { ClockAndIds } from '../../../src/lib/clock-and-ids.ts'
import { yieldToEventLoop } from '../../../src/lib/async/yield-to-event-loop.ts'

interface FakeTimer {
  readonly at: number
  readonly callback: () => void
}

/** A clock that a test advances. Timers follow monotonic time; the wall clock may jump. */
export class FakeClock implements ClockAndIds {
  readonly newId = newId
  readonly #timers = new Set<FakeTimer>()
  #elapsedMs = 0
  #startMs: number

  constructor(wallTime: string) {
    this.#startMs = Date.parse(wallTime)
  }

  readonly now = (): number => this.#startMs + this.#elapsedMs

  readonly setTimer = (milliseconds: number, callback: () => void): (() => void) => {
    const timer = { at: this.#elapsedMs + milliseconds, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** The time until the next timer; null when there is none. */
  get msUntilNextTimer(): number | null {
    return this.#timers.size === 0 ? null : Math.min(...[...this.#timers].map(({ at }) => at)) - this.#elapsedMs
  }

  /** Advances the time. Each timer fires at its time, and its effects are complete before the next one fires. */
  async advance(milliseconds: number): Promise<void> {
    await yieldToEventLoop()
    const end = this.#elapsedMs + milliseconds
    for (
      let next = this.msUntilNextTimer;
      next !== null && this.#elapsedMs + next <= end;
      next = this.msUntilNextTimer
    ) {
      this.#elapsedMs += next
      for (const timer of this.#timers) {
        if (timer.at > this.#elapsedMs) continue
        this.#timers.delete(timer)
        timer.callback()
      }
      await yieldToEventLoop()
    }
    this.#elapsedMs = end
  }

  /** Sets the wall clock forward or back, without firing timers: as a user does, or as after a sleep of the machine. */
  adjustWallClock(milliseconds: number): void {
    this.#startMs += milliseconds
  }

  /** Drops all timers, as the end of a process does. */
  clearTimers(): void {
    this.#timers.clear()
  }
}
