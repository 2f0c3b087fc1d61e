import { splitTrailingSurrogate } from './unicode.ts'

/**
 * Shortens a text to at most `maxLength` UTF-16 code units. A shortened text ends with `…`, is well-formed, and is never
 * cut within a surrogate pair.
 */
export function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  return `${splitTrailingSurrogate(text.slice(0, maxLength - 1)).complete}…`
}
