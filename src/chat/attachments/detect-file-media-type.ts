import { detectImageMediaType } from '../../lib/detect-image-media-type.ts'
import { parseDataUrl } from './data-url.ts'
import { decodeTextFile } from './decode-text-file.ts'
import { imageMediaTypes, isTextMediaType, toMediaTypeEssence } from './media-type.ts'

const maxMediaTypeLength = 100 // UTF-16 code units
/** Labels that browsers and clients give to text: video/mp2t to TypeScript, for example. */
const possibleTextLabel = /^$|^(?!image\/|application\/pdf$)[\w.+-]+\/[\w.+-]+$/

/**
 * The media type of a file: that of its bytes if they are an image; or else its label if that is a type of text, or
 * text/plain if it is none, provided that the bytes are text. Null if the file is none of the supported types, whatever its
 * label. Of a URL whose content is not known, the label counts.
 */
export function detectFileMediaType({
  mediaType,
  url,
}: {
  readonly mediaType: string
  readonly url: string
}): string | null {
  const bytes = parseDataUrl(url)?.bytes
  const imageType = bytes && detectImageMediaType(bytes)
  if (imageType) return imageType
  const label = normalizeLabel(mediaType)
  if (label.length > maxMediaTypeLength) return null
  if (!bytes || bytes.length === 0) return isSupportedFileMediaType(mediaType) ? label : null
  if (!possibleTextLabel.test(label) || decodeTextFile(bytes) === null) return null
  return isTextMediaType(label) ? label : 'text/plain'
}

/** Whether a label names a type of image or text that messages can have. */
export function isSupportedFileMediaType(mediaType: string): boolean {
  const label = normalizeLabel(mediaType)
  return label.length <= maxMediaTypeLength && (isTextMediaType(label) || imageMediaTypes.includes(label))
}

function normalizeLabel(mediaType: string): string {
  const label = toMediaTypeEssence(mediaType)
  return label === 'image/jpg' || label === 'image/pjpeg' ? 'image/jpeg' : label
}
