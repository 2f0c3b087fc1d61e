/** Whole days in UTC, as the server counts: `2026-01-31`. Both are part of the span. */
export interface UsageSpan {
  readonly from: string
  readonly to: string
}

const dayMs = 86_400_000
/** What the server sums by days at once. */
const maxSpanDays = 1000

/** The lengths to choose from, in days. */
export const spanLengths = [7, 30, 90, 365] as const

const toDay = (time: number): string => new Date(time).toISOString().slice(0, 'yyyy-mm-dd'.length)

/** The last days up to today. `now`: epoch milliseconds. */
export const lastDays = (length: number, now: number): UsageSpan => ({
  from: toDay(now - (length - 1) * dayMs),
  to: toDay(now),
})

/** All days of a span, in order, at most `maxSpanDays`. */
export function listDays({ from, to }: UsageSpan): readonly string[] {
  const start = Date.parse(from)
  const count = Math.min(Math.floor((Date.parse(to) - start) / dayMs) + 1, maxSpanDays)
  return Array.from({ length: Math.max(0, count) || 0 }, (_, index) => toDay(start + index * dayMs))
}

/** Whether both are days, in their order. */
export const isSpan = ({ from, to }: UsageSpan): boolean => Date.parse(from) <= Date.parse(to)
