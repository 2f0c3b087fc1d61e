import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'

/** A photo of 96 by 64 pixels in HEIC: red on the left, blue on the right. */
export const heicPhoto = readFileSync(join(import.meta.dirname, 'photo.heic'))

export type TestImageFormat = 'avif' | 'jpeg' | 'png'

/** An image like `heicPhoto` of another size and format. With `noise`, it cannot be compressed well. */
export async function createImage(
  format: TestImageFormat,
  { width = 96, height = 64, noise = false, orientation = 1 } = {},
): Promise<Buffer> {
  const raw = Buffer.alloc(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const isLeft = pixel % width < width / 2
    raw.writeUInt8(isLeft ? 220 : 0, pixel * 3)
    raw.writeUInt8(noise ? (pixel * 7919) % 251 : 0, pixel * 3 + 1)
    raw.writeUInt8(isLeft ? 0 : 220, pixel * 3 + 2)
  }
  return sharp(raw, { raw: { width, height, channels: 3 } })
    .withMetadata({ orientation })
    .toFormat(format)
    .toBuffer()
}

/** The format and the size of an image, and the colours of its left and its right half. */
export async function describeImage(bytes: Uint8Array) {
  const { format, width, height } = await sharp(bytes).metadata()
  const { data } = await sharp(bytes)
    .removeAlpha()
    .resize(4, 1, { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { format, width, height, left: nameColour(data.subarray(0, 3)), right: nameColour(data.subarray(9, 12)) }
}

function nameColour([red = 0, , blue = 0]: Uint8Array): 'blue' | 'other' | 'red' {
  if (red > 150 && blue < 90) return 'red'
  return blue > 150 && red < 90 ? 'blue' : 'other'
}
