import { formatTranscriptParagraph, type TranscriptParagraph } from '../../agent/text-generation/format-transcript.ts'
import { takeBeginning } from '../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../agent/tokens/token-counter.ts'
import { findWordEnd } from './cut-at-sentence.ts'

/** The beginning of a transcript, as long as one request takes it. */
export interface TranscriptChunk {
  /** Formatted. */
  readonly paragraphs: readonly string[]
  readonly tokens: number
  readonly rest: readonly TranscriptParagraph[]
}

/** A token is hardly ever longer. Bounds the work on long texts. */
const maxCodeUnitsPerToken = 10
/** What a paragraph costs beside itself. */
const paragraphEnd = '\n\n'
/** Marks a paragraph whose beginning is in an earlier chunk. */
const continuationMark = ' (goes on)'
/** A piece of a split paragraph ends with a complete word, unless that leaves less than this of it. */
const minPieceShare = 0.1
/** Less of a paragraph is not worth a piece, if there is something else in the chunk. */
const minPieceTokens = 24

/**
 * Takes as many paragraphs from the beginning of a transcript as fit. A paragraph that is longer than a chunk is split:
 * nothing is left out. Takes at least one code unit, so that a loop over the chunks ends.
 */
export function takeTranscriptChunk(
  paragraphs: readonly TranscriptParagraph[],
  maxTokens: number,
  counter: TokenCounter,
): TranscriptChunk {
  const taken: string[] = []
  let tokens = 0
  for (const [index, paragraph] of paragraphs.entries()) {
    const formatted = `${formatTranscriptParagraph(paragraph)}${paragraphEnd}`
    if (!exceedsTokens(formatted, maxTokens - tokens, counter)) {
      taken.push(formatted)
      tokens += counter.countText(formatted)
      continue
    }
    // A paragraph that fits in a chunk of its own is not split.
    if (taken.length > 0 && !exceedsTokens(formatted, maxTokens, counter))
      return toChunk(taken, tokens, paragraphs.slice(index))
    const [piece, rest] = splitParagraph(paragraph, maxTokens - tokens, { counter, isRequired: taken.length === 0 })
    if (piece) {
      taken.push(formatTranscriptParagraph(piece))
      tokens += counter.countText(taken.at(-1) ?? '')
    }
    return toChunk(taken, tokens, [rest, ...paragraphs.slice(index + 1)])
  }
  return toChunk(taken, tokens, [])
}

function toChunk(taken: readonly string[], tokens: number, rest: readonly TranscriptParagraph[]): TranscriptChunk {
  return { paragraphs: taken.map((paragraph) => paragraph.trimEnd()), tokens, rest }
}

/** Whether a text has more than `maxTokens`. Does not count a text that is too long in any case. */
function exceedsTokens(text: string, maxTokens: number, counter: TokenCounter): boolean {
  return text.length > maxTokens * maxCodeUnitsPerToken || counter.countText(text) > maxTokens
}

/** Splits off a beginning that fits; null if nothing fits and nothing is required. */
function splitParagraph(
  paragraph: TranscriptParagraph,
  maxTokens: number,
  { counter, isRequired }: { readonly counter: TokenCounter; readonly isRequired: boolean },
): [TranscriptParagraph | null, TranscriptParagraph] {
  const { speaker, text } = paragraph
  const available = maxTokens - counter.countText(formatTranscriptParagraph({ ...paragraph, text: paragraphEnd }))
  if (!isRequired && available < minPieceTokens) return [null, paragraph]
  const beginning = takeBeginning(text, Math.max(0, available), counter)
  const end = findWordEnd(beginning, beginning.length * minPieceShare)
  // A code point may be two code units.
  const length = end === 0 && isRequired ? String.fromCodePoint(text.codePointAt(0) ?? 0).length : end
  if (length === 0) return [null, paragraph]
  const continuation = speaker.endsWith(continuationMark) ? speaker : `${speaker}${continuationMark}`
  return [
    { ...paragraph, text: text.slice(0, length) },
    { ...paragraph, speaker: continuation, text: text.slice(length) },
  ]
}
