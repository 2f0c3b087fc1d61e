import type { MessagePart } from '../../model/message.ts'
import { truncate } from '../../lib/truncate.ts'

const maxTitleCodeUnits = 80 // UTF-16 code units

/** A title made of a message: the beginning of its first line, else its first file's name; null when it has neither. */
export function titleFromMessage(parts: readonly MessagePart[]): string | null {
  for (const part of parts) {
    const title =
      part.type === 'text' ? truncateTitle(part.text) : part.type === 'file' ? truncateTitle(part.name ?? '') : null
    if (title !== null) return title
  }
  return null
}

/** What a model wrote as a title, without what models put around one; null when nothing is left. */
export function titleFromModelOutput(text: string): string | null {
  const line = findFirstLine(text) ?? ''
  return truncateTitle(stripQuotes(stripQuotes(line).replace(/^(title|titel)\s*[*_]*\s*:/i, '')))
}

function stripQuotes(line: string): string {
  return line.trim().replace(/^["'“”„«»*_`]+|["'“”„«»*_`.]+$/g, '')
}

function truncateTitle(text: string): string | null {
  const line = findFirstLine(text)
  if (line === null || line.length <= maxTitleCodeUnits) return line
  const truncated = truncate(line, maxTitleCodeUnits)
  // Cut at the end of a word, if that leaves a title of sensible length.
  const space = truncated.lastIndexOf(' ')
  return space > maxTitleCodeUnits / 2 ? `${truncated.slice(0, space)}…` : truncated
}

/** Lines of Markdown that say nothing by themselves: the edge of a block of code, a rule. */
const markdownRulePattern = /^(`{3,}|~{3,})\S*$|^[-*_=]{3,}$/

/** The first line in which something is said, as plain text. */
function findFirstLine(text: string): string | null {
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
  return lines.find((line) => !markdownRulePattern.test(line)) ?? lines[0] ?? null
}
