import { toFilePartUrl } from '../../model/blob-url.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import { inlineFiles } from '../attachments/attachments.ts'
import { isTextMediaType } from '../attachments/media-type.ts'

/** What stands for a file in the messages for a model: its bytes, or its URL where people read them. */
export type MessageFileRepresentation = 'bytes' | 'url'

/** Puts a message's files into this form. Text files always become their content, because that is what models are sent. */
export async function resolveMessageFiles(
  message: MessageRecord,
  blobs: BlobStore,
  form: MessageFileRepresentation,
): Promise<MessageRecord> {
  if (!message.parts.some(({ type }) => type === 'file')) return message
  if (form === 'bytes') return inlineFiles(message, blobs)
  const { parts, ...rest } = await inlineFiles(message, blobs, isTextMediaType)
  return { ...rest, parts: parts.map((part, index) => toPartWithUrl(part, message.id, index)) }
}

function toPartWithUrl(part: MessageRecord['parts'][number], messageId: string, index: number) {
  if (part.type !== 'file' || isTextMediaType(part.mediaType)) return part
  return { ...part, url: toFilePartUrl({ ...part, messageId, index }) }
}
