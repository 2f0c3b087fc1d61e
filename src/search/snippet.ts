import { folded, type Word, wordsOf } from './analyzer.ts'
import { type Phrase, type SearchQuery, ranks } from './search-query.ts'
import { stretchesOf } from './passages.ts'

const length = 160 // UTF-16 code units
const lead = 40 // of them, what stands before the hit
const mostPlaces = 1_000

/** What a text says around the words of a query, or at its beginning: one line, with … where it was cut. */
export function snippet(text: string, query: SearchQuery): string {
  const stretches = stretchesOf(text)
  const best = stretches.map((stretch) => merit(stretch, query)).reduce(indexOfLeast, null)
  const index = best?.index ?? 0
  const offset = stretches.slice(0, index).reduce((units, stretch) => units + stretch.length, 0)
  return around(text, offset + placeIn(stretches[index] ?? '', query))
}

interface Merit {
  readonly index: number
  readonly value: number
}

function indexOfLeast(best: Merit | null, value: number, index: number): Merit {
  return best && best.value <= value ? best : { index, value }
}

/** The less, the more of the query is there. */
function merit(stretch: string, query: SearchQuery): number {
  const text = folded(stretch)
  const rank = query.rankOf(text)
  if (rank) return ranks.indexOf(rank)
  return ranks.length + query.phrases.length - query.phrasesIn(text)
}

/** Where the most of the query stands close together. */
function placeIn(stretch: string, query: SearchQuery): number {
  const words = [...wordsOf(stretch)]
  const literal = words.findIndex((_, index) => beginsAt(words, index, query.literal))
  if (literal >= 0) return words[literal]?.start ?? 0
  const places: { readonly start: number; readonly phrase: Phrase }[] = []
  for (const [index, { start }] of words.entries()) {
    for (const phrase of query.phrases) if (beginsAt(words, index, phrase)) places.push({ start, phrase })
    if (places.length >= mostPlaces) break
  }
  let best = { start: 0, count: 0 }
  for (const [index, { start }] of places.entries()) {
    const near = new Set<Phrase>()
    for (let next = index; (places[next]?.start ?? Infinity) < start + length - lead; next += 1) {
      const place = places[next]
      if (place) near.add(place.phrase)
    }
    if (near.size > best.count) best = { start, count: near.size }
  }
  return best.start
}

function beginsAt(words: readonly Word[], index: number, { words: wanted, open }: Phrase): boolean {
  return wanted.every((word, place) => {
    const found = words[index + place]?.folded
    return open && place === wanted.length - 1 ? found?.startsWith(word) === true : found === word
  })
}

function around(text: string, place: number): string {
  // What fits is shown whole, and the end of a text with as much before it as there is room for.
  const earliest = Math.min(place - lead, text.length - length)
  const from = earliest <= 0 ? 0 : afterSpace(text, earliest, place)
  const to = from + length >= text.length ? text.length : beforeSpace(text, from + length, from + length - lead)
  const line = text
    .slice(from, to)
    .replaceAll(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return `${from > 0 ? '…' : ''}${line}${to < text.length ? '…' : ''}`
}

/** The first beginning of a word from a place on, if there is one before the limit. */
function afterSpace(text: string, place: number, limit: number): number {
  for (let index = place; index < limit; index += 1) if (/\s/.test(text.charAt(index - 1))) return index
  return place
}

/** The last end of a word up to a place, if there is one behind the limit. */
function beforeSpace(text: string, place: number, limit: number): number {
  for (let index = place; index > limit; index -= 1) if (/\s/.test(text.charAt(index))) return index
  return place
}
