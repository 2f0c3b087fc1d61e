import { formatTranscriptParagraph, type TranscriptParagraph } from '../../agent/text-generation/format-transcript.ts'
import { exceedsTokens, findWordEnd, takeBeginning, type TokenCounter } from './shorten-text.ts'

export interface TranscriptChunk {
  /** Formatted. */
  readonly paragraphs: readonly string[]
  readonly tokens: number
  readonly rest: readonly TranscriptParagraph[]
}

/** What a paragraph costs beside itself. */
const paragraphEnd = '\n\n'
/** Marks a paragraph whose beginning is in an earlier chunk. */
const continuationMark = ' (goes on)'
/** A piece of a split paragraph ends with a complete word, if one ends in the last part of it. */
const minPieceFraction = 0.7

/**
 * Takes as many paragraphs from the beginning of a transcript as fit. A paragraph that is longer than a chunk is split:
 * nothing is left out. Takes at least one code unit, so that a loop over the chunks ends.
 */
export function takeTranscriptChunk(
  paragraphs: readonly TranscriptParagraph[],
  maxTokens: number,
  countTokens: TokenCounter,
): TranscriptChunk {
  const taken: string[] = []
  let tokens = 0
  for (const [index, paragraph] of paragraphs.entries()) {
    const formatted = `${formatTranscriptParagraph(paragraph)}${paragraphEnd}`
    if (!exceedsTokens(formatted, maxTokens - tokens, countTokens)) {
      taken.push(formatted)
      tokens += countTokens(formatted)
      continue
    }
    // A paragraph that fits in a chunk of its own is not split.
    if (taken.length > 0 && !exceedsTokens(formatted, maxTokens, countTokens))
      return toChunk(taken, tokens, paragraphs.slice(index))
    const [piece, rest] = splitParagraph(paragraph, maxTokens - tokens, { countTokens, isRequired: taken.length === 0 })
    if (piece) {
      taken.push(formatTranscriptParagraph(piece))
      tokens += countTokens(taken.at(-1) ?? '')
    }
    return toChunk(taken, tokens, [rest, ...paragraphs.slice(index + 1)])
  }
  return toChunk(taken, tokens, [])
}

function toChunk(taken: readonly string[], tokens: number, rest: readonly TranscriptParagraph[]): TranscriptChunk {
  return { paragraphs: taken.map((paragraph) => paragraph.trimEnd()), tokens, rest }
}

/** Splits off a beginning that fits; null if nothing fits and nothing is required. */
function splitParagraph(
  paragraph: TranscriptParagraph,
  maxTokens: number,
  { countTokens, isRequired }: { readonly countTokens: TokenCounter; readonly isRequired: boolean },
): [TranscriptParagraph | null, TranscriptParagraph] {
  const { speaker, text } = paragraph
  const available = maxTokens - countTokens(formatTranscriptParagraph({ ...paragraph, text: paragraphEnd }))
  const beginning = takeBeginning(text, Math.max(0, available), countTokens)
  const end = findWordEnd(beginning, beginning.length * minPieceFraction)
  // A code point may be two code units.
  const length = end === 0 && isRequired ? String.fromCodePoint(text.codePointAt(0) ?? 0).length : end
  if (length === 0) return [null, paragraph]
  const continuation = speaker.endsWith(continuationMark) ? speaker : `${speaker}${continuationMark}`
  return [
    { ...paragraph, text: text.slice(0, length) },
    { ...paragraph, speaker: continuation, text: text.slice(length) },
  ]
}
