import type { Sharp, SharpOptions } from 'sharp'
import { maxImagePixels, maxJpegBytes, maxJpegEdge } from './conversion-limits.ts'
import { FileConversionError } from './file-conversion-error.ts'
import { loadConversionPackage } from './load-conversion-package.ts'

/** What an image may have at most. */
export interface ImageLimits {
  readonly maxBytes: number
  /** Of its width and height, in pixels. */
  readonly maxEdge: number
}

export interface EncodedImage {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mediaType: string
}

type CreateSharp = (input: Uint8Array, options?: SharpOptions) => Sharp

const imageAdvice = 'Send the image as JPEG or PNG.'
const jpegQuality = 85
/** How much smaller each attempt to keep to a number of bytes is. */
const scaleStep = 0.75
const minEdge = 16
/** Within the time that the converter has for a file. */
const encodingTimeoutSeconds = 20

/** Converts an image in HEIC or AVIF to JPEG, the right way up, on white. Throws FileConversionError. */
export async function convertToJpeg(bytes: Uint8Array, format: 'avif' | 'heic'): Promise<EncodedImage> {
  const createSharp = await loadSharp()
  const image = await readImage(format, () =>
    format === 'heic' ? decodeHeic(bytes, createSharp) : openImage(bytes, createSharp),
  )
  return encodeWithinLimits(image, { maxBytes: maxJpegBytes, maxEdge: maxJpegEdge }, false)
}

/**
 * Makes an image that is too large smaller. Of an animation, the first picture is left. An image with transparent pixels
 * becomes PNG, or JPEG on white if that is too large; any other becomes JPEG. Throws FileConversionError.
 */
export async function scaleImage(bytes: Uint8Array, limits: ImageLimits): Promise<EncodedImage> {
  const image = await readImage('image', async () => openImage(bytes, await loadSharp()))
  return encodeWithinLimits(image, limits, image.hasAlpha)
}

interface ReadableImage {
  readonly width: number
  readonly height: number
  readonly hasAlpha: boolean
  /** Starts to read it again. */
  readonly open: () => Sharp
}

async function readImage(format: string, read: () => Promise<ReadableImage>): Promise<ReadableImage> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof FileConversionError) throw error
    const name = format === 'image' ? 'an image' : format.toUpperCase()
    throw new FileConversionError(
      'damaged',
      `The image is damaged: it cannot be read as ${name}. Send another copy of it.`,
      {
        cause: error,
      },
    )
  }
}

async function openImage(bytes: Uint8Array, createSharp: CreateSharp): Promise<ReadableImage> {
  const open = (): Sharp => createSharp(bytes, { limitInputPixels: false, sequentialRead: true }).autoOrient()
  const { width, height, hasAlpha = false, autoOrient } = await open().metadata()
  assertPixelCount(width, height)
  return { width: autoOrient.width, height: autoOrient.height, hasAlpha, open }
}

async function decodeHeic(bytes: Uint8Array, createSharp: CreateSharp): Promise<ReadableImage> {
  const { default: decodeHeicImages } = await loadConversionPackage(
    'heic-decode',
    imageAdvice,
    () => import('heic-decode'),
  )
  const images = await decodeHeicImages.all({ buffer: bytes })
  try {
    const [image] = images
    if (!image) throw new Error('The file has no image.')
    assertPixelCount(image.width, image.height)
    const { width, height, data } = await image.decode()
    const raw = { width, height, channels: 4 } as const
    return { width, height, hasAlpha: false, open: () => createSharp(new Uint8Array(data.buffer), { raw }) }
  } finally {
    images.dispose()
  }
}

function assertPixelCount(width: number, height: number): void {
  if (width * height <= maxImagePixels) return
  const [has, limit] = [width * height, maxImagePixels].map((pixels) => Math.ceil(pixels / 1_000_000))
  throw new FileConversionError('too-large', `The image has ${has} megapixels. Send one of at most ${limit}.`)
}

async function encodeWithinLimits(
  { width, height, open }: ReadableImage,
  { maxBytes, maxEdge }: ImageLimits,
  keepsAlpha: boolean,
): Promise<EncodedImage> {
  for (let edge = Math.min(maxEdge, Math.max(width, height)); edge >= minEdge; edge = Math.floor(edge * scaleStep)) {
    const resize = (): Sharp => open().resize(edge, edge, { fit: 'inside', withoutEnlargement: true })
    if (keepsAlpha) {
      const png = await encode(resize().png())
      if (png.length <= maxBytes) return { bytes: png, mediaType: 'image/png' }
    }
    const jpeg = await encode(resize().flatten({ background: 'white' }).jpeg({ quality: jpegQuality }))
    if (jpeg.length <= maxBytes) return { bytes: jpeg, mediaType: 'image/jpeg' }
  }
  throw new FileConversionError('too-large', 'The image is too large. Send a smaller one.')
}

async function encode(image: Sharp): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await image.timeout({ seconds: encodingTimeoutSeconds }).toBuffer())
  } catch (error) {
    throw new FileConversionError(
      'damaged',
      'The image is damaged: it cannot be read to its end. Send another copy of it.',
      {
        cause: error,
      },
    )
  }
}

async function loadSharp(): Promise<CreateSharp> {
  const { default: sharp } = await loadConversionPackage('sharp', imageAdvice, () => import('sharp'))
  sharp.cache(false)
  sharp.concurrency(1)
  return sharp
}
