import { disableTypes, imageSize, types } from 'image-size'

/** The size of an image, in pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** What models accept. The parsers of other formats need not read what people and tools send. */
const imageFormats: ReadonlySet<string> = new Set(['png', 'jpg', 'gif', 'webp'])
disableTypes(types.filter((format) => !imageFormats.has(format)))

/** How much of an image is looked at for its size, in bytes. */
export const maxImageHeaderBytes = 65_536

/** Null if the head of the file does not tell its size, or if it is none of the formats. */
export function readImageSize(bytes: Uint8Array): ImageSize | null {
  try {
    // A copy: the parser reads on in the buffer of bytes that are too few.
    const { width, height } = imageSize(new Uint8Array(bytes.subarray(0, maxImageHeaderBytes)))
    return width > 0 && height > 0 ? { width, height } : null
  } catch {
    return null
  }
}
