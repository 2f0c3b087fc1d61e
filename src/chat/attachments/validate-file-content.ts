import { SegueError } from '../../lib/errors.ts'
import { maxImagePixels } from '../../lib/file-conversion/conversion-limits.ts'
import { detectFileFormat } from '../../lib/file-conversion/detect-convertible-format.ts'
import { readImageSize } from '../../lib/file-conversion/read-image-size.ts'
import { truncate } from '../../lib/text/truncate.ts'
import { detectFileMediaType, isSupportedFileMediaType } from './detect-file-media-type.ts'
import { isTextMediaType } from './media-type.ts'

/** Creates a BAD_USER_INPUT error at what a client has said of a file. */
export type CreateFileError = (message: string, field: 'mediaType' | 'name' | 'url') => SegueError

type FileKind = 'document' | 'image' | 'text'

const maxNameCodeUnits = 200
const maxMediaTypeCodeUnits = 100
/** Of a file, by its kind, in bytes. */
export const maxFileBytes: Readonly<Record<FileKind, number>> = {
  document: 10 * 1024 * 1024,
  image: 10 * 1024 * 1024,
  text: 1024 * 1024,
}
const supportedFiles =
  'Send an image (PNG, JPEG, GIF, WebP, HEIC, AVIF), a PDF, a Word document (.docx), a spreadsheet (.xlsx), or text.'

/** What to do with documents that are not supported. */
const unsupportedFormatMessages: Readonly<Record<string, string>> = {
  'damaged-zip': 'The document or archive is damaged: it cannot be read. Send another copy of it.',
  'encrypted-office': 'The document has a password. Remove it, and send the file again.',
  'legacy-office': 'The document has an old format of Office. Save it as .docx, .xlsx or PDF, and send that.',
  pptx: 'Presentations are not supported. Save it as PDF, and send that.',
  zip: `Archives and other documents are not supported. ${supportedFiles}`,
}

export function isValidFileName(name: string): boolean {
  return name.trim() !== '' && name.length <= maxNameCodeUnits && !/[\p{Cc}/\\]/u.test(name)
}

/** Throws for a name that no file can have. Null is none. */
export function assertValidFileName(name: string | null, createError: CreateFileError): void {
  if (name === null || isValidFileName(name)) return
  throw createError(
    `The name of a file must have 1 to ${maxNameCodeUnits} characters, without slashes and control characters.`,
    'name',
  )
}

/**
 * The media type of a file of a message, by its content and by how it is labelled. Throws for a file that is none of the
 * supported types. If `bytes` is null, because the content is not known, the label counts.
 */
export function requireFileMediaType(label: string, bytes: Buffer | null, createError: CreateFileError): string {
  const mediaType = detectFileMediaType(label, bytes)
  if (mediaType !== null) return mediaType
  const unsupported = unsupportedFormatMessages[(bytes && detectFileFormat(bytes)) ?? '']
  if (unsupported !== undefined) throw createError(unsupported, 'url')
  const quotedLabel = JSON.stringify(truncate(label, maxMediaTypeCodeUnits))
  // A supported label means that the content is at fault.
  throw createError(
    `The content of the file, labelled ${quotedLabel}, is not supported. ${supportedFiles}`,
    isSupportedFileMediaType(label) ? 'url' : 'mediaType',
  )
}

/** Throws BAD_USER_INPUT or TOO_LARGE for content that cannot be sent with a message. */
export function assertValidFileContent(label: string, bytes: Buffer, createError: CreateFileError): void {
  if (bytes.length === 0) throw createError('The file is empty.', 'url')
  const kind = findFileKind(requireFileMediaType(label, bytes, createError))
  if (bytes.length > maxFileBytes[kind]) {
    const limit = `${maxFileBytes[kind] / 1024 / 1024} MiB`
    throw new SegueError('TOO_LARGE', `The file is too large. ${kindNames[kind]} can have ${limit}.`)
  }
  const { width, height } = readImageSize(bytes) ?? { width: 0, height: 0 }
  if (kind !== 'image' || width * height <= maxImagePixels) return
  const [has, limit] = [width * height, maxImagePixels].map((pixels) => Math.ceil(pixels / 1_000_000))
  throw new SegueError('TOO_LARGE', `The image has ${has} megapixels. Send one of at most ${limit}.`)
}

const kindNames: Readonly<Record<FileKind, string>> = { document: 'A document', image: 'An image', text: 'A text' }

function findFileKind(mediaType: string): FileKind {
  if (isTextMediaType(mediaType)) return 'text'
  return mediaType.startsWith('image/') ? 'image' : 'document'
}
