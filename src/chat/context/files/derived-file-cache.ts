import { createHash } from 'node:crypto'
import type { ImageLimits } from '../../../lib/file-conversion/convert-image.ts'
import type { PdfText } from '../../../lib/file-conversion/extract-pdf-text.ts'
import type { FileConverter } from '../../../lib/file-conversion/file-converter.ts'
import { detectFileFormat } from '../../../lib/file-conversion/detect-convertible-format.ts'
import { readImageSize } from '../../../lib/file-conversion/read-image-size.ts'
import { LruCache } from '../../../lib/lru-cache.ts'

/** The bytes of an image with their type. */
export interface ImageFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mediaType: string
}

/** Each text has a MiB at most, each image what a provider accepts. */
const maxEntries = 32

/** What is made of stored files for requests to models. Every request of an answer needs it again, so it is cached. */
export class DerivedFileCache {
  readonly #converter: FileConverter
  readonly #pdfTexts = new LruCache<string, Promise<PdfText | null>>(maxEntries)
  readonly #scaledImages = new LruCache<string, Promise<ImageFile | null>>(maxEntries)

  constructor(converter: FileConverter) {
    this.#converter = converter
  }

  /** The text of a PDF. Null if it cannot be read. */
  readPdfText(bytes: Uint8Array): Promise<PdfText | null> {
    return getOrCreate(this.#pdfTexts, hashOf(bytes), () => this.#converter.extractPdfText(bytes))
  }

  /**
   * An image within limits: as it is, or scaled down. One in HEIC or AVIF becomes JPEG. Null if it is too large and cannot be
   * scaled, or cannot be converted.
   */
  async fitImage(image: ImageFile, limits: ImageLimits): Promise<ImageFile | null> {
    const format = detectFileFormat(Buffer.from(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength))
    const isConverted = format === 'heic' || format === 'avif'
    if (!isConverted && isWithinLimits(image.bytes, limits)) return image
    const key = `${hashOf(image.bytes)} ${limits.maxBytes} ${limits.maxEdge}`
    return getOrCreate(this.#scaledImages, key, async () => {
      const { bytes, mediaType } = isConverted ? await this.#converter.convertToJpeg(image.bytes, format) : image
      return isWithinLimits(bytes, limits) ? { bytes, mediaType } : this.#converter.scaleImage(bytes, limits)
    })
  }
}

/** A file that cannot be converted now is not tried again for as long as it is in the cache. */
function getOrCreate<Value>(
  cache: LruCache<string, Promise<Value | null>>,
  key: string,
  create: () => Promise<Value>,
): Promise<Value | null> {
  const cached = cache.get(key) ?? create().catch(() => null)
  cache.set(key, cached)
  return cached
}

function isWithinLimits(bytes: Uint8Array, { maxBytes, maxEdge }: ImageLimits): boolean {
  if (bytes.length > maxBytes) return false
  const { width, height } = readImageSize(bytes) ?? { width: 0, height: 0 }
  return Math.max(width, height) <= maxEdge
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
