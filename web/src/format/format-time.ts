const dateTime: Intl.DateTimeFormatOptions = {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
}
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const formats = new Map<string, Intl.DateTimeFormat>()

/** The name of the time zone of the person, such as `Europe/Berlin`. */
export const ownTimeZone = new Intl.DateTimeFormat().resolvedOptions().timeZone

/** A day and a time, such as `Mon, Nov 30, 2026, 09:00`. Default: in the time zone of the person. `time`: RFC 3339. */
export function formatDateTime(time: string, timeZone: string = ownTimeZone): string {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en', { ...dateTime, timeZone })
    formats.set(timeZone, format)
  }
  return format.format(new Date(time))
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** How far a time is away, such as `in 2 hours`. `now`: epoch milliseconds. */
export function formatTimeUntil(time: string, now: number): string {
  const distanceMs = Date.parse(time) - now
  const [unit, unitMs] = units.find(([, each]) => Math.abs(distanceMs) >= each) ?? ['second', 1000]
  return relative.format(Math.round(distanceMs / unitMs), unit)
}

/** A duration in milliseconds, such as `1 min 5 s`. */
export function formatDuration(durationMs: number): string {
  const seconds = durationMs / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
