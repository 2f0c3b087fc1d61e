import { strings } from '../strings/strings.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** A duration for people: `0.8 s`, `12 s`, `2 min 5 s`, `1 h 3 min`. Milliseconds; negative ones count as none. */
export function formatDuration(durationMs: number): string {
  const duration = Math.max(0, durationMs)
  const { seconds, minutes, hours } = strings.durations
  if (duration < 10 * second) return seconds((Math.round(duration / 100) / 10).toString())
  if (duration < minute) return seconds(Math.floor(duration / second).toString())
  const [large, small] =
    duration < hour
      ? [minutes(Math.floor(duration / minute)), seconds(Math.floor((duration % minute) / second).toString())]
      : [hours(Math.floor(duration / hour)), minutes(Math.floor((duration % hour) / minute))]
  return `${large} ${small}`
}
