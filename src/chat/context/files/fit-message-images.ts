import { createFileKey } from '../../../agent/create-file-key.ts'
import type { ImageLimits } from '../../../lib/file-conversion/convert-image.ts'
import type { MessagePart, MessageRecord } from '../../../model/message.ts'
import { parseDataUrl, toDataUrl } from '../../attachments/data-url.ts'
import { isImageMediaType } from '../../../lib/is-image-media-type.ts'
import type { DerivedFileCache, ImageFile } from './derived-file-cache.ts'
import { createOmissionNote } from './omit-message-files.ts'

/** What scales images down to what a provider accepts. */
export interface ImageFitting {
  readonly derivedFiles: DerivedFileCache
  readonly limits: ImageLimits
}

type FilePart = Extract<MessagePart, { readonly type: 'file' }>

/** An image within the limits of a provider. Null if it is too large and cannot be scaled. */
export function fitImage(image: ImageFile, { derivedFiles, limits }: ImageFitting): Promise<ImageFile | null> {
  return derivedFiles.fitImage(image, limits)
}

/**
 * Scales the images of messages, which are data URLs, down to what a provider accepts. One that cannot be scaled stays. One
 * that was refused after it was scaled, and is in `fileKeys`, becomes a line of text.
 */
export async function fitMessageImages(
  messages: readonly MessageRecord[],
  fitting: ImageFitting,
  fileKeys: ReadonlySet<string>,
): Promise<MessageRecord[]> {
  const fitPart = async (part: FilePart): Promise<MessagePart> => {
    const image = isImageMediaType(part.mediaType) ? parseDataUrl(part.url) : null
    if (!image) return part
    const source = { bytes: new Uint8Array(image.bytes), mediaType: part.mediaType }
    const fitted = await fitImage(source, fitting)
    if (!fitted || fitted === source) return part
    if (fileKeys.has(createFileKey(fitted.bytes))) return createOmissionNote(part, 'its provider could not read it')
    return { ...part, mediaType: fitted.mediaType, url: toDataUrl(fitted.mediaType, Buffer.from(fitted.bytes)) }
  }
  const fitted: MessageRecord[] = []
  for (const message of messages) {
    if (!message.parts.some(({ type }) => type === 'file')) fitted.push(message)
    else
      fitted.push({
        ...message,
        parts: await Promise.all(message.parts.map((part) => (part.type === 'file' ? fitPart(part) : part))),
      })
  }
  return fitted
}
