/**
 * Characters that change how a text looks without being seen: control and format characters (among them all that set the
 * direction of text, and tags), lone surrogates, private use, line and paragraph separators, and whatever a font may leave
 * out.
 */
const invisibleCharacter = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Sequences with a form of their own: emoji, and joiners between letters of scripts without cases, whose shape they set. */
const visibleSequence = /\p{RGI_Emoji}|(?<=[\p{Lo}\p{M}])\p{Join_Control}(?=\p{Lo})/gv

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/**
 * Makes a text safe to show as one sentence to people who decide by it: every invisible character becomes an escape, such
 * as `\u202e` or `\u{e0041}`. Rules: the Unicode properties of each character.
 */
export function escapeInvisible(text: string): string {
  return text.replace(invisibleCharacter, escapeCharacter)
}

/**
 * Like `escapeInvisible`, for a text of several lines that people read as a whole. Line breaks, tabs, emoji, and joiners
 * that have a visible effect stay.
 */
export function escapeInvisibleInProse(text: string): string {
  const lines = text.replaceAll(/\r\n?/g, '\n').split('\n')
  return lines.map((line) => line.split('\t').map(escapeLine).join('\t')).join('\n')
}

function escapeLine(line: string): string {
  let escaped = ''
  let end = 0
  for (const { 0: sequence, index } of line.matchAll(visibleSequence)) {
    escaped += escapeInvisible(line.slice(end, index)) + sequence
    end = index + sequence.length
  }
  return escaped + escapeInvisible(line.slice(end))
}

function escapeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return shortEscapes.get(character) ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`)
}
