import { type IdKind, newId } from './ids.ts'

/** Clock, timers and ids. They are passed in, so that a test can control them. */
export interface ClockAndIds {
  /** The wall clock, in epoch milliseconds. It may jump forward or back. */
  readonly now: () => number
  readonly newId: (kind: IdKind) => string
  /**
   * Calls `callback` once, after `delayMs` milliseconds of monotonic time. Time in which the machine sleeps does not
   * count. Returns a function that cancels the timer.
   */
  readonly setTimer: (delayMs: number, callback: () => void) => () => void
}

export const systemClockAndIds: ClockAndIds = {
  now: () => Date.now(),
  newId,
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
