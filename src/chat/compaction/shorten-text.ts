import { findGraphemeStart } from '../../lib/text/truncate.ts'

/** Counts the tokens of a text, for the model that is sent it. */
export type TokenCounter = (text: string) => number

/** A token is hardly ever longer, in UTF-16 code units. Bounds the work on long texts. */
const maxCodeUnitsPerToken = 8
/** How much of the shortened text is its beginning. The rest is its end. */
const beginningFraction = 0.6
/** How far back a text is cut to end with a sentence or a word, as a share of its length. */
const maxCutBackFraction = 0.3

/** Whether a text has more than `maxTokens`. Does not count a text that is too long in any case. */
export function exceedsTokens(text: string, maxTokens: number, countTokens: TokenCounter): boolean {
  return text.length > maxTokens * maxCodeUnitsPerToken || countTokens(text) > maxTokens
}

/** The longest beginning of a text that has at most `maxTokens`. Splits no grapheme cluster, if it is not empty. */
export function takeBeginning(text: string, maxTokens: number, countTokens: TokenCounter): string {
  if (!exceedsTokens(text, maxTokens, countTokens)) return text
  const length = findGreatestLength(
    Math.min(text.length, maxTokens * maxCodeUnitsPerToken),
    (codeUnits) => countTokens(text.slice(0, codeUnits)) <= maxTokens,
  )
  return text.slice(0, findGraphemeStart(text, length))
}

/** Shortens a text to about `maxTokens`: its beginning and its end around a note of how much is left out. */
export function keepBeginningAndEnd(text: string, maxTokens: number, countTokens: TokenCounter): string {
  const tokens = countTokens(text)
  if (tokens <= maxTokens) return text
  const note = `\n[… about ${tokens - maxTokens} tokens are left out …]\n`
  const available = Math.max(0, maxTokens - countTokens(note))
  const beginning = takeBeginning(text, Math.ceil(available * beginningFraction), countTokens)
  const rest = text.slice(beginning.length)
  const end = takeEnd(rest, available - countTokens(beginning), countTokens)
  return `${beginning}${note}${end}`
}

/** Shortens a text to at most `maxTokens`, at the end of a sentence or at least of a word, if one is near. */
export function cutAtSentence(text: string, maxTokens: number, countTokens: TokenCounter): string {
  const beginning = takeBeginning(text, maxTokens, countTokens)
  if (beginning === text) return text
  const minLength = beginning.length * (1 - maxCutBackFraction)
  const ends = [...beginning.matchAll(/[.!?](?=\s)|[。！？]|\n/g)].map(({ index }) => index + 1)
  const sentenceEnd = ends.findLast((end) => end >= minLength)
  return beginning.slice(0, sentenceEnd ?? findWordEnd(beginning, minLength)).trimEnd()
}

/** Where a text can be cut so that its last word is complete: not before `minLength`, else at its end. */
export function findWordEnd(text: string, minLength: number): number {
  const wordEnd = text.search(/\s\S*$/)
  return wordEnd >= minLength && wordEnd > 0 ? wordEnd : text.length
}

function takeEnd(text: string, maxTokens: number, countTokens: TokenCounter): string {
  if (maxTokens <= 0) return ''
  const length = findGreatestLength(
    Math.min(text.length, maxTokens * maxCodeUnitsPerToken),
    (codeUnits) => countTokens(text.slice(text.length - codeUnits)) <= maxTokens,
  )
  const start = findGraphemeStart(text, text.length - length)
  return text.slice(start)
}

/** The greatest length up to `max` that fits, if every shorter one fits as well. */
function findGreatestLength(max: number, fits: (length: number) => boolean): number {
  let [low, high] = [0, max]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return low
}
