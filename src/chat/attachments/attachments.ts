import { isUtf8 } from 'node:buffer'
import { parseBlobUrl, toBlobUrl } from '../../model/blob-url.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import { parseDataUrl, toDataUrl } from './data-url.ts'
import { decodeTextFile } from './decode-text-file.ts'
import { detectFileMediaType } from './detect-file-media-type.ts'
import { isTextMediaType, toMediaTypeEssence } from './media-type.ts'
import type { FileInput } from './validate-message-files.ts'

type FilePart = Extract<MessagePart, { readonly type: 'file' }>

/** Turns a valid file into a part of a message, text in UTF-8. Resolves when its bytes are stored. */
export async function storeAttachment({ name, mediaType, url }: FileInput, store: BlobStore): Promise<FilePart> {
  const type = detectFileMediaType({ mediaType, url }) ?? toMediaTypeEssence(mediaType)
  return externalizeFile(
    {
      type: 'file',
      mediaType: type,
      name: name?.toWellFormed() ?? null,
      url: isTextMediaType(type) ? toUtf8DataUrl(type, url) : url,
    },
    store,
  )
}

/** Other URLs, and text that is in UTF-8 already, are returned as they are. */
function toUtf8DataUrl(mediaType: string, url: string): string {
  const bytes = parseDataUrl(url)?.bytes
  if (!bytes || isUtf8(bytes)) return url
  return toDataUrl(mediaType, Buffer.from(decodeTextFile(bytes) ?? ''))
}

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
