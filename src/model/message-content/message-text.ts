import type { MessagePart } from '../message.ts'

/** The text parts of a message, joined with newlines. */
export function toMessageText(parts: readonly MessagePart[]): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
