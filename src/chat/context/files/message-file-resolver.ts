import { estimateImageTokens } from '../../../agent/tokens/estimate-image-tokens.ts'
import { toFilePartUrl } from '../../../model/message-content/blob-url.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { BlobStore } from '../../../storage/blob-store.ts'
import { inlineFiles } from '../../attachments/attachments.ts'
import { isImageMediaType } from '../../../lib/is-image-media-type.ts'
import { isTextMediaType } from '../../attachments/media-type.ts'

/** What stands for a file in the messages for a model: its bytes, or its URL where people read them. */
export type MessageFileRepresentation = 'bytes' | 'url'

/**
 * Puts the files of messages into one form. Text files always become their content, because that is what models are sent.
 * The files of each record are read once.
 */
export class MessageFileResolver {
  readonly #blobs: BlobStore
  readonly #form: MessageFileRepresentation
  readonly #imageTokens: Map<unknown, number> | null
  readonly #resolved = new WeakMap<MessageRecord, MessageRecord>()

  /** `imageTokens` is filled with the tokens of images that become URLs. Null: they are not counted. */
  constructor(blobs: BlobStore, form: MessageFileRepresentation, imageTokens: Map<unknown, number> | null) {
    this.#blobs = blobs
    this.#form = form
    this.#imageTokens = imageTokens
  }

  /** The messages that are not included are returned as they are. */
  async resolve(
    messages: readonly MessageRecord[],
    includes: (message: MessageRecord) => boolean,
  ): Promise<MessageRecord[]> {
    const resolved: MessageRecord[] = []
    for (const message of messages) resolved.push(includes(message) ? await this.#resolveMessage(message) : message)
    return resolved
  }

  async #resolveMessage(message: MessageRecord): Promise<MessageRecord> {
    if (!message.parts.some(({ type }) => type === 'file')) return message
    const resolved = this.#resolved.get(message) ?? (await this.#readFiles(message))
    this.#resolved.set(message, resolved)
    return resolved
  }

  async #readFiles(message: MessageRecord): Promise<MessageRecord> {
    if (this.#form === 'bytes') return inlineFiles(message, this.#blobs)
    const { parts, ...rest } = await inlineFiles(message, this.#blobs, isTextMediaType)
    const partsWithUrls = parts.map((part, index) => toPartWithUrl(part, message.id, index))
    if (this.#imageTokens) await this.#measureImages(message, partsWithUrls, this.#imageTokens)
    return { ...rest, parts: partsWithUrls }
  }

  async #measureImages(
    message: MessageRecord,
    partsWithUrls: MessageRecord['parts'],
    imageTokens: Map<unknown, number>,
  ): Promise<void> {
    const { parts } = await inlineFiles(message, this.#blobs, isImageMediaType)
    for (const [index, part] of parts.entries()) {
      const shown = partsWithUrls[index]
      if (part.type === 'file' && shown?.type === 'file' && isImageMediaType(part.mediaType))
        imageTokens.set(shown.url, estimateImageTokens(part.url))
    }
  }
}

function toPartWithUrl(part: MessageRecord['parts'][number], messageId: string, index: number) {
  if (part.type !== 'file' || isTextMediaType(part.mediaType)) return part
  return { ...part, url: toFilePartUrl({ ...part, messageId, index }) }
}
