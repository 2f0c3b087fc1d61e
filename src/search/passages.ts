/** The most of a text that is indexed at once: about five pages, some milliseconds. In UTF-16 code units. */
export const longestStretch = 16_384

const shortestStretch = longestStretch / 2

/**
 * A long text in stretches, cut between words where there is a space in the second half of one. Each is indexed by
 * itself: words of a query that lie in different stretches of a message do not meet.
 */
export function stretchesOf(text: string): string[] {
  const stretches: string[] = []
  let start = 0
  while (text.length - start > longestStretch) {
    const end = endOfStretch(text, start)
    stretches.push(text.slice(start, end))
    start = end
  }
  stretches.push(text.slice(start))
  return stretches
}

function endOfStretch(text: string, start: number): number {
  for (let end = start + longestStretch; end > start + shortestStretch; end -= 1) {
    if (/\s/.test(text.charAt(end - 1))) return end
  }
  const end = start + longestStretch
  return /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end
}
