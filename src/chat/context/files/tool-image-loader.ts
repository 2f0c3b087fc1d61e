import { type ContentOmissions, noOmissions } from '../../../agent/content-omissions.ts'
import type { ToolImageSupport } from '../../../agent/models/content-support/image-support.ts'
import { estimateImageTokens } from '../../../agent/tokens/estimate-image-tokens.ts'
import { parseBlobUrlPath } from '../../../model/message-content/blob-url.ts'
import type { MessageRecord, ToolCall } from '../../../model/message.ts'
import { parseToolResultContent, parseToolResultFile } from '../../../model/tool-result/tool-result-content.ts'
import type { BlobStore } from '../../../storage/blob-store.ts'
import type { MessageFileRepresentation } from './message-file-resolver.ts'
import { fitImage, type ImageFitting } from './fit-message-images.ts'
import { createFileKey } from '../../../agent/create-file-key.ts'
import { noImages, type ToolImageData, type ToolImages } from '../to-model-tool-output.ts'

/** Images that are larger are described instead. In bytes. */
const maxImageBytes = 20 * 1024 * 1024

/** How images of tools are sent. */
export interface ToolImageLoaderOptions {
  /** Default: bytes. */
  readonly form?: MessageFileRepresentation
  /** Filled with the tokens of images that become URLs. Null, the default: they are not counted. */
  readonly imageTokens?: Map<unknown, number> | null
  /** How they are scaled down to what the provider accepts. Null, the default: they are not. */
  readonly imageFitting?: ImageFitting | null
}

/** Loads the images of tool results for requests to a model. Each image is read once. */
export class ToolImageLoader {
  readonly #blobs: BlobStore
  readonly #support: ToolImageSupport
  readonly #form: MessageFileRepresentation
  readonly #imageTokens: Map<unknown, number> | null
  readonly #imageFitting: ImageFitting | null
  readonly #dataByHash = new Map<string, ToolImageData>()

  constructor(
    blobs: BlobStore,
    support: ToolImageSupport,
    { form = 'bytes', imageTokens = null, imageFitting = null }: ToolImageLoaderOptions = {},
  ) {
    this.#imageTokens = imageTokens
    this.#imageFitting = imageFitting
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
      // It may have been refused after it was scaled.
      const isRefused =
        data instanceof Uint8Array && omissions.fileKeys.size > 0 && omissions.fileKeys.has(createFileKey(data))
      if (data && !isRefused) dataByHash.set(hash, data)
      if (this.#form === 'url') this.#imageTokens?.set(url, estimateImageTokens(await this.#read(hash)))
    }
    return { placement, dataByHash }
  }

  async #read(hash: string): Promise<ToolImageData | null> {
    const known = this.#dataByHash.get(hash)
    const blob = known ? null : await this.#blobs.get(hash)
    if (!blob) return known ?? null
    const image = { bytes: new Uint8Array(blob), mediaType: '' }
    const fitted = this.#imageFitting ? await fitImage(image, this.#imageFitting) : image
    if (fitted) this.#dataByHash.set(hash, fitted.bytes)
    return fitted?.bytes ?? null
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
      // Those in HEIC and AVIF become JPEG.
      const sentMediaType = /^image\/(avif|hei[cf])$/.test(mediaType) ? 'image/jpeg' : mediaType
      const isAccepted = mediaTypes.includes(sentMediaType) && size <= maxImageBytes
      return hash !== null && isAccepted && resultBlobs.includes(hash) && url !== null ? [url] : []
    })
  }
}
