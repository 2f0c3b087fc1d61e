import { detectImageMediaType } from '../../lib/detect-image-media-type.ts'
import { type DetectedFileFormat, detectFileFormat } from '../../lib/file-conversion/detect-convertible-format.ts'
import { decodeTextFile } from './decode-text-file.ts'
import { convertibleMediaTypes, imageMediaTypes, isTextMediaType, toMediaTypeEssence } from './media-type.ts'

const maxMediaTypeLength = 100 // UTF-16 code units
/** Labels that browsers and clients give to text: video/mp2t to TypeScript, for example. */
const possibleTextLabel = /^$|^(?!image\/|application\/pdf$)[\w.+-]+\/[\w.+-]+$/
const supportedMediaTypes: ReadonlySet<string> = new Set([...imageMediaTypes, ...Object.values(convertibleMediaTypes)])

/**
 * The media type of a file: that of its bytes if they are an image or a document; or else its label if that is a type of
 * text, or text/plain if it is none, provided that the bytes are text. Null if the file is none of the supported types,
 * whatever its label. If `bytes` is null, because the content is not known, the label counts.
 */
export function detectFileMediaType(label: string, bytes: Buffer | null): string | null {
  const detected = bytes && (detectImageMediaType(bytes) ?? detectConvertibleMediaType(bytes))
  if (detected) return detected
  const mediaType = normalizeLabel(label)
  if (mediaType.length > maxMediaTypeLength) return null
  if (!bytes || bytes.length === 0) return isSupportedFileMediaType(label) ? mediaType : null
  if (!possibleTextLabel.test(mediaType) || decodeTextFile(bytes) === null) return null
  return isTextMediaType(mediaType) ? mediaType : 'text/plain'
}

/** Whether a label names a type of file that messages can have. */
export function isSupportedFileMediaType(label: string): boolean {
  const mediaType = normalizeLabel(label)
  return mediaType.length <= maxMediaTypeLength && (isTextMediaType(mediaType) || supportedMediaTypes.has(mediaType))
}

/** The format of a file that is converted before it is stored or sent. Null for any other. */
export function findConvertibleFormat(bytes: Buffer): keyof typeof convertibleMediaTypes | null {
  const format = detectImageMediaType(bytes) === null ? detectFileFormat(bytes) : null
  return format && isConvertible(format) ? format : null
}

function detectConvertibleMediaType(bytes: Buffer): string | null {
  const format = detectFileFormat(bytes)
  return format && isConvertible(format) ? convertibleMediaTypes[format] : null
}

function isConvertible(format: DetectedFileFormat): format is keyof typeof convertibleMediaTypes {
  return Object.hasOwn(convertibleMediaTypes, format)
}

function normalizeLabel(mediaType: string): string {
  const label = toMediaTypeEssence(mediaType)
  if (label === 'image/heif') return convertibleMediaTypes.heic
  return label === 'image/jpg' || label === 'image/pjpeg' ? 'image/jpeg' : label
}
