import { afterAll, expect, test } from 'vitest'
import { DerivedFileCache } from '../../../../src/chat/context/files/derived-file-cache.ts'
import { FileConverter } from '../../../../src/lib/file-conversion/file-converter.ts'
import { createImage, describeImage, heicPhoto } from '../../../support/files/images.ts'

const converter = new FileConverter()
afterAll(() => converter.close())
const files = new DerivedFileCache(converter)
const limits = { maxBytes: 1e6, maxEdge: 100 }
const toImage = (bytes: Uint8Array, mediaType: string) => ({ bytes: new Uint8Array(bytes), mediaType })

test('an image within the limits stays as it is', async () => {
  const image = toImage(await createImage('png'), 'image/png')
  expect(await files.fitImage(image, limits)).toBe(image)
})

test('an image in HEIC or AVIF becomes JPEG, and a larger one becomes smaller', async () => {
  const wide = await createImage('avif', { width: 200, height: 100 })
  for (const image of [toImage(heicPhoto, 'image/heic'), toImage(wide, 'image/avif')]) {
    const fitted = await files.fitImage(image, limits)
    expect(fitted?.mediaType).toBe('image/jpeg')
    const { format, width, left } = await describeImage(fitted?.bytes ?? new Uint8Array())
    expect({ format, left }).toEqual({ format: 'jpeg', left: 'red' })
    expect(width).toBeLessThanOrEqual(100)
    expect(await files.fitImage(image, limits)).toBe(fitted)
  }
})

test('an image that cannot be converted is none', async () => {
  expect(await files.fitImage(toImage(heicPhoto.subarray(0, 100), 'image/heic'), limits)).toBeNull()
})
