/** Orders two strings by code point. That is the order of their UTF-8 bytes, in which SQLite compares them. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const difference = (a.codePointAt(index) ?? 0) - (b.codePointAt(index) ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
