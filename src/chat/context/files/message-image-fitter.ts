import { createFileKey } from '../../../agent/create-file-key.ts'
import { isImageMediaType } from '../../../lib/is-image-media-type.ts'
import type { MessagePart, MessageRecord } from '../../../model/message.ts'
import { parseDataUrl, toDataUrl } from '../../attachments/data-url.ts'
import type { ImageFile } from './derived-file-cache.ts'
import { findMaxImageEdge, fitImage, type ImageFitting } from './image-fitting.ts'
import { createOmissionNote } from './omit-message-files.ts'

type FilePart = Extract<MessagePart, { readonly type: 'file' }>

/** How the images of a request are fitted. */
export interface ImageFittingRequest {
  /** How many images the request has, those of tools included. */
  readonly imageCount: number
  /** The images that the provider has refused, see `createFileKey`. */
  readonly fileKeys: ReadonlySet<string>
}

/** Scales the images of messages, which are data URLs, down to what a provider accepts. Each part is scaled once. */
export class MessageImageFitter {
  readonly #fitting: ImageFitting
  /** Null: the part stays as it is. */
  readonly #images = new WeakMap<FilePart, { readonly maxEdge: number; readonly image: Promise<ImageFile | null> }>()

  constructor(fitting: ImageFitting) {
    this.#fitting = fitting
  }

  /** An image that cannot be scaled stays. One that was refused after it was scaled becomes a line of text. */
  async fit(messages: readonly MessageRecord[], request: ImageFittingRequest): Promise<MessageRecord[]> {
    const fitted: MessageRecord[] = []
    for (const message of messages) {
      if (!message.parts.some(({ type }) => type === 'file')) fitted.push(message)
      else
        fitted.push({
          ...message,
          parts: await Promise.all(
            message.parts.map((part) => (part.type === 'file' ? this.#fitPart(part, request) : part)),
          ),
        })
    }
    return fitted
  }

  async #fitPart(part: FilePart, { imageCount, fileKeys }: ImageFittingRequest): Promise<MessagePart> {
    const maxEdge = findMaxImageEdge(this.#fitting, imageCount)
    const known = this.#images.get(part)
    const found = known?.maxEdge === maxEdge ? known : { maxEdge, image: this.#fitImage(part, maxEdge) }
    this.#images.set(part, found)
    const image = await found.image
    if (!image) return part
    if (fileKeys.has(createFileKey(image.bytes))) return createOmissionNote(part, 'its provider could not read it')
    return { ...part, mediaType: image.mediaType, url: toDataUrl(image.mediaType, Buffer.from(image.bytes)) }
  }

  async #fitImage({ mediaType, url }: FilePart, maxEdge: number): Promise<ImageFile | null> {
    const content = isImageMediaType(mediaType) ? parseDataUrl(url) : null
    if (!content) return null
    const image = { bytes: new Uint8Array(content.bytes), mediaType }
    const fitted = await fitImage(image, this.#fitting, maxEdge)
    return fitted === image ? null : fitted
  }
}
