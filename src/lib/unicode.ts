import type { Json } from './json.ts'

/** The most text that one event carries, in UTF-16 code units. */
export const maxEventTextCodeUnits = 65_536

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/**
 * What of a text can be stored now, and the half of a surrogate pair at its end that has to wait for its other half:
 * SQLite would spoil it, and the two halves would never join again. A half that stands alone elsewhere becomes U+FFFD.
 */
export function splitTrailingSurrogate(text: string): { whole: string; held: string } {
  const end = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.length - 1 : text.length
  return { whole: text.slice(0, end).toWellFormed(), held: text.slice(end) }
}

/** A well-formed text in pieces that fit an event, no pair cut in two. */
export function* chunkText(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + maxEventTextCodeUnits, text.length)
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1
    yield text.slice(start, end)
    start = end
  }
}

/** A value with U+FFFD for each half of a pair that stands alone in its texts: no provider accepts one. */
export function toWellFormedJson(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed()
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(toWellFormedJson)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), toWellFormedJson(inner)]))
}
