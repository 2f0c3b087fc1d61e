/** Grapheme clusters are what a reader sees as one character. Their rules do not depend on the locale. */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** In UTF-16 code units. No emoji is longer. A longer cluster, such as a letter with many accents, may be split. */
const maxClusterLength = 64
/** How far to look back for the start of a cluster, in UTF-16 code units. Segmenting a long text takes long. */
const maxLookback = 4_096

/**
 * Shortens a text to at most `maxLength` UTF-16 code units. A shortened text ends with `…`, is well-formed, and is cut
 * between two grapheme clusters.
 */
export function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  return `${text.slice(0, findGraphemeStart(text, maxLength - 1)).toWellFormed()}…`
}

/** Like `truncate`, but `maxBytes` counts bytes of UTF-8. */
export function truncateToBytes(text: string, maxBytes: number): string {
  const wellFormed = text.toWellFormed()
  if (Buffer.byteLength(wellFormed) <= maxBytes) return wellFormed
  const maxCutBytes = maxBytes - Buffer.byteLength('…')
  let length = Math.min(wellFormed.length, maxCutBytes)
  while (Buffer.byteLength(wellFormed.slice(0, length)) > maxCutBytes) length -= 1
  return `${wellFormed.slice(0, findGraphemeStart(wellFormed, length))}…`
}

/** The last position up to `index`, in UTF-16 code units, that does not split a grapheme cluster. */
export function findGraphemeStart(text: string, index: number): number {
  if (index <= 0) return 0
  if (index >= text.length) return text.length
  const from = findSegmentationStart(text, index)
  const cluster = segmenter.segment(text.slice(from, index + 2)).containing(index - from)
  const start = from + (cluster?.index ?? 0)
  if (index - start <= maxClusterLength) return start
  return splitsSurrogatePair(text, index) ? index - 1 : index
}

/** A position before `index` from which the clusters are those of the full text. */
function findSegmentationStart(text: string, index: number): number {
  const start = Math.max(0, index - maxLookback)
  if (start === 0) return 0
  // Two ASCII letters never belong to one cluster.
  const letters = text.slice(start, index).search(/[ -~]{2}/)
  return start + letters + 1
}

function splitsSurrogatePair(text: string, index: number): boolean {
  return (text.codePointAt(index - 1) ?? 0) > 0xffff
}
