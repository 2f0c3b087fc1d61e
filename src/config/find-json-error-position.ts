const whitespace = /[ \t\r\n]*/y
// A string: no control characters, and only the escapes that JSON knows.
const key = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy
const scalar = new RegExp(`${key.source}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`, 'uy')
const [colon, comma] = [/:/y, /,/y]
const brackets = [
  { open: /\{/y, close: /\}/y, keyed: true },
  { open: /\[/y, close: /\]/y, keyed: false },
]

/**
 * Returns the position of the first syntax error in a text that is not JSON; the end of the text if something is missing
 * there. Lines and columns start at 1. `JSON.parse` reports the position of some errors only, and quotes the text, which
 * may be a secret, in others.
 */
export function findJsonErrorPosition(text: string): { readonly line: number; readonly column: number } {
  let position = 0

  const accept = (token: RegExp): boolean => {
    token.lastIndex = position
    if (!token.test(text)) return false
    position = token.lastIndex
    return true
  }
  const acceptToken = (token: RegExp): boolean => accept(whitespace) && accept(token)

  const acceptValue = (): boolean => {
    if (acceptToken(scalar)) return true
    for (const { open, close, keyed } of brackets) {
      if (!acceptToken(open)) continue
      if (acceptToken(close)) return true
      do {
        if (keyed && !(acceptToken(key) && acceptToken(colon))) return false
        if (!acceptValue()) return false
      } while (acceptToken(comma))
      return acceptToken(close)
    }
    return false
  }

  if (acceptValue()) accept(whitespace)
  const precedingLines = text.slice(0, position).split('\n')
  return { line: precedingLines.length, column: (precedingLines.at(-1)?.length ?? 0) + 1 }
}
