import { shortenText } from '../../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../../agent/tokens/token-counter.ts'
import type { MessagePart, MessageRecord } from '../../../model/message.ts'
import { toFileContent } from '../to-file-content.ts'

/** Cuts long texts and text files of a message to their beginning and end. */
export function shortenLongMessage(message: MessageRecord, maxTokens: number, counter: TokenCounter): MessageRecord {
  const parts = message.parts.map((part): MessagePart => {
    const text = readPartText(part)
    if (text === null) return part
    const shortened = shortenText(text, maxTokens, counter)
    return shortened === text ? part : { type: 'text', text: shortened }
  })
  return { ...message, parts }
}

/** The text of a part that is one, or the content of a text file. Null for others. */
export function readPartText(part: MessagePart): string | null {
  if (part.type === 'text') return part.text
  if (part.type !== 'file') return null
  const content = toFileContent(part)
  return content.type === 'text' ? content.text : null
}
