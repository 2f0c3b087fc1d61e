/** The most of a text that is indexed at once: about five pages, some milliseconds. In UTF-16 code units. */
export const maxPassageLength = 16_384

const minPassageLength = maxPassageLength / 2

/**
 * A long text in stretches, cut between words where there is a space in the second half of one. Each is indexed by
 * itself: words of a query that lie in different stretches of a message do not meet.
 */
export function splitIntoPassages(text: string): string[] {
  const passages: string[] = []
  let start = 0
  while (text.length - start > maxPassageLength) {
    const end = findPassageEnd(text, start)
    passages.push(text.slice(start, end))
    start = end
  }
  passages.push(text.slice(start))
  return passages
}

function findPassageEnd(text: string, start: number): number {
  for (let end = start + maxPassageLength; end > start + minPassageLength; end -= 1) {
    if (/\s/.test(text.charAt(end - 1))) return end
  }
  const end = start + maxPassageLength
  return /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end
}
