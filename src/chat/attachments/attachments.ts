import { parseBlobUrl, toBlobUrl } from '../../model/message-content/blob-url.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import { parseDataUrl, toDataUrl } from './data-url.ts'

type FilePart = Extract<MessagePart, { readonly type: 'file' }>

/** Moves the bytes of a part from its data URL to the blob store. Other parts are returned as they are. */
export async function externalizeFile<Part extends MessagePart>(part: Part, store: BlobStore): Promise<Part> {
  const data = part.type === 'file' ? parseDataUrl(part.url) : null
  return data ? { ...part, url: toBlobUrl(await store.put(data.bytes)) } : part
}

/** Puts the bytes of a message's stored files into data URLs, for a request to a model: of all, or of some types. */
export async function inlineFiles(
  message: MessageRecord,
  store: BlobStore,
  includesType: (mediaType: string) => boolean = () => true,
): Promise<MessageRecord> {
  if (!message.parts.some((part) => part.type === 'file' && parseBlobUrl(part.url))) return message
  const parts: MessagePart[] = []
  for (const part of message.parts)
    parts.push(part.type === 'file' && includesType(part.mediaType) ? await inlineFile(part, store) : part)
  return { ...message, parts }
}

async function inlineFile(part: FilePart, store: BlobStore): Promise<MessagePart> {
  const hash = parseBlobUrl(part.url)
  if (hash === null) return part
  const bytes = await store.get(hash)
  if (bytes) return { ...part, url: toDataUrl(part.mediaType, bytes) }
  return { type: 'text', text: `[The file ${part.name ?? part.mediaType} is no longer available.]` }
}
