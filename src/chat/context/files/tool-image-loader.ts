import { type ContentOmissions, noOmissions } from '../../../agent/content-omissions.ts'
import type { ToolImageSupport } from '../../../agent/models/image-support.ts'
import { estimateImageTokens } from '../../../agent/tokens/estimate-image-tokens.ts'
import { parseBlobUrlPath } from '../../../model/message-content/blob-url.ts'
import type { MessageRecord, ToolCall } from '../../../model/message.ts'
import { parseToolResultContent, parseToolResultFile } from '../../../model/tool-result/tool-result-content.ts'
import type { BlobStore } from '../../../storage/blob-store.ts'
import type { MessageFileRepresentation } from './message-file-resolver.ts'
import { noImages, type ToolImageData, type ToolImages } from '../to-model-tool-output.ts'

/** Images that are larger are described instead, because providers refuse them. In bytes. */
const maxImageBytes = 5 * 1024 * 1024

/** Loads the images of tool results for requests to a model. Each image is read once. */
export class ToolImageLoader {
  readonly #blobs: BlobStore
  readonly #support: ToolImageSupport
  readonly #form: MessageFileRepresentation
  readonly #imageTokens: Map<unknown, number> | null
  readonly #dataByHash = new Map<string, ToolImageData>()

  /** `imageTokens` is filled with the tokens of images that become URLs. Null: they are not counted. */
  constructor(
    blobs: BlobStore,
    support: ToolImageSupport,
    form: MessageFileRepresentation = 'bytes',
    imageTokens: Map<unknown, number> | null = null,
  ) {
    this.#imageTokens = imageTokens
    this.#blobs = blobs
    this.#support = support
    this.#form = form
  }

  /** Returns the newest images of these messages, as many as the model accepts beside those of the user. */
  async load(messages: readonly MessageRecord[], omissions: ContentOmissions = noOmissions): Promise<ToolImages> {
    if (omissions.images) return noImages
    const { placement } = this.#support
    const maxCount = Math.min(this.#support.maxCount, omissions.maxImages)
    const dataByHash = new Map<string, ToolImageData>()
    const parts = messages.flatMap((message) => message.parts)
    const remaining = Math.max(0, maxCount - parts.filter(({ type }) => type === 'file').length)
    const urls = parts
      .flatMap((part) => (part.type === 'tool' ? this.#listImageUrls(part.call) : []))
      .filter((url) => !omissions.fileKeys.has(parseBlobUrlPath(url) ?? ''))
    for (const url of remaining === 0 ? [] : urls.slice(-remaining)) {
      const hash = parseBlobUrlPath(url) ?? ''
      const data = this.#form === 'url' ? url : await this.#read(hash)
      if (data) dataByHash.set(hash, data)
      if (this.#form === 'url') this.#imageTokens?.set(url, estimateImageTokens(await this.#read(hash)))
    }
    return { placement, dataByHash }
  }

  async #read(hash: string): Promise<ToolImageData | null> {
    const known = this.#dataByHash.get(hash)
    const blob = known ? null : await this.#blobs.get(hash)
    if (!blob) return known ?? null
    const bytes = new Uint8Array(blob)
    this.#dataByHash.set(hash, bytes)
    return bytes
  }

  /** The URLs of the images that the model accepts. */
  #listImageUrls({ result, resultBlobs = [] }: ToolCall): string[] {
    const { placement, mediaTypes } = this.#support
    if (placement === 'none' || resultBlobs.length === 0) return []
    const files = (parseToolResultContent(result)?.content ?? []).flatMap(
      (element) => parseToolResultFile(element) ?? [],
    )
    return files.flatMap(({ mediaType, size, url }) => {
      const hash = parseBlobUrlPath(url ?? '')
      const isAccepted = mediaTypes.includes(mediaType) && size <= maxImageBytes
      return hash !== null && isAccepted && resultBlobs.includes(hash) && url !== null ? [url] : []
    })
  }
}
