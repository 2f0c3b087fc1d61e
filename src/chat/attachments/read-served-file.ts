import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { parseBlobUrl } from '../../model/message-content/blob-url.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { BlobStore, OpenBlob } from '../../storage/blob-store.ts'
import type { BlobReferenceReader } from '../../storage/event-store.ts'
import type { UploadStore } from '../../storage/uploads/upload-store.ts'
import { type DecodedDataUrl, parseDataUrl } from './data-url.ts'
import type { ServedFileTarget } from './parse-served-file-path.ts'

/** The profile that files are read from. */
export interface ServedFileProfile {
  readonly blobs: Pick<BlobStore, 'get' | 'open'>
  /** A message by id, stored or streaming. */
  readonly findMessage: (id: string) => Promise<MessageRecord | null>
  readonly uploads: Pick<UploadStore, 'find'>
  readonly references: Pick<BlobReferenceReader, 'findUnreferencedBlobs'>
}

export interface ServedFile extends DecodedDataUrl {
  /** Null if it has none, as every file of a tool result. */
  readonly name: string | null
}

/** A served file without its content. */
interface ServedFileEntry extends Pick<ServedFile, 'mediaType' | 'name'> {
  /** The hash of its blob, or its bytes: old messages have them in a data URL. */
  readonly content: string | Buffer
}

/** A served file that can be read in chunks. */
export interface OpenServedFile extends Pick<ServedFile, 'mediaType' | 'name'>, OpenBlob {
  /** The SHA-256 of its bytes in hex. */
  readonly hash: string
}

/** Reads what a path below `/files` refers to. Null if the profile has no such file. */
export async function readServedFile(target: ServedFileTarget, profile: ServedFileProfile): Promise<ServedFile | null> {
  const entry = await findServedFile(target, profile)
  if (!entry) return null
  const { content, mediaType, name } = entry
  const bytes = typeof content === 'string' ? await profile.blobs.get(content) : content
  return bytes && { bytes, mediaType, name }
}

/** Opens what a path below `/files` refers to. Null if the profile has no such file. Dispose of it. */
export async function openServedFile(
  target: ServedFileTarget,
  profile: ServedFileProfile,
): Promise<OpenServedFile | null> {
  const entry = await findServedFile(target, profile)
  if (!entry) return null
  const { content, ...labels } = entry
  if (typeof content !== 'string')
    return { ...labels, ...openBytes(content), hash: createHash('sha256').update(content).digest('hex') }
  const blob = await profile.blobs.open(content)
  return blob && { ...labels, ...blob, hash: content }
}

/** Whether the profile has what a path below `/files` refers to. */
export async function hasServedFile(target: ServedFileTarget, profile: ServedFileProfile): Promise<boolean> {
  return (await findServedFile(target, profile)) !== null
}

async function findServedFile(
  target: ServedFileTarget,
  { findMessage, uploads, references }: ServedFileProfile,
): Promise<ServedFileEntry | null> {
  switch (target.type) {
    case 'attachment': {
      const part = (await findMessage(target.messageId))?.parts[target.partIndex]
      if (part?.type !== 'file') return null
      const { name, mediaType, url } = part
      const hash = parseBlobUrl(url)
      if (hash !== null) return { name, mediaType, content: hash }
      const data = parseDataUrl(url)
      return data && { name, mediaType: data.mediaType, content: data.bytes }
    }
    case 'upload': {
      const upload = await uploads.find(target.id)
      return upload && { mediaType: upload.mediaType, name: upload.name, content: upload.hash }
    }
    case 'toolResult': {
      const { hash, mediaType } = target
      // What nothing refers to any more, as after the deletion of its session, may still be on disk for a while.
      const isGarbage = (await references.findUnreferencedBlobs([hash])).length > 0
      return isGarbage ? null : { mediaType: mediaType ?? 'text/plain; charset=utf-8', name: null, content: hash }
    }
  }
}

function openBytes(bytes: Buffer): OpenBlob {
  return {
    size: bytes.length,
    read: (start, end) => Readable.from([bytes.subarray(start, end + 1)]),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
