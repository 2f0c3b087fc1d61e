const space = /[ \t\r\n]*/y
// A string goes up to its quote, with neither control characters nor unknown escapes.
const key = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy
const scalar = new RegExp(`${key.source}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`, 'uy')
const [colon, comma] = [/:/y, /,/y]
const brackets = [
  { open: /\{/y, close: /\}/y, keyed: true },
  { open: /\[/y, close: /\]/y, keyed: false },
]

/**
 * Line and column, both from 1, of the first thing in a text that keeps it from being JSON; its end when something is
 * missing there. `JSON.parse` tells this for some faults only, and quotes the text, which may be a secret, for others.
 */
export function jsonFault(text: string): { readonly line: number; readonly column: number } {
  let at = 0

  const take = (token: RegExp): boolean => {
    token.lastIndex = at
    if (!token.test(text)) return false
    at = token.lastIndex
    return true
  }
  const next = (token: RegExp): boolean => take(space) && take(token)

  const value = (): boolean => {
    if (next(scalar)) return true
    for (const { open, close, keyed } of brackets) {
      if (!next(open)) continue
      if (next(close)) return true
      do {
        if (keyed && !(next(key) && next(colon))) return false
        if (!value()) return false
      } while (next(comma))
      return next(close)
    }
    return false
  }

  if (value()) take(space)
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
