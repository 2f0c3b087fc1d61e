import { toFilePartUrl } from '../../../model/blob-url.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { BlobStore } from '../../../storage/blob-store.ts'
import { inlineFiles } from '../../attachments/attachments.ts'
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
  readonly #resolved = new WeakMap<MessageRecord, MessageRecord>()

  constructor(blobs: BlobStore, form: MessageFileRepresentation) {
    this.#blobs = blobs
    this.#form = form
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
    return { ...rest, parts: parts.map((part, index) => toPartWithUrl(part, message.id, index)) }
  }
}

function toPartWithUrl(part: MessageRecord['parts'][number], messageId: string, index: number) {
  if (part.type !== 'file' || isTextMediaType(part.mediaType)) return part
  return { ...part, url: toFilePartUrl({ ...part, messageId, index }) }
}
