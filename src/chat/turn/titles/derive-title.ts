import type { MessagePart } from '../../../model/message.ts'
import { truncate } from '../../../lib/text/truncate.ts'
import { cleanModelTitle } from './clean-model-title.ts'

const maxTitleCodeUnits = 80 // UTF-16 code units

/** A title from the first text of a message, or the name of its first file. Null if it has neither. */
export function titleFromMessage(parts: readonly MessagePart[]): string | null {
  for (const part of parts) {
    const title =
      part.type === 'text' ? truncateTitle(part.text) : part.type === 'file' ? truncateTitle(part.name ?? '') : null
    if (title !== null) return title
  }
  return null
}

/** A title from the output of a model. Null if it contains none, or if the model refuses to write one. */
export function titleFromModelOutput(text: string): string | null {
  return truncateTitle(cleanModelTitle(text))
}

function truncateTitle(text: string): string | null {
  const line = findFirstLine(text)
  if (line === null || line.length <= maxTitleCodeUnits) return line
  const truncated = truncate(line, maxTitleCodeUnits)
  // Cut at the end of a word, if that leaves a title of sensible length.
  const space = truncated.lastIndexOf(' ')
  return space > maxTitleCodeUnits / 2 ? `${truncated.slice(0, space)}…` : truncated
}

/** Lines of Markdown without text: code fences and horizontal rules. */
const markdownRulePattern = /^(`{3,}|~{3,})\S*$|^[-*_=]{3,}$/

/**
 * Invisible characters, such as bidi controls. Joiners stay, because scripts and emoji need them, and so do the tags of a
 * flag: other tags can hide text.
 */
const invisiblePattern =
  /(\p{RGI_Emoji_Tag_Sequence})|[[\p{Cf}&&\p{Default_Ignorable_Code_Point}]--[\u200c\u200d]]|[\ufff9-\ufffb]/gv

/** The first line with visible text, as plain text. */
function findFirstLine(text: string): string | null {
  const lines = text
    .toWellFormed()
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) =>
      line
        .replace(/^[#>\s]+/, '')
        .replace(invisiblePattern, '$1')
        .replace(/[\p{Cc}\s]+/gu, ' ')
        .trim(),
    )
    .filter((line) => /[^\p{Default_Ignorable_Code_Point}\s]/u.test(line))
  return lines.find((line) => !markdownRulePattern.test(line)) ?? lines[0] ?? null
}
