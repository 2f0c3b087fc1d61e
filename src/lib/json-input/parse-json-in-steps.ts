import { parseJsonWithExactNumbers, reviveExactNumber } from '../text/json.ts'
import { shortenJson } from './shorten-json.ts'

/** In UTF-16 code units. Shorter text is parsed at once. */
export const maxLengthAtOnce = 16_384

/**
 * Parses JSON of a client as `parseJsonWithExactNumbers` does, and yields to the event loop. Rejects with SyntaxError if it is
 * not JSON, and with JsonLimitError if it has more than `maxValues` values.
 */
export async function parseJsonInSteps(text: string, maxValues: number): Promise<unknown> {
  if (text.length <= maxLengthAtOnce) return parseJsonWithExactNumbers(text)
  const short = await shortenJson(text, maxValues)
  return JSON.parse(short.text, createJsonReviver(short.strings))
}

/** Restores the long strings of JSON text that was shortened. Its numbers are exact. */
export function createJsonReviver(strings: ReadonlyMap<string, string>): typeof reviveExactNumber {
  return (key, value, context) =>
    typeof value === 'string' ? (strings.get(value) ?? value) : reviveExactNumber(key, value, context)
}
