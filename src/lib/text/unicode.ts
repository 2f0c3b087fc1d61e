/** The maximum length of the text of one event, in UTF-16 code units. */
export const maxEventTextCodeUnits = 65_536

const isHighSurrogate = (codeUnit: number): boolean => codeUnit >= 0xd800 && codeUnit <= 0xdbff

/**
 * Splits off a high surrogate at the end of a text. It must wait for its other half: SQLite would store it as U+FFFD, and
 * the two halves could never be joined again. Other lone surrogates become U+FFFD.
 */
export function splitTrailingSurrogate(text: string): { complete: string; trailing: string } {
  const end = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.length - 1 : text.length
  return { complete: text.slice(0, end).toWellFormed(), trailing: text.slice(end) }
}

/** Splits a well-formed text into pieces that fit into one event each, without splitting a surrogate pair. */
export function* chunkEventText(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + maxEventTextCodeUnits, text.length)
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1
    yield text.slice(start, end)
    start = end
  }
}
