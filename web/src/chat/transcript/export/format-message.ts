import type { ChatMessage } from 'segue-client'

/** What is formatted of a part of a message. */
export type FormattedPart =
  | { readonly type: 'text' | 'reasoning'; readonly text: string }
  | { readonly type: 'file'; readonly mediaType: string; readonly name: string | null; readonly url: string }
  | { readonly type: 'tool'; readonly call: FormattedToolCall }

interface FormattedToolCall {
  readonly name: string
  readonly argumentsText: string
  readonly result: unknown
  readonly error: string | null
}

/** A message as Markdown. See `formatParts`. */
export function formatMessage({ parts }: Pick<ChatMessage, 'parts'>): string {
  return formatParts(parts)
}

/** Parts as Markdown: texts as they are, reasoning as a quotation, files by their names, tool calls with what they returned. */
export function formatParts(parts: readonly FormattedPart[]): string {
  return parts
    .map(formatPart)
    .filter((text) => text !== '')
    .join('\n\n')
}

function formatPart(part: FormattedPart): string {
  switch (part.type) {
    case 'text':
      return part.text.trim()
    case 'reasoning':
      return part.text.trim() && `> ${part.text.trim().replaceAll('\n', '\n> ')}`
    case 'file': {
      const name = part.name ?? part.mediaType
      return part.url.startsWith('data:') ? `[${name}]` : `[${name}](${part.url})`
    }
    case 'tool': {
      const { name, argumentsText, result, error } = part.call
      const pieces = [`**${name}**`, formatFence(argumentsText, 'json'), formatFence(error ?? toText(result), '')]
      return pieces.filter((piece) => piece !== '').join('\n\n')
    }
  }
}

function toText(result: unknown): string {
  if (result === null) return ''
  return typeof result === 'string' ? result : JSON.stringify(result, null, 2)
}

/** Code within a fence that is longer than any in it. */
function formatFence(code: string, language: string): string {
  if (code === '') return ''
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${code.trimEnd()}\n${fence}`
}
