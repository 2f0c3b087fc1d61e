import { APICallError } from 'ai'
import { parseJsonOrNull } from '../../../lib/text/json.ts'
import type { ProviderRetryTimeFields } from '../dialect.ts'

/** Statuses whose responses may say when to retry. */
const retryStatuses: ReadonlySet<number> = new Set([429, 503, 529])

/** A longer wait is a mistake of the provider. */
const maxWaitMs = 366 * 86_400_000
const maxBodyDepth = 6

type RetryTimeUnit = ProviderRetryTimeFields['headers'][string] | 'milliseconds' | 'seconds-or-date'

/** Headers that every provider may send, the most exact one first. */
const commonHeaders: readonly (readonly [string, RetryTimeUnit])[] = [
  ['retry-after-ms', 'milliseconds'],
  ['retry-after', 'seconds-or-date'],
]

/**
 * Reads when a provider wants to be asked again, in epoch milliseconds; null if its response does not say. `Retry-After`
 * and `retry-after-ms` come first, then the provider's own headers, of which the earliest time counts, then its body.
 */
export function readProviderRetryTime(
  error: unknown,
  { headers: ownHeaders, bodyKeys }: ProviderRetryTimeFields,
  now: number,
): number | null {
  if (!APICallError.isInstance(error) || !retryStatuses.has(error.statusCode ?? 0)) return null
  const headers = new Headers(error.responseHeaders)
  // The difference to the server's own clock, which may be wrong.
  const serverNow = parseDate(headers.get('date') ?? '') ?? now
  const readHeader = ([name, unit]: readonly [string, RetryTimeUnit]): number[] =>
    toWaits(parseWait(headers.get(name)?.trim() ?? '', unit, now, serverNow))
  const [commonWait] = commonHeaders.flatMap(readHeader)
  const ownWaits = Object.entries(ownHeaders).flatMap(readHeader)
  const waitMs =
    commonWait ?? (ownWaits.length > 0 ? Math.min(...ownWaits) : findBodyWait(error.responseBody, bodyKeys))
  return waitMs === null ? null : now + Math.ceil(waitMs)
}

function toWaits(waitMs: number | null): number[] {
  return waitMs !== null && waitMs <= maxWaitMs ? [Math.max(waitMs, 0)] : []
}

function parseWait(value: string, unit: RetryTimeUnit, now: number, serverNow: number): number | null {
  switch (unit) {
    case 'milliseconds':
      return parseNumber(value)
    case 'seconds':
      return scale(parseNumber(value), 1000)
    case 'duration':
      return parseDuration(value)
    case 'epoch-ms':
      return subtract(parseNumber(value), now)
    case 'date':
      return subtract(parseDate(value), serverNow)
    case 'seconds-or-date':
      return scale(parseNumber(value), 1000) ?? subtract(parseDate(value), serverNow)
  }
}

const scale = (value: number | null, factor: number): number | null => (value === null ? null : value * factor)
const subtract = (value: number | null, other: number): number | null => (value === null ? null : value - other)

function parseNumber(text: string): number | null {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null
}

/** Parses a date of HTTP or RFC 3339 to epoch milliseconds. */
function parseDate(text: string): number | null {
  const time = /\d{4}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? null : time
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses a duration such as `1m6.5s`, or a number of seconds, to milliseconds. */
function parseDuration(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return scale(parseNumber(text), 1000)
  let waitMs = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)(ms|[smhd])/g))
    waitMs += Number(amount) * (unitMs[unit] ?? 0)
  return waitMs
}

function findBodyWait(body: string | undefined, keys: readonly string[]): number | null {
  if (keys.length === 0 || body === undefined) return null
  return toWaits(findDuration(parseJsonOrNull(body), keys, 0))[0] ?? null
}

function findDuration(value: unknown, keys: readonly string[], depth: number): number | null {
  if (typeof value !== 'object' || value === null || depth > maxBodyDepth) return null
  for (const [key, entry] of Object.entries(value)) {
    const isText = typeof entry === 'string' || typeof entry === 'number'
    const found = isText
      ? keys.includes(key)
        ? parseDuration(String(entry))
        : null
      : findDuration(entry, keys, depth + 1)
    if (found !== null) return found
  }
  return null
}
