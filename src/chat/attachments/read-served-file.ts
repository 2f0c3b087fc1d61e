import { parseBlobUrl } from '../../model/message-content/blob-url.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import { type DecodedDataUrl, parseDataUrl } from './data-url.ts'
import type { UploadStore } from '../../storage/uploads/upload-store.ts'
import type { ServedFileTarget } from './parse-served-file-path.ts'

/** The profile that files are read from. */
export interface ServedFileProfile {
  readonly blobs: Pick<BlobStore, 'get'>
  /** A message by id, stored or streaming. */
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
  readonly uploads: Pick<UploadStore, 'find'>
}

export interface ServedFile extends DecodedDataUrl {
  /** Null if it has none, as every file of a tool result. */
  readonly name: string | null
}

/** Reads what a path below `/files` refers to. Null if the profile has no such file. */
export async function readServedFile(target: ServedFileTarget, profile: ServedFileProfile): Promise<ServedFile | null> {
  switch (target.type) {
    case 'attachment':
      return readAttachment(target, profile)
    case 'upload':
      return readUpload(target.id, profile)
    case 'toolResult':
      return readToolResult(target, profile)
  }
}

async function readAttachment(
  { messageId, partIndex }: Extract<ServedFileTarget, { type: 'attachment' }>,
  { blobs, findMessage }: ServedFileProfile,
): Promise<ServedFile | null> {
  const message = await findMessage(messageId)
  const part = message?.parts[partIndex]
  if (part?.type !== 'file') return null
  const { name, mediaType, url } = part
  const hash = parseBlobUrl(url)
  const file = hash === null ? parseDataUrl(url) : await blobs.get(hash).then((bytes) => bytes && { mediaType, bytes })
  return file && { ...file, name }
}

async function readUpload(id: string, { blobs, uploads }: ServedFileProfile): Promise<ServedFile | null> {
  const upload = await uploads.find(id)
  const bytes = upload && (await blobs.get(upload.hash))
  return bytes && { mediaType: upload.mediaType, bytes, name: upload.name }
}

async function readToolResult(
  { hash, mediaType }: Extract<ServedFileTarget, { type: 'toolResult' }>,
  { blobs }: ServedFileProfile,
): Promise<ServedFile | null> {
  const bytes = await blobs.get(hash)
  return bytes && { mediaType: mediaType ?? 'text/plain; charset=utf-8', bytes, name: null }
}
