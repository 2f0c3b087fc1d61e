import { formatCount } from '../../lib/lists/format-count.ts'

const units = [
  { name: 'day', milliseconds: 86_400_000 },
  { name: 'hour', milliseconds: 3_600_000 },
  { name: 'minute', milliseconds: 60_000 },
  { name: 'second', milliseconds: 1_000 },
] as const

/** Each unit at most once, from large to small. Lower case only, because M often means month. */
const durationPattern =
  /^(?:(\d{1,9}) ?(?:d|days?))? ?(?:(\d{1,9}) ?(?:h|hours?))? ?(?:(\d{1,9}) ?(?:m|minutes?))? ?(?:(\d{1,9}) ?(?:s|seconds?))?$/

/** Parses a duration such as `30m`, `1h30m` or `2 days 6 hours` to milliseconds; null for any other text. A day has 24 hours. */
export function parseDuration(text: string): number | null {
  const counts = durationPattern.exec(text)?.slice(1)
  if (!counts || text === '') return null
  return units.reduce((sum, { milliseconds }, index) => sum + Number(counts[index] ?? 0) * milliseconds, 0)
}

/** Formats a duration in English, for example `1 hour 30 minutes`. Drops milliseconds. */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds
  const words = units.flatMap((unit) => {
    const count = Math.floor(rest / unit.milliseconds)
    rest %= unit.milliseconds
    return count === 0 ? [] : formatCount(count, unit.name)
  })
  return words.join(' ')
}
