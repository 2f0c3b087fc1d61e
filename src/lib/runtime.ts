import { type IdKind, newId } from './ids.ts'

/** What the pure parts of a chat are handed instead of reaching for it: the time in milliseconds, and new ids. */
export interface Environment {
  readonly now: () => number
  readonly newId: (kind: IdKind) => string
}

export const systemEnvironment: Environment = { now: Date.now, newId }
