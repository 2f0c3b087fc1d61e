import { type ImageSize, maxImageHeaderBytes, readImageSize } from '../../lib/file-conversion/read-image-size.ts'

/** For an image whose size cannot be read, such as one at an https URL. */
const unknownImageTokens = 1_000
/** Providers scale larger images down. */
const maxImageTokens = 1_600

/** The tokens of images by their URLs, for images whose bytes are not at hand where they are counted. */
export type KnownImageTokens = ReadonlyMap<unknown, number>

/**
 * Estimates the number of tokens of an image, which depends on its size in pixels and not on that of its file. `data` is
 * its bytes, a data URL, or any other URL.
 */
export function estimateImageTokens(data: unknown, known?: KnownImageTokens): number {
  const knownTokens = known?.get(data)
  if (knownTokens !== undefined) return knownTokens
  const bytes = readHeader(data)
  const size = bytes && readImageSize(bytes)
  return size ? Math.min(maxImageTokens, Math.max(countTileTokens(size), countPixelTokens(size))) : unknownImageTokens
}

/** OpenAI: the image is scaled down to 2,048 and its shorter side to 768 pixels, then cut into tiles of 512. */
function countTileTokens({ width, height }: ImageSize): number {
  const scale = Math.min(1, 2048 / Math.max(width, height), 768 / Math.min(width, height))
  return 85 + 170 * Math.ceil((width * scale) / 512) * Math.ceil((height * scale) / 512)
}

/** Anthropic: a token for 750 pixels. */
function countPixelTokens({ width, height }: ImageSize): number {
  return Math.ceil((width * height) / 750)
}

function readHeader(data: unknown): Buffer | null {
  if (ArrayBuffer.isView(data))
    return Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, maxImageHeaderBytes))
  const url = data instanceof URL ? data.href : data
  const prefix = typeof url === 'string' ? /^data:[^,]{0,200};base64,/.exec(url)?.[0] : undefined
  if (typeof url !== 'string' || prefix === undefined) return null
  const end = prefix.length + Math.ceil(maxImageHeaderBytes / 3) * 4
  return Buffer.from(url.slice(prefix.length, end), 'base64')
}
