import { toTranscriptParagraphs, type TranscriptParagraph } from '../../agent/text-generation/format-transcript.ts'
import { shortenText } from '../../agent/tokens/shorten-text.ts'
import type { TokenCounter } from '../../agent/tokens/token-counter.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import { decodeUtf8, parseDataUrl } from '../attachments/data-url.ts'
import { isTextMediaType } from '../attachments/media-type.ts'
import { toModelMessages } from '../context/to-model-messages.ts'

/**
 * What of messages is summarised: what was said, and what tools were called with and returned. Of a long text file, call
 * or result, the beginning and the end stay; `maxAttachedTokens` is the limit for each. Other files are only named.
 */
export function composeTranscript(
  messages: readonly MessageRecord[],
  maxAttachedTokens: number,
  counter: TokenCounter,
): TranscriptParagraph[] {
  const shorten = (text: string): string => shortenText(text, maxAttachedTokens, counter)
  const withoutFiles = messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) => (part.type === 'file' ? describeFile(part, shorten) : part)),
  }))
  return toTranscriptParagraphs(toModelMessages(withoutFiles)).map(({ type, speaker, text }) => ({
    type,
    speaker,
    text: type === 'text' ? text : shorten(text),
  }))
}

/** A text file is its content, if it has been loaded into the part. */
function describeFile(
  { mediaType, name, url }: Extract<MessagePart, { type: 'file' }>,
  shorten: (text: string) => string,
): MessagePart {
  const title = name === null ? mediaType : `${name} (${mediaType})`
  const data = isTextMediaType(mediaType) ? parseDataUrl(url) : null
  const content = data && decodeUtf8(data)
  return { type: 'text', text: content === null ? `[File: ${title}]` : `[File: ${title}]\n${shorten(content)}` }
}
