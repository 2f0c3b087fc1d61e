import { expect, test } from 'vitest'
import { isImageMediaType } from '../../../src/lib/is-image-media-type.ts'

test.each(['image/png', 'IMAGE/PNG', ' image/svg+xml', 'image/*', 'image'])(
  '%j is the type of an image',
  (mediaType) => {
    expect(isImageMediaType(mediaType)).toBe(true)
  },
)

test.each(['', 'imagemap', 'text/plain', 'application/image/png'])('%j is no type of an image', (mediaType) => {
  expect(isImageMediaType(mediaType)).toBe(false)
})
