/** Conversions of cells of Hermes' tables. SQLite stores any type in any column, and clocks go wrong. */

/** The end of the year 9999: the latest time that ISO 8601 writes with four digits. */
export const maxTimestampMs = Date.UTC(10_000, 0) - 1

/** A well-formed string; null if the cell is no text. */
export function textFromHermesCell(value: unknown): string | null {
  return typeof value === 'string' ? value.toWellFormed() : null
}

/** Epoch seconds as milliseconds, clamped to the years 1970 to 9999; null if the cell is no number. */
export function millisecondsFromHermesCell(seconds: unknown): number | null {
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) return null
  return clampTimestamp(Math.round(seconds * 1000))
}

/** The nearest time of the years 1970 to 9999, in epoch milliseconds. */
export function clampTimestamp(ms: number): number {
  return Math.min(Math.max(ms, 0), maxTimestampMs)
}

/** A whole number from 0 to `max`; 0 for anything that is no number. */
export function countFromHermesCell(value: unknown, max = Number.MAX_SAFE_INTEGER): number {
  return typeof value === 'number' && value > 0 ? Math.min(Math.trunc(value), max) : 0
}

export function booleanFromHermesCell(value: unknown): boolean {
  return typeof value === 'number' && value !== 0
}
