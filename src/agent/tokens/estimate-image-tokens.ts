/** The size of an image, in pixels. */
interface ImageSize {
  readonly width: number
  readonly height: number
}

/** For an image whose size cannot be read, such as one at an https URL. */
const unknownImageTokens = 1_000
/** Providers scale larger images down. */
const maxImageTokens = 1_600
/** How much of an image is looked at for its size, in bytes. */
const maxHeaderBytes = 65_536

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
    return Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, maxHeaderBytes))
  const url = data instanceof URL ? data.href : data
  const prefix = typeof url === 'string' ? /^data:[^,]{0,200};base64,/.exec(url)?.[0] : undefined
  if (typeof url !== 'string' || prefix === undefined) return null
  const end = prefix.length + Math.ceil(maxHeaderBytes / 3) * 4
  return Buffer.from(url.slice(prefix.length, end), 'base64')
}

/** Reads the size from the head of a PNG, GIF, WebP or JPEG file. Null if it is none, or is not in it. */
function readImageSize(bytes: Buffer): ImageSize | null {
  return readPngSize(bytes) ?? readGifSize(bytes) ?? readWebpSize(bytes) ?? readJpegSize(bytes)
}

function toSize(width: number, height: number): ImageSize | null {
  return width > 0 && height > 0 ? { width, height } : null
}

function hasText(bytes: Buffer, offset: number, text: string): boolean {
  return bytes.toString('latin1', offset, offset + text.length) === text
}

function readPngSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < 24 || !hasText(bytes, 0, '\x89PNG') || !hasText(bytes, 12, 'IHDR')) return null
  return toSize(bytes.readUInt32BE(16), bytes.readUInt32BE(20))
}

function readGifSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < 10 || !hasText(bytes, 0, 'GIF8')) return null
  return toSize(bytes.readUInt16LE(6), bytes.readUInt16LE(8))
}

function readWebpSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < 30 || !hasText(bytes, 0, 'RIFF') || !hasText(bytes, 8, 'WEBP')) return null
  if (hasText(bytes, 12, 'VP8X')) return toSize(bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1)
  if (hasText(bytes, 12, 'VP8 ')) return toSize(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff)
  if (!hasText(bytes, 12, 'VP8L')) return null
  const bits = bytes.readUInt32LE(21)
  return toSize((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
}

/** Skips the segments of a JPEG file until the one that starts a frame. */
function readJpegSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null
  let offset = 2
  while (offset + 9 <= bytes.length) {
    if (bytes[offset] !== 0xff) return null
    const marker = bytes[offset + 1] ?? 0
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return toSize(bytes.readUInt16BE(offset + 7), bytes.readUInt16BE(offset + 5))
    offset += 2 + bytes.readUInt16BE(offset + 2)
  }
  return null
}
