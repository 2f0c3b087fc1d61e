import { randomUUID } from 'node:crypto'
import { hasBigInteger, type Json, mapBigIntegers, parseExactJsonOrNull } from '../../../lib/text/json.ts'

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
  const value = parseExactJsonOrNull(json)
  if (!hasBigInteger(value)) return json
  return JSON.stringify(mapBigIntegers(value, (integer) => `${markerPrefix}${integer}`))
}

/** Applies `markBigIntegers` to the data of an event stream. Yields complete lines. */
export async function* markBigIntegersInEventStream(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let incompleteLine: Buffer[] = []
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(10) + 1
    if (end > 0) {
      yield markLines(Buffer.concat([...incompleteLine, chunk.subarray(0, end)]))
      incompleteLine = []
    }
    incompleteLine.push(chunk.subarray(end))
  }
  yield Buffer.concat(incompleteLine)
}

/** Puts the integers back into a value that was parsed from marked JSON. */
export function restoreBigIntegers(value: Json): Json {
  return mapMarkers(value, BigInt)
}

/** Puts the integers back as doubles, which lose digits, for code that computes with them. */
export function restoreRoundedIntegers(value: Json): Json {
  return mapMarkers(value, Number)
}

function markLines(lines: Buffer): Buffer {
  const text = lines.toString('utf8')
  if (!mayHaveBigInteger.test(text)) return lines
  return Buffer.from(text.replaceAll(/^data:([^\r\n]*)/gm, (_, json: string) => `data:${markBigIntegers(json)}`))
}

function mapMarkers(value: Json, map: (digits: string) => Json): Json {
  if (typeof value === 'string') return value.startsWith(markerPrefix) ? map(value.slice(markerPrefix.length)) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => mapMarkers(item, map))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapMarkers(item, map)]))
}
