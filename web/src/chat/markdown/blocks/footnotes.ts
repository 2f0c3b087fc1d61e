import type { Token } from 'marked'
import type { MarkdownBlock } from './markdown-block.ts'

const noteStart = /^ {0,3}\[\^([^\]\s]+)\]:/

/** The label of a block that is a footnote, in lower case. Null: it is none. */
export function findNoteLabel({ code, source }: Pick<MarkdownBlock, 'code' | 'source'>): string | null {
  return code ? null : (noteStart.exec(source)?.[1]?.toLowerCase() ?? null)
}

/** Makes each footnote a token of its own, with the indented paragraphs that belong to it. The lexer does not know them. */
export function separateNotes(tokens: readonly Token[]): Token[] {
  const separated: Token[] = []
  let isInNote = false
  for (const token of tokens.flatMap(splitNotes)) {
    if (isInNote && token.type === 'code' && /^(?: {4}|\t)/.test(token.raw)) {
      const spaces = separated.at(-1)?.type === 'space' ? (separated.pop()?.raw ?? '') : ''
      separated.push(toParagraph((separated.pop()?.raw ?? '') + spaces + token.raw))
      continue
    }
    separated.push(token)
    if (token.type !== 'space') isInNote = noteStart.test(token.raw)
  }
  return separated
}

/** A note of one word is the definition of a link to the lexer. */
function splitNotes(token: Token): Token[] {
  if ((token.type !== 'paragraph' && token.type !== 'def') || !token.raw.includes('[^')) return [token]
  const raws = token.raw.split(/(?<=\n)(?= {0,3}\[\^[^\]\s]+\]:)/)
  return raws.length > 1 || noteStart.test(token.raw) ? raws.map(toParagraph) : [token]
}

function toParagraph(raw: string): Token {
  return { type: 'paragraph', raw, text: raw }
}

/** The numbers of the footnotes, by their labels: in the order in which the text refers to them. */
export function numberNotes(blocks: readonly MarkdownBlock[]): ReadonlyMap<string, number> {
  const labels = new Set(blocks.flatMap((block) => findNoteLabel(block) ?? []))
  if (labels.size === 0) return noNotes
  const references = blocks
    .filter((block) => !block.code && findNoteLabel(block) === null)
    .flatMap(({ source }) => source.replaceAll(/`[^`]*`/g, '').match(/(?<=\[\^)[^\]\s]+(?=\])/g) ?? [])
    .map((label) => label.toLowerCase())
  const ordered = new Set([...references.filter((label) => labels.has(label)), ...labels])
  return new Map([...ordered].map((label, index) => [label, index + 1]))
}

/** Of a text without footnotes. */
export const noNotes: ReadonlyMap<string, number> = new Map()
