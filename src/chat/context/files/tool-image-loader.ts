import { type ContentOmissions, noOmissions } from '../../../agent/content-omissions.ts'
import type { ToolImageSupport } from '../../../agent/models/content-support/image-support.ts'
import { estimateImageTokens } from '../../../agent/tokens/estimate-image-tokens.ts'
import { parseBlobUrlPath } from '../../../model/message-content/blob-url.ts'
import type { MessageRecord, ToolCall } from '../../../model/message.ts'
import { parseToolResultContent, parseToolResultFile } from '../../../model/tool-result/tool-result-content.ts'
import type { BlobStore } from '../../../storage/blob-store.ts'
import { isImageMediaType } from '../../../lib/is-image-media-type.ts'
import { pdfMediaType } from '../../attachments/media-type.ts'
import type { MessageFileRepresentation } from './message-file-resolver.ts'
import { findMaxImageEdge, fitImage, type ImageFitting } from './image-fitting.ts'
import { createFileKey } from '../../../agent/create-file-key.ts'
import { noImages, type ToolImageData, type ToolImages } from '../to-model-tool-output.ts'

/** Images that are larger are described instead. In bytes: what a message of an MCP server may have. */
const maxImageBytes = 64 * 1024 * 1024

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
  /** By hash and the size that counts for the request. */
  readonly #dataByKey = new Map<string, ToolImageData>()

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

  /** How many images a request with these messages has: those of people and of tools, and PDFs, which are pictures too. */
  countImages(messages: readonly MessageRecord[], omissions: ContentOmissions = noOmissions): number {
    return countImageFiles(messages) + this.#selectUrls(messages, omissions).length
  }

  /** Returns the newest images of these messages, as many as the model accepts beside those of the user. */
  async load(messages: readonly MessageRecord[], omissions: ContentOmissions = noOmissions): Promise<ToolImages> {
    if (omissions.images) return noImages
    const imageCount = this.countImages(messages, omissions)
    const dataByHash = new Map<string, ToolImageData>()
    for (const url of this.#selectUrls(messages, omissions)) {
      const hash = parseBlobUrlPath(url) ?? ''
      const data = this.#form === 'url' ? url : await this.#read(hash, imageCount)
      // It may have been refused after it was scaled.
      const isRefused =
        data instanceof Uint8Array && omissions.fileKeys.size > 0 && omissions.fileKeys.has(createFileKey(data))
      if (data && !isRefused) dataByHash.set(hash, data)
      if (this.#form === 'url') this.#imageTokens?.set(url, estimateImageTokens(await this.#read(hash, imageCount)))
    }
    return { placement: this.#support.placement, dataByHash }
  }

  /** The URLs of the images that are sent. */
  #selectUrls(messages: readonly MessageRecord[], { images, maxImages, fileKeys }: ContentOmissions): string[] {
    const maxCount = images ? 0 : Math.min(this.#support.maxCount, maxImages)
    const remaining = Math.max(0, maxCount - countImageFiles(messages))
    const urls = messages
      .flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'tool' ? this.#listImageUrls(part.call) : [])))
      .filter((url) => !fileKeys.has(parseBlobUrlPath(url) ?? ''))
    return remaining === 0 ? [] : urls.slice(-remaining)
  }

  async #read(hash: string, imageCount: number): Promise<ToolImageData | null> {
    const maxEdge = this.#imageFitting && findMaxImageEdge(this.#imageFitting, imageCount)
    const key = `${hash} ${maxEdge}`
    const known = this.#dataByKey.get(key)
    const blob = known ? null : await this.#blobs.get(hash)
    if (!blob) return known ?? null
    const image = { bytes: new Uint8Array(blob), mediaType: '' }
    const fitted = this.#imageFitting && maxEdge !== null ? await fitImage(image, this.#imageFitting, maxEdge) : image
    if (fitted) this.#dataByKey.set(key, fitted.bytes)
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

function countImageFiles(messages: readonly MessageRecord[]): number {
  const files = messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'file' ? [part] : [])))
  return files.filter(({ mediaType }) => isImageMediaType(mediaType) || mediaType === pdfMediaType).length
}
