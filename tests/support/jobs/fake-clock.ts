import { newId } from '../../../src/lib/ids.ts'
import type { Runtime } from '../../../src/lib/runtime.ts'
import { yieldToEventLoop } from '../../../src/lib/yield-to-event-loop.ts'

interface FakeTimer {
  readonly at: number
  readonly callback: () => void
}

/** A clock that goes as it is told: timers follow the time of a machine that is awake, the wall clock may jump. */
export class FakeClock implements Runtime {
  readonly newId = newId
  readonly #timers = new Set<FakeTimer>()
  #elapsedMs = 0
  #startMs: number

  constructor(wall: string) {
    this.#startMs = Date.parse(wall)
  }

  readonly now = (): number => this.#startMs + this.#elapsedMs

  readonly setTimer = (milliseconds: number, callback: () => void): (() => void) => {
    const timer = { at: this.#elapsedMs + milliseconds, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** How many milliseconds are left until the next timer; null without one. */
  get msUntilNextTimer(): number | null {
    return this.#timers.size === 0 ? null : Math.min(...[...this.#timers].map(({ at }) => at)) - this.#elapsedMs
  }

  /** Lets time go by: each timer calls back at its time, and what follows from that is done before the next one. */
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

  /** Puts the wall clock forward or back, as a person does, or as it looks after a sleep. */
  adjustWallClock(milliseconds: number): void {
    this.#startMs += milliseconds
  }

  /** Forgets all timers, as the end of a process does. */
  clearTimers(): void {
    this.#timers.clear()
  }
}
