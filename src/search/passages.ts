/** The maximum length of a passage in UTF-16 code units: about five pages, which take some milliseconds to index. */
export const maxPassageLength = 16_384

const minPassageLength = maxPassageLength / 2

/**
 * Splits a long text into passages, at a space in the second half of each if there is one. Passages are indexed one by one:
 * a message matches a query only if one of its passages does.
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
