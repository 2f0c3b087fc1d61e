/**
 * PostgreSQL's text cannot hold U+0000, which titles and tool results may contain. Every text is stored with that character
 * escaped, and read with it again. U+FFFF is a noncharacter: hardly any text has it.
 */
const escapeCharacter = '\uFFFF'
const escapedNul = `${escapeCharacter}0`
const escapedEscape = `${escapeCharacter}1`

/** The text as it is stored. */
export function escapeNul(text: string): string {
  const escaped = text.includes(escapeCharacter) ? text.replaceAll(escapeCharacter, escapedEscape) : text
  return escaped.includes('\0') ? escaped.replaceAll('\0', escapedNul) : escaped
}

/** The text as it was before it was stored. */
export function unescapeNul(stored: string): string {
  if (!stored.includes(escapeCharacter)) return stored
  return stored.replaceAll(escapedNul, '\0').replaceAll(escapedEscape, escapeCharacter)
}
