// Invisible ones, those that turn the direction of text, and controls other than line breaks and tabs.
const hidden = /(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu

/** The text with escapes such as `\u202e` in place of characters that could mislead whoever reads it. */
export function revealHiddenCharacters(text: string): string {
  return text.replace(hidden, (character) => `\\u${toHex(character)}`)
}

function toHex(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  return hex.length > 4 ? `{${hex}}` : hex.padStart(4, '0')
}
