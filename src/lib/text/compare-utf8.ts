/** Orders two strings by code point. That is the order of their UTF-8 bytes, in which SQLite compares them. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const [unitA, unitB] = [a.charCodeAt(index), b.charCodeAt(index)]
    if (unitA !== unitB) return toCodePointRank(unitA) - toCodePointRank(unitB)
  }
  return a.length - b.length
}

/** Surrogates encode the code points above U+FFFF, so they sort after all other code units. */
function toCodePointRank(codeUnit: number): number {
  if (codeUnit >= 0xe000) return codeUnit - 0x800
  return codeUnit >= 0xd800 ? codeUnit + 0x2000 : codeUnit
}
