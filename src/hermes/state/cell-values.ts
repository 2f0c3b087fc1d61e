/** What a cell of a foreign table is worth: any type can stand in any column, and clocks go wrong. */

/** The end of the year 9999, the last one that dates are commonly written with. */
export const maxTimestampMs = Date.UTC(10_000, 0) - 1

/** A text that JSON and UTF-8 can carry; null for what is not a text. */
export function toText(value: unknown): string | null {
  return typeof value === 'string' ? value.toWellFormed() : null
}

/** Milliseconds, from seconds since the epoch; clamped to the years 1970 to 9999, null for what is not a number. */
export function secondsToMillis(seconds: unknown): number | null {
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) return null
  return Math.min(Math.max(Math.round(seconds * 1000), 0), maxTimestampMs)
}

export function toCount(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER) : 0
}

export function toBoolean(value: unknown): boolean {
  return typeof value === 'number' && value !== 0
}
