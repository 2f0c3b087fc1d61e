import type { MessagePart } from '../storage/records.ts'

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
  const line = beginning(text.replace(/^\s*(title|titel)\s*:/i, '')) ?? ''
  return beginning(line.replace(/^["'“”«»*_`]+|["'“”«»*_`.]+$/g, ''))
}

function beginning(text: string): string | null {
  const line = text
    .toWellFormed()
    .split(/[\r\n\u2028\u2029]+/)
    .map((one) =>
      one
        .replace(/^[#>\s]+/, '')
        .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
        .trim(),
    )
    .find((one) => one !== '')
  if (line === undefined) return null
  if (line.length <= longestTitle) return line
  const cut = line.slice(0, longestTitle - 1).toWellFormed()
  const words = cut.slice(0, cut.lastIndexOf(' ')).trimEnd()
  return `${words.length > longestTitle / 2 ? words : cut}…`
}
