import type { MessagePart } from '../../model/records.ts'
import { wellFormed } from '../../lib/unicode.ts'

const longestTitle = 80 // UTF-16 code units

/** A title made of a message: the beginning of its first line, else its first file's name; null when it has neither. */
export function titleFrom(parts: readonly MessagePart[]): string | null {
  for (const part of parts) {
    const title = part.type === 'text' ? beginning(part.text) : part.type === 'file' ? beginning(part.name ?? '') : null
    if (title !== null) return title
  }
  return null
}

/** What a model wrote as a title, without what models put around one; null when nothing is left. */
export function titleFromModel(text: string): string | null {
  const line = firstLine(text) ?? ''
  return beginning(bare(bare(line).replace(/^(title|titel)\s*[*_]*\s*:/i, '')))
}

function bare(line: string): string {
  return line.trim().replace(/^["'“”„«»*_`]+|["'“”„«»*_`.]+$/g, '')
}

function beginning(text: string): string | null {
  const line = firstLine(text)
  if (line === null || line.length <= longestTitle) return line
  const cut = wellFormed(line.slice(0, longestTitle - 1)).whole
  const space = cut.lastIndexOf(' ')
  return `${space > longestTitle / 2 ? cut.slice(0, space) : cut}…`
}

/** Lines of Markdown that say nothing by themselves: the edge of a block of code, a rule. */
const edge = /^(`{3,}|~{3,})\S*$|^[-*_=]{3,}$/

/** The first line in which something is said, as plain text. */
function firstLine(text: string): string | null {
  const lines = text
    .toWellFormed()
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) =>
      line
        .replace(/^[#>\s]+/, '')
        // What joins letters and pictures stays; what turns the direction of writing does not.
        .replace(/[\p{Cf}--[\u200c\u200d]]+/gv, '')
        .replace(/[\p{Cc}\s]+/gu, ' ')
        .trim(),
    )
    .filter((line) => /[^\p{Cf}\s]/u.test(line))
  return lines.find((line) => !edge.test(line)) ?? lines[0] ?? null
}
