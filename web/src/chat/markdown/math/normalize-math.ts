/** Whether a text may have formulas: what shows them is loaded only then. */
export function mayHaveMath(source: string): boolean {
  return /\$|\\[([]/.test(source) && normalizeMath(source).hasMath
}

export interface NormalizedMath {
  /** Formulas stand between `$`, or between lines of `$$`. Other dollars are escaped. */
  readonly source: string
  readonly hasMath: boolean
}

/** Code, in which nothing is a formula. */
const code =
  /(^ {0,3}(?:```|~~~)[\s\S]*?(?:^ {0,3}(?:```|~~~)[^\n]*$|$(?![\s\S]))|(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\2(?!`))/gm
/** A formula between single dollars, by the rule of Pandoc, which tells it from amounts of money; else a dollar. */
const dollar = /(?<![\\$])\$(?!\$)(?:(?=\S)((?:\\[\s\S]|[^$\\])+?)(?<=\S)\$(?![\d$]))?/g

/** Brings the ways in which models write formulas into one form. */
export function normalizeMath(source: string): NormalizedMath {
  let hasMath = false
  const pieces = splitCode(source).map(({ text, isCode }) => {
    if (isCode) return text
    return text
      .replaceAll(/\\\[([\s\S]+?)\\\]/g, (_, formula: string) => toDisplay('', formula))
      .replaceAll(/\\\((.+?)\\\)/g, (_, formula: string) => `$${formula.trim()}$`)
      .replaceAll(/^([ \t]*)\$\$([^\n$]+)\$\$[ \t]*$/gm, (_, indent: string, formula: string) =>
        toDisplay(indent, formula),
      )
      .replaceAll(dollar, (match, formula?: string) => {
        hasMath ||= formula !== undefined
        return formula === undefined ? `\\${match}` : match
      })
  })
  const normalized = pieces.join('')
  return { source: normalized, hasMath: hasMath || /^[ \t]*\$\$[ \t]*$/m.test(normalized) }
}

function toDisplay(indent: string, formula: string): string {
  const lines = ['$$', ...formula.trim().split('\n'), '$$'].map((line) => indent + line.trim())
  return indent === '' ? `\n\n${lines.join('\n')}\n\n` : lines.join('\n')
}

function splitCode(source: string): { readonly text: string; readonly isCode: boolean }[] {
  const pieces: { readonly text: string; readonly isCode: boolean }[] = []
  let end = 0
  for (const match of source.matchAll(code)) {
    pieces.push({ text: source.slice(end, match.index), isCode: false }, { text: match[0], isCode: true })
    end = match.index + match[0].length
  }
  return [...pieces, { text: source.slice(end), isCode: false }]
}
