/**
 * Compiles a pattern in which `*` stands for any text, including none. It matches whole texts. A match takes time in
 * proportion to the length of the text, whatever the pattern is.
 */
export function compileWildcardPattern(pattern: string): (text: string) => boolean {
  const [prefix = '', ...rest] = pattern.split('*')
  const suffix = rest.pop()
  if (suffix === undefined) return (text) => text === pattern
  return (text) => {
    const end = text.length - suffix.length
    if (end < prefix.length || !text.startsWith(prefix) || !text.endsWith(suffix)) return false
    return findPiecesEnd(rest, text, prefix.length) <= end
  }
}

/** Where the last of these pieces ends if each is taken as early as possible, in order. Infinity if one is missing. */
function findPiecesEnd(pieces: readonly string[], text: string, start: number): number {
  let end = start
  for (const piece of pieces) {
    const index = text.indexOf(piece, end)
    if (index === -1) return Number.POSITIVE_INFINITY
    end = index + piece.length
  }
  return end
}
