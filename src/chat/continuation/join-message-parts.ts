import type { MessagePart, MessageRecord } from '../../model/message.ts'
import { toMessageText } from '../../model/message-content/message-text.ts'

/** The parts of one message that says what several have said: their texts as paragraphs, then their files. */
export function joinMessageParts(messages: readonly MessageRecord[]): readonly MessagePart[] {
  const [first, ...others] = messages
  if (others.length === 0) return first?.parts ?? []
  const texts = messages.map(({ parts }) => toMessageText(parts)).filter((text) => text !== '')
  const files = messages.flatMap(({ parts }) => parts.filter(({ type }) => type === 'file'))
  return [...(texts.length > 0 ? [{ type: 'text', text: texts.join('\n\n') } as const] : []), ...files]
}
