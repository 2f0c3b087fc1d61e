import { findGraphemeStart } from '../lib/text/truncate.ts'
import { normalizeSearchText, type AnalyzedTextToken, tokenize } from './analyzer.ts'
import { type SearchPhrase, type SearchQuery, searchRanks } from './search-query.ts'
import { splitIntoPassages } from './passages.ts'

const maxSnippetLength = 160 // UTF-16 code units
const contextBefore = 40 // of these, before the match
const maxOccurrences = 1_000

/** An excerpt around the terms of a query, or else from the beginning: one line, with … where it is cut. */
export function createSnippet(text: string, query: SearchQuery): string {
  const passages = splitIntoPassages(text)
  const best = passages.map((passage) => scorePassage(passage, query)).reduce(pickLowestScore, null)
  const index = best?.index ?? 0
  const offset = passages.slice(0, index).reduce((length, passage) => length + passage.length, 0)
  return excerptAround(text, offset + findBestPosition(passages[index] ?? '', query))
}

interface PassageScore {
  readonly index: number
  readonly score: number
}

function pickLowestScore(best: PassageScore | null, score: number, index: number): PassageScore {
  return best && best.score <= score ? best : { index, score }
}

/** Lower is better: the position of the passage's rank, or more if the passage does not contain all phrases. */
function scorePassage(passage: string, query: SearchQuery): number {
  const normalized = normalizeSearchText(passage)
  const rank = query.rankText(normalized)
  if (rank) return searchRanks.indexOf(rank)
  return searchRanks.length + query.phrases.length - query.countMatchingPhrases(normalized)
}

/** Where the full phrase is, or else most of the phrases within the length of a snippet. */
function findBestPosition(passage: string, query: SearchQuery): number {
  const tokens = [...tokenize(passage)]
  const fullPhraseIndex = tokens.findIndex((_, index) => matchesPhraseAt(tokens, index, query.fullPhrase))
  if (fullPhraseIndex >= 0) return tokens[fullPhraseIndex]?.start ?? 0
  const occurrences: { readonly start: number; readonly phrase: SearchPhrase }[] = []
  for (const [index, { start }] of tokens.entries()) {
    for (const phrase of query.phrases) if (matchesPhraseAt(tokens, index, phrase)) occurrences.push({ start, phrase })
    if (occurrences.length >= maxOccurrences) break
  }
  let best = { start: 0, count: 0 }
  for (const [index, { start }] of occurrences.entries()) {
    const nearbyPhrases = new Set<SearchPhrase>()
    for (
      let next = index;
      (occurrences[next]?.start ?? Infinity) < start + maxSnippetLength - contextBefore;
      next += 1
    ) {
      const occurrence = occurrences[next]
      if (occurrence) nearbyPhrases.add(occurrence.phrase)
    }
    if (nearbyPhrases.size > best.count) best = { start, count: nearbyPhrases.size }
  }
  return best.start
}

function matchesPhraseAt(
  tokens: readonly AnalyzedTextToken[],
  index: number,
  { terms, isPrefix }: SearchPhrase,
): boolean {
  return terms.every((expected, offset) => {
    const term = tokens[index + offset]?.term
    return isPrefix && offset === terms.length - 1 ? term?.startsWith(expected) === true : term === expected
  })
}

function excerptAround(text: string, position: number): string {
  // A short text is shown completely. At the end of a text, the excerpt begins earlier.
  const earliestStart = Math.min(position - contextBefore, text.length - maxSnippetLength)
  const from = earliestStart <= 0 ? 0 : findGraphemeStart(text, findWordStart(text, earliestStart, position))
  const to =
    from + maxSnippetLength >= text.length
      ? text.length
      : findGraphemeStart(text, findWordEnd(text, from + maxSnippetLength, from + maxSnippetLength - contextBefore))
  const line = text
    .slice(from, to)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return `${from > 0 ? '…' : ''}${line}${to < text.length ? '…' : ''}`
}

/** The first start of a word from a position on, before the limit; else the position. */
function findWordStart(text: string, position: number, limit: number): number {
  for (let index = position; index < limit; index += 1) if (/\s/.test(text.charAt(index - 1))) return index
  return position
}

/** The last end of a word up to a position, after the limit; else the position. */
function findWordEnd(text: string, position: number, limit: number): number {
  for (let index = position; index > limit; index -= 1) if (/\s/.test(text.charAt(index))) return index
  return position
}
