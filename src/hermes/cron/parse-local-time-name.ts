import { clampTimestamp } from '../state/cell-values.ts'

/** A local time of Hermes, in whole seconds. */
export interface HermesLocalTime {
  /** Its 14 digits as a number. */
  readonly digits: number
  /** In milliseconds, as if it were UTC. */
  readonly ms: number
}

/** Parses a local time in a name, such as 2026-11-22_13-00-07 or 20261122_130007. What follows it is ignored. */
export function parseLocalTimeName(name: string): HermesLocalTime {
  const digits = name.replaceAll(/\D/g, '').slice(0, 14)
  const read = (start: number, end: number): number => Number(digits.slice(start, end))
  const ms = Date.UTC(read(0, 4), read(4, 6) - 1, read(6, 8), read(8, 10), read(10, 12), read(12, 14))
  return { digits: Number(digits), ms: clampTimestamp(ms) }
}
