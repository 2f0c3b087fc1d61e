import type { ModelMessage } from 'ai'
import { toolOutputToText } from '../tool-output-to-text.ts'

/** A paragraph of a transcript: one text, tool call or result. */
export interface TranscriptParagraph {
  readonly type: 'text' | 'tool-call' | 'tool-result' | 'file'
  /** Who speaks, and what they do. */
  readonly speaker: string
  readonly text: string
}

/** What a line begins with that looks like the beginning of a paragraph. */
const speakerPattern = /^(?=(?:User|Assistant|Result|Note|Earlier summary)\b[^\n]{0,100}:)/gm

/** Formats a chat as plain text. */
export function formatTranscript(messages: readonly ModelMessage[]): string {
  return toTranscriptParagraphs(messages).map(formatTranscriptParagraph).join('\n\n')
}

/** Formats a paragraph as `<speaker>: <text>`. Lines of the text that look like another paragraph are marked with `> `. */
export function formatTranscriptParagraph({ speaker, text }: TranscriptParagraph): string {
  const [firstLine = '', ...lines] = text.split('\n')
  const rest = lines.length === 0 ? '' : `\n${lines.join('\n').replace(speakerPattern, '> ')}`
  return `${speaker}: ${firstLine}${rest}`
}

/** The texts, calls and results of a chat. Reasoning is left out, and of files there is only the type. */
export function toTranscriptParagraphs(messages: readonly ModelMessage[]): TranscriptParagraph[] {
  return messages.flatMap(({ role, content }) => {
    const speaker = { user: 'User', assistant: 'Assistant', tool: 'Result', system: 'Note' }[role]
    const parts = typeof content === 'string' ? [{ type: 'text', text: content } as const] : content
    return parts.flatMap((part): TranscriptParagraph[] => {
      switch (part.type) {
        case 'text':
          return [{ type: 'text', speaker, text: part.text }]
        case 'tool-call':
          return [{ type: 'tool-call', speaker: `${speaker} calls ${part.toolName}`, text: JSON.stringify(part.input) }]
        case 'tool-result':
          return [
            { type: 'tool-result', speaker: `${speaker} of ${part.toolName}`, text: toolOutputToText(part.output) },
          ]
        case 'file':
        case 'image':
          return [{ type: 'file', speaker, text: `[A file: ${part.mediaType ?? 'of an unknown type'}]` }]
        default:
          return []
      }
    })
  })
}
