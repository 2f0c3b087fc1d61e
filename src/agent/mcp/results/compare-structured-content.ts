import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type Json, parseJson } from '../../../lib/text/json.ts'
import { restoreBigIntegers } from '../transport/big-integer-marker.ts'

/**
 * What the structured content of a result says besides its texts:
 *
 * - `equal`: nothing, it is the value of the only text.
 * - `wrapped`: nothing, its only member has the texts, as FastMCP and other frameworks add it.
 * - `different`: something of its own.
 */
export type StructuredContentRelation = 'equal' | 'wrapped' | 'different'

export function compareStructuredContent(structured: Json, texts: readonly string[]): StructuredContentRelation {
  const [text] = texts
  if (texts.length === 1 && text !== undefined && isDeepStrictEqual(parseText(text), structured)) return 'equal'
  return isWrapper(structured, texts) ? 'wrapped' : 'different'
}

function isWrapper(structured: Json, texts: readonly string[]): boolean {
  const members = isJsonObject(structured) ? Object.values(structured) : []
  const [member] = members
  if (member === undefined || members.length > 1) return false
  const [text] = texts
  if (texts.length === 1 && text !== undefined && isValueOfText(member, text)) return true
  if (!Array.isArray(member) || member.length !== texts.length) return false
  return member.every((item, index) => isValueOfText(item, texts[index] ?? ''))
}

function isValueOfText(value: Json, text: string): boolean {
  return value === text || isDeepStrictEqual(parseText(text), value)
}

function parseText(text: string): Json | undefined {
  const value = parseJson(text)
  return value === undefined ? undefined : restoreBigIntegers(value)
}
