import { TextLengthCache } from './text-length-cache.ts'

/**
 * How many tokens a UTF-16 code unit is, by its kind. Tokenizers differ: these are between those of the common models. A
 * scale for each model corrects what is left (`TokenCounter`).
 */
const tokensPerCodeUnit = {
  /** English prose has about four letters and spaces to a token. */
  letter: 0.25,
  upper: 0.4,
  /** Tokenizers join at most three digits; some join none. */
  digit: 0.5,
  space: 0.25,
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

/** A space after a space: indentation is few tokens. */
const tokensPerRepeatedSpace = 0.1
/** A letter beside a digit, or a capital within a word: frequent in base64, hashes and code, where tokens are short. */
const tokensPerTransition = 0.7

/** The kinds, numbered. */
const kinds: readonly CodeUnitKind[] = [
  'letter',
  'upper',
  'digit',
  'space',
  'newline',
  'punctuation',
  'otherAlphabet',
  'other',
  'surrogate',
]
const kindByCodeUnit = Uint8Array.from({ length: 0x10000 }, (_, code) => kinds.indexOf(classify(code)))
/** The tokens of a code unit by the kind of the one before it (times the number of kinds) and its own. */
const tokensByKinds = Float64Array.from(kinds.flatMap((previous) => kinds.map((kind) => countCodeUnit(previous, kind))))

/** What a text begins after. */
const startKind = kinds.indexOf('newline')

/** Each request of a chat counts the same texts again. */
const cache = new TextLengthCache()

/** Estimates the number of tokens of a text. It takes time in proportion to its length, and is not rounded. */
export function estimateTextTokens(text: string): number {
  return cache.getOrCompute(text, computeTextTokens)
}

/** The length of the longest beginning of a text that is estimated to have at most so many tokens, in UTF-16 code units. */
export function findBeginningLength(text: string, maxTokens: number): number {
  let tokens = 0
  let previous = startKind
  for (let index = 0; index < text.length; index += 1) {
    const kind = findKind(text, index)
    tokens += countPair(previous, kind)
    if (tokens > maxTokens) return index
    previous = kind
  }
  return text.length
}

/** The same for the end of a text. */
export function findEndLength(text: string, maxTokens: number): number {
  let tokens = 0
  let next: number | null = null
  for (let index = text.length - 1; index >= 0; index -= 1) {
    const kind = findKind(text, index)
    // The code unit after this one was counted as the first one.
    tokens += countPair(startKind, kind) + (next === null ? 0 : countPair(kind, next) - countPair(startKind, next))
    if (tokens > maxTokens) return text.length - index - 1
    next = kind
  }
  return text.length
}

function computeTextTokens(text: string): number {
  let tokens = 0
  let previous = startKind
  for (let index = 0; index < text.length; index += 1) {
    const kind = findKind(text, index)
    tokens += countPair(previous, kind)
    previous = kind
  }
  return tokens
}

function findKind(text: string, index: number): number {
  return kindByCodeUnit[text.charCodeAt(index)] ?? 0
}

function countPair(previous: number, kind: number): number {
  return tokensByKinds[previous * kinds.length + kind] ?? 0
}

function classify(code: number): CodeUnitKind {
  if (code >= 128) return code < 0x0900 ? 'otherAlphabet' : code >= 0xd800 && code < 0xe000 ? 'surrogate' : 'other'
  const character = String.fromCharCode(code)
  if (/[a-z]/.test(character)) return 'letter'
  if (/[A-Z]/.test(character)) return 'upper'
  if (/\d/.test(character)) return 'digit'
  if (character === ' ') return 'space'
  return code < 32 || code === 127 ? 'newline' : 'punctuation'
}

function countCodeUnit(previous: CodeUnitKind, kind: CodeUnitKind): number {
  if (kind === 'space' && previous === 'space') return tokensPerRepeatedSpace
  return tokensPerCodeUnit[kind] + (isTransition(previous, kind) ? tokensPerTransition : 0)
}

function isTransition(previous: CodeUnitKind, kind: CodeUnitKind): boolean {
  if (kind === 'digit') return previous === 'letter' || previous === 'upper'
  if (previous === 'digit') return kind === 'letter' || kind === 'upper'
  return previous === 'letter' && kind === 'upper'
}
