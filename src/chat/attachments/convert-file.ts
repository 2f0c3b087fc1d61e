import { isUtf8 } from 'node:buffer'
import { SegueError } from '../../lib/errors.ts'
import { FileConversionError } from '../../lib/file-conversion/file-conversion-error.ts'
import type { FileConverter } from '../../lib/file-conversion/file-converter.ts'
import { decodeTextFile } from './decode-text-file.ts'
import { detectFileMediaType, findConvertibleFormat } from './detect-file-media-type.ts'
import { isTextMediaType, toMediaTypeEssence } from './media-type.ts'
import type { CreateFileError } from './validate-file-content.ts'

/** A file as somebody sends it. */
export interface ReceivedFile {
  readonly name: string | null
  readonly mediaType: string
  readonly bytes: Buffer
}

/** The extension that the name of a converted file gets, by those of files that are converted. */
const newExtensions: readonly (readonly [old: RegExp, mediaType: string, extension: string])[] = [
  [/\.(heic|heif|hif|heics|heifs|avif|avifs|avcs)$/i, 'image/jpeg', '.jpg'],
  [/\.(docx|docm|dotx|dotm|xlsx|xlsm|xltx|xltm)$/i, 'text/plain', '.txt'],
]

/**
 * Converts a file that has passed `assertValidFileContent` to what is stored: HEIC and AVIF to JPEG, Word documents and
 * spreadsheets to text, and text to UTF-8. A PDF stays as it is, but must be readable. Throws BAD_USER_INPUT and TOO_LARGE.
 */
export async function convertFile(
  { name, mediaType: label, bytes }: ReceivedFile,
  converter: FileConverter,
  createError: CreateFileError,
): Promise<ReceivedFile> {
  const format = findConvertibleFormat(bytes)
  const mediaType = detectFileMediaType(label, bytes) ?? toMediaTypeEssence(label)
  const wellFormedName = name?.toWellFormed() ?? null
  try {
    if (format === 'heic' || format === 'avif') {
      const jpeg = await converter.convertToJpeg(bytes, format)
      return withExtensionOfType({ name: wellFormedName, mediaType: jpeg.mediaType, bytes: Buffer.from(jpeg.bytes) })
    }
    if (format === 'docx' || format === 'xlsx') {
      const text = await converter.extractOfficeText(bytes, format)
      return withExtensionOfType({ name: wellFormedName, mediaType: 'text/plain', bytes: Buffer.from(text) })
    }
    if (format === 'pdf') await assertReadablePdf(bytes, converter)
  } catch (error) {
    throw error instanceof FileConversionError ? toSegueError(error, createError) : error
  }
  return { name: wellFormedName, mediaType, bytes: isTextMediaType(mediaType) ? toUtf8(bytes) : bytes }
}

/** Gives the name of a converted file, which may be that of the original, the extension of its type. */
export function withExtensionOfType<File extends { readonly name: string | null; readonly mediaType: string }>(
  file: File,
): File {
  const { name, mediaType } = file
  const found = newExtensions.find(([old, type]) => type === mediaType && name !== null && old.test(name))
  return found && name !== null ? { ...file, name: name.replace(found[0], found[2]) } : file
}

/** Throws for a PDF that cannot be read. Where none can, each is accepted: some models read it themselves. */
async function assertReadablePdf(bytes: Buffer, converter: FileConverter): Promise<void> {
  await converter.extractPdfText(bytes).catch((error: unknown) => {
    if (!(error instanceof FileConversionError) || error.problem !== 'unavailable') throw error
  })
}

function toSegueError({ problem, message }: FileConversionError, createError: CreateFileError): SegueError {
  return problem === 'too-large' ? new SegueError('TOO_LARGE', message) : createError(message, 'url')
}

function toUtf8(bytes: Buffer): Buffer {
  return isUtf8(bytes) ? bytes : Buffer.from(decodeTextFile(bytes) ?? '')
}
