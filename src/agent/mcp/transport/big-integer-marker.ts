import { randomUUID } from 'node:crypto'
import { hasBigInteger, type Json, mapBigIntegers, parseJsonWithExactNumbersOrNull } from '../../../lib/text/json.ts'

/** Unknown to servers, so that none of their texts can look like a marker. */
const markerPrefix = `integer:${randomUUID()}:`
/** Text without such digits has no big integers. Parsing is expensive for long messages. */
const mayHaveBigInteger = /\d{16}/

/**
 * Replaces the big integers of a JSON text with strings that mark them, because the AI SDK's client would round them. Any
 * other text is returned as it is. See `restoreBigIntegers`.
 */
export function markBigIntegers(json: string): string {
  if (!mayHaveBigInteger.test(json)) return json
  const value = parseJsonWithExactNumbersOrNull(json)
  if (!hasBigInteger(value)) return json
  return JSON.stringify(mapBigIntegers(value, (integer) => `${markerPrefix}${integer}`))
}

/** Puts the integers back into a value that was parsed from marked JSON. */
export function restoreBigIntegers(value: Json): Json {
  return mapMarkers(value, BigInt)
}

/** Puts the integers back as doubles, which lose digits, for code that computes with them. */
export function restoreMcpIntegersAsDoubles(value: Json): Json {
  return mapMarkers(value, Number)
}

function mapMarkers(value: Json, map: (digits: string) => Json): Json {
  if (typeof value === 'string') return value.startsWith(markerPrefix) ? map(value.slice(markerPrefix.length)) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => mapMarkers(item, map))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapMarkers(item, map)]))
}
