import type { ContentOmissions } from '../../../agent/content-omissions.ts'
import { createFileKey } from '../../../agent/create-file-key.ts'
import type { PdfSupport } from '../../../agent/models/content-support/pdf-support.ts'
import { estimateTextTokens } from '../../../agent/tokens/estimate-text-tokens.ts'
import type { PdfText } from '../../../lib/file-conversion/extract-pdf-text.ts'
import { parseBlobUrl, toFilePartUrl } from '../../../model/message-content/blob-url.ts'
import type { MessagePart, MessageRecord } from '../../../model/message.ts'
import type { BlobStore } from '../../../storage/blob-store.ts'
import { parseDataUrl, toDataUrl } from '../../attachments/data-url.ts'
import { pdfMediaType } from '../../attachments/media-type.ts'
import type { DerivedFileCache } from './derived-file-cache.ts'

type FilePart = Extract<MessagePart, { readonly type: 'file' }>
type PdfOmissions = Pick<ContentOmissions, 'otherFiles' | 'fileKeys'>

export interface PdfResolverOptions {
  readonly blobs: BlobStore
  readonly derivedFiles: DerivedFileCache
  /** What the model reads itself. Null: no PDFs. */
  readonly support: PdfSupport | null
  /** Filled with the tokens of the PDFs that the model reads itself, by their URLs. Null: they are not counted. */
  readonly fileTokens: Map<unknown, number> | null
}

/** Providers send a picture of each page to the model, beside its text. */
const pageTokens = 1_500

/** Whether the text of a file stands in its place where a model does not read the file itself. */
export function isReadablePdf({ mediaType, url }: FilePart): boolean {
  return mediaType === pdfMediaType && !/^https:/i.test(url)
}

/** Replaces the PDFs that a model does not read with their text, as text files of the same name. */
export class PdfResolver {
  readonly #options: PdfResolverOptions
  /** The last result for each message, so that the files of a message are read once. */
  readonly #resolved = new WeakMap<MessageRecord, MessageRecord>()

  constructor(options: PdfResolverOptions) {
    this.#options = options
  }

  /** The messages that are not included are returned as they are. */
  async resolve(
    messages: readonly MessageRecord[],
    includes: (message: MessageRecord) => boolean,
    omissions: PdfOmissions,
  ): Promise<MessageRecord[]> {
    const resolved: MessageRecord[] = []
    for (const message of messages)
      resolved.push(includes(message) ? await this.#resolveMessage(message, omissions) : message)
    return resolved
  }

  async #resolveMessage(message: MessageRecord, omissions: PdfOmissions): Promise<MessageRecord> {
    if (!message.parts.some((part) => part.type === 'file' && isReadablePdf(part))) return message
    const parts: MessagePart[] = []
    for (const [index, part] of message.parts.entries())
      parts.push(
        part.type === 'file' && isReadablePdf(part)
          ? await this.#resolvePdf(part, { message, index, omissions })
          : part,
      )
    if (parts.every((part, index) => part === message.parts[index])) return message
    const earlier = this.#resolved.get(message)
    const isSame = earlier?.parts.every(
      (part, index) => part.type === parts[index]?.type && isSameUrl(part, parts[index]),
    )
    const resolved = earlier && isSame ? earlier : { ...message, parts }
    this.#resolved.set(message, resolved)
    return resolved
  }

  async #resolvePdf(
    part: FilePart,
    place: { readonly message: MessageRecord; readonly index: number; readonly omissions: PdfOmissions },
  ): Promise<FilePart> {
    const { blobs, derivedFiles, support, fileTokens } = this.#options
    const hash = parseBlobUrl(part.url)
    const bytes = hash === null ? (parseDataUrl(part.url)?.bytes ?? null) : await blobs.get(hash)
    // A note says later that it is gone.
    if (!bytes) return part
    const text = await derivedFiles.readPdfText(bytes)
    const { otherFiles, fileKeys } = place.omissions
    const isRefused = otherFiles || fileKeys.has(hash ?? createFileKey(part.url))
    if (!isRefused && support && bytes.length <= support.maxBytes && (text?.pageCount ?? 1) <= support.maxPages) {
      const tokens = (text?.pageCount ?? 1) * pageTokens + estimateTextTokens(text?.pages.join('\n') ?? '', 'o200k')
      const urls = [
        toDataUrl(part.mediaType, bytes),
        toFilePartUrl({ ...part, messageId: place.message.id, index: place.index }),
      ]
      for (const url of urls) fileTokens?.set(url, tokens)
      return part
    }
    return { ...part, mediaType: 'text/plain', url: toDataUrl('text/plain', Buffer.from(formatPdfText(text))) }
  }
}

function isSameUrl(part: MessagePart, other: MessagePart | undefined): boolean {
  return part.type !== 'file' || (other?.type === 'file' && part.url === other.url)
}

function formatPdfText(text: PdfText | null): string {
  if (text === null) return '[The text of this PDF cannot be read.]'
  const { pageCount, pages } = text
  if (pages.every((page) => page === '') && pages.length === pageCount)
    return '[This PDF has no text: its pages are pictures, which you cannot see.]'
  const formatted = pageCount === 1 ? pages : pages.map((page, index) => `[Page ${index + 1}]\n${page}`)
  const rest = pages.length < pageCount ? [`[The other ${pageCount - pages.length} pages are left out.]`] : []
  return [...formatted, ...rest].join('\n\n')
}
