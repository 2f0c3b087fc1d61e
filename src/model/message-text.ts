import type { MessagePart } from './message.ts'

/** What is said in a message, in one text; between two parts, a new line. */
export function toMessageText(parts: readonly MessagePart[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
