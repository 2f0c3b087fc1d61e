import type { ChatMessage, MessagePart } from 'segue-client'

type ExportedMessage = Pick<ChatMessage, 'parts'>

/** A message as Markdown: its texts, the names of its files, and its tool calls with what they returned. */
export function formatMessage({ parts }: ExportedMessage): string {
  return parts
    .map(formatPart)
    .filter((text) => text !== '')
    .join('\n\n')
}

function formatPart(part: MessagePart): string {
  switch (part.type) {
    case 'text':
      return part.text.trim()
    case 'reasoning':
      return part.text.trim() && `> ${part.text.trim().replaceAll('\n', '\n> ')}`
    case 'file':
      return part.url.startsWith('data:')
        ? `[${part.name ?? part.mediaType}]`
        : `[${part.name ?? part.mediaType}](${part.url})`
    case 'tool': {
      const { name, argumentsText, result, error } = part.call
      const returned =
        error ?? (typeof result === 'string' ? result : result === null ? '' : JSON.stringify(result, null, 2))
      return [`**${name}**`, formatFence(argumentsText, 'json'), formatFence(returned, '')].filter(Boolean).join('\n\n')
    }
  }
}

/** Code within a fence that is longer than any in it. */
function formatFence(code: string, language: string): string {
  if (code === '') return ''
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${code.trimEnd()}\n${fence}`
}
