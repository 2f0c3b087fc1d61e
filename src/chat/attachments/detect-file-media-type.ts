import { detectImageMediaType } from '../../lib/detect-image-media-type.ts'
import { decodeUtf8, parseDataUrl } from './data-url.ts'
import { imageMediaTypes, isTextMediaType, toMediaTypeEssence } from './media-type.ts'

const maxMediaTypeLength = 100 // UTF-16 code units
/** Labels that browsers and clients give to text: video/mp2t to TypeScript, for example. An image stays what it is. */
const possibleTextLabel = /^$|^(?!image\/|application\/pdf$)[\w.+-]+\/[\w.+-]+$/
/** Control characters that no text contains. */
// oxlint-disable-next-line no-control-regex
const binaryCharacter = /[\0-\x08\x0e-\x1a\x1c-\x1f]/

/**
 * The media type of a file: that of its bytes if they are an image, or else its label, or else text/plain if the bytes are
 * text under a label that says nothing about it. Null if the file is none of the supported types.
 */
export function detectFileMediaType({
  mediaType,
  url,
}: {
  readonly mediaType: string
  readonly url: string
}): string | null {
  const data = parseDataUrl(url)
  const imageType = data && detectImageMediaType(data.bytes)
  if (imageType) return imageType
  const label = toMediaTypeEssence(mediaType)
  if (label.length > maxMediaTypeLength) return null
  if (label === 'image/jpg' || label === 'image/pjpeg') return 'image/jpeg'
  if (imageMediaTypes.includes(label) || isTextMediaType(label)) return label
  const text = data && possibleTextLabel.test(label) ? decodeUtf8(data) : null
  return text !== null && !binaryCharacter.test(text) ? 'text/plain' : null
}
