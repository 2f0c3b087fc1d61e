/**
 * How many tokens a UTF-16 code unit is, by its kind. Tokenizers differ: these are between those of the common models. A
 * scale for each model corrects what is left (`TokenCounter`).
 */
const tokensPerCodeUnit = {
  /** English prose has about four letters and spaces to a token. */
  letter: 0.25,
  upper: 0.3,
  /** Tokenizers join at most three digits; some join none. */
  digit: 0.5,
  space: 0.25,
  /** A further space after a space: indentation is few tokens. */
  repeatedSpace: 0.1,
  newline: 0.5,
  punctuation: 0.5,
  /** A letter with an accent, or of another alphabet, such as Cyrillic or Arabic. */
  otherAlphabet: 0.5,
  /** Of a script without spaces, such as Chinese; or a sign. */
  other: 1,
  /** Half of a surrogate pair: an emoji is two or three tokens. */
  surrogate: 1.25,
} as const
type CodeUnitKind = keyof typeof tokensPerCodeUnit

/** A letter beside a digit, or a capital within a word: frequent in base64, hashes and code, where tokens are short. */
const tokensPerTransition = 0.7

/** The kinds of the characters of ASCII. */
const asciiKinds: readonly CodeUnitKind[] = Array.from({ length: 128 }, (_, code): CodeUnitKind => {
  const character = String.fromCharCode(code)
  if (/[a-z]/.test(character)) return 'letter'
  if (/[A-Z]/.test(character)) return 'upper'
  if (/\d/.test(character)) return 'digit'
  if (character === ' ') return 'space'
  return code < 32 || code === 127 ? 'newline' : 'punctuation'
})

/** Estimates the number of tokens of a text. It takes time in proportion to its length, and is not rounded. */
export function estimateTextTokens(text: string): number {
  let tokens = 0
  let previous: CodeUnitKind = 'newline'
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    const kind = asciiKinds[code] ?? classifyOther(code)
    if (kind === 'space' && previous === 'space') tokens += tokensPerCodeUnit.repeatedSpace
    else tokens += tokensPerCodeUnit[kind] + (isTransition(previous, kind) ? tokensPerTransition : 0)
    previous = kind
  }
  return tokens
}

function classifyOther(code: number): CodeUnitKind {
  if (code < 0x0900) return 'otherAlphabet'
  return code >= 0xd800 && code < 0xe000 ? 'surrogate' : 'other'
}

function isTransition(previous: CodeUnitKind, kind: CodeUnitKind): boolean {
  if (kind === 'digit') return previous === 'letter' || previous === 'upper'
  if (previous === 'digit') return kind === 'letter' || kind === 'upper'
  return previous === 'letter' && kind === 'upper'
}
