import { once } from './once.ts'

const dateTime: Intl.DateTimeFormatOptions = {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
}
const relative = once(() => new Intl.RelativeTimeFormat('en', { numeric: 'auto' }))
const formats = new Map<string, Intl.DateTimeFormat>()

/** The name of the time zone of the person, such as `Europe/Berlin`. */
export function getOwnTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** A day and a time, such as `Mon, Nov 30, 2026, 09:00`. Default: in the time zone of the person. `time`: RFC 3339. */
export function formatDateTime(time: string, timeZone = getOwnTimeZone()): string {
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
  return relative().format(Math.round(distanceMs / unitMs), unit)
}
