import { strings } from '../../../strings/strings.ts'
import { toShownTitle } from '../../../conversations/conversation-title.ts'
import { formatParts } from './format-message.ts'
import type { ReadChat, ReadMessage } from './read-chat.ts'

/** A whole chat as Markdown: a heading for each message, with what `formatMessage` makes of it. */
export function formatChatAsMarkdown({ title, messages }: ReadChat): string {
  const sections = messages.map((message) => `## ${toHeading(message)}\n\n${formatReadMessage(message)}`.trimEnd())
  return `${[`# ${toShownTitle({ title })}`, ...sections].join('\n\n')}\n`
}

/** A whole chat as JSON: its session, and its messages with their parts, as the API has them. */
export function formatChatAsJson(chat: ReadChat): string {
  return `${JSON.stringify(chat, null, 2)}\n`
}

/** The title as the name of a file, in any system. */
export function toFileName(title: string | null): string {
  const name = (title ?? '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .slice(0, 60)
    .replaceAll(/^-+|-+$/g, '')
  return name || 'chat'
}

function toHeading({ role, kind, model }: ReadMessage): string {
  if (kind === 'SUMMARY') return strings.transcript.summary
  if (role === 'USER') return strings.chat.you
  return model === null ? strings.chat.agent : `${strings.chat.agent} (${model})`
}

function formatReadMessage({ parts }: ReadMessage): string {
  return formatParts(
    parts.map((part) => {
      switch (part.__typename) {
        case 'TextPart':
          return { type: 'text', text: part.text }
        case 'ReasoningPart':
          return { type: 'reasoning', text: part.text }
        case 'ToolCallPart':
          return { type: 'tool', call: part.toolCall }
        case 'FilePart':
          return { type: 'file', mediaType: part.mediaType, name: part.name, url: part.url }
      }
    }),
  )
}
