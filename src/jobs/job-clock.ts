import { type IdKind, newId } from '../lib/ids.ts'

/** What the clockwork is handed instead of reaching for it. */
export interface Environment {
  /** The wall clock, in epoch milliseconds: it may be put forward and back. */
  readonly now: () => number
  /** Calls back once, after so many milliseconds of a machine that is awake; what it returns calls that off. */
  readonly setTimer: (milliseconds: number, callback: () => void) => () => void
  readonly newId: (kind: IdKind) => string
}

export const systemEnvironment: Environment = {
  now: Date.now,
  setTimer(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
  newId,
}
