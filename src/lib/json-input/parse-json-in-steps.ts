import { parseJsonWithExactNumbers, reviveExactNumber } from '../text/json.ts'
import { shortenJson } from './shorten-json.ts'

/** Shorter JSON is parsed at once. */
export const maxBytesAtOnce = 16_384

/**
 * Parses JSON of a client, which is given as UTF-8 in chunks, as `parseJsonWithExactNumbers` does, and yields to the event loop. Rejects with SyntaxError if it is
 * not JSON, and with JsonLimitError if it has more than `maxValues` values.
 */
export async function parseJsonInSteps(chunks: readonly Buffer[], maxValues: number): Promise<unknown> {
  const byteLength = chunks.reduce((sum, { length }) => sum + length, 0)
  if (byteLength <= maxBytesAtOnce) return parseJsonWithExactNumbers(Buffer.concat(chunks).toString())
  const short = await shortenJson(chunks, maxValues)
  return JSON.parse(short.text, createJsonReviver(short.strings))
}

/** Restores the long strings of JSON text that was shortened. Its numbers are exact. */
export function createJsonReviver(strings: ReadonlyMap<string, string>): typeof reviveExactNumber {
  return (key, value, context) =>
    typeof value === 'string' ? (strings.get(value) ?? value) : reviveExactNumber(key, value, context)
}
