import { createBadInputError, SegueError } from '../../lib/errors.ts'
import { truncate } from '../../lib/text/truncate.ts'
import { parseDataUrl } from './data-url.ts'
import { detectFileMediaType, isSupportedFileMediaType } from './detect-file-media-type.ts'
import { imageMediaTypes } from './media-type.ts'
import { parseServedFilePath } from './parse-served-file-path.ts'

/** A file that a client sends with a message. */
export interface FileInput {
  readonly name: string | null
  readonly mediaType: string
  /** A data URL, an https URL, which is passed to the model as it is, or the path of a file that the server serves. */
  readonly url: string
}

type FileKind = 'image' | 'text'
/** Creates a BAD_USER_INPUT error at a field of the file. */
type CreateFieldError = (message: string, field: keyof FileInput) => SegueError

export const maxFilesPerMessage = 20
const maxCodeUnits = { name: 200, mediaType: 100, httpsUrl: 8192 } // UTF-16 code units
/** Of a file, by its kind, in bytes. */
export const maxFileBytes = { image: 10 * 1024 * 1024, text: 1024 * 1024 }

/**
 * Throws BAD_USER_INPUT or TOO_LARGE for the first file that cannot be sent with a message. Whether a file of the server
 * exists is not known here. `path` leads to the list.
 */
export function assertValidMessageFiles(files: readonly FileInput[], ...path: string[]): void {
  if (files.length > maxFilesPerMessage)
    throw createBadInputError(`A message can have at most ${maxFilesPerMessage} files.`, ...path)
  for (const [index, file] of files.entries()) assertValidMessageFile(file, [...path, index])
}

/** Throws BAD_USER_INPUT or TOO_LARGE for a file that cannot be sent with a message. `path` leads to the file. */
export function assertValidMessageFile(file: FileInput, path: readonly (string | number)[]): void {
  const createError: CreateFieldError = (message, field) => createBadInputError(message, ...path, field)
  assertValidName(file, createError)
  if (parseServedFilePath(file.url)) return
  assertValidUrl(file, parseFileKind(file, createError), createError)
}

export function isValidFileName(name: string): boolean {
  return name.trim() !== '' && name.length <= maxCodeUnits.name && !/[\p{Cc}/\\]/u.test(name)
}

function assertValidName({ name }: FileInput, createError: CreateFieldError): void {
  if (name === null || isValidFileName(name)) return
  throw createError(
    `The name of a file must have 1 to ${maxCodeUnits.name} characters, without slashes and control characters.`,
    'name',
  )
}

function parseFileKind(file: FileInput, createError: CreateFieldError): FileKind {
  const detected = detectFileMediaType(file)
  if (detected !== null) return imageMediaTypes.includes(detected) ? 'image' : 'text'
  const quotedMediaType = JSON.stringify(truncate(file.mediaType, maxCodeUnits.mediaType))
  // A supported label means that the content is at fault.
  throw createError(
    `The content of the file, labelled ${quotedMediaType}, is neither a supported image nor text. Send ${imageMediaTypes.join(', ')}, or text.`,
    isSupportedFileMediaType(file.mediaType) ? 'url' : 'mediaType',
  )
}

function assertValidUrl({ url }: FileInput, kind: FileKind, createError: CreateFieldError): void {
  if (/^https:\/\//i.test(url)) {
    // Providers would drop such characters, and the database cannot store lone surrogates.
    if (URL.canParse(url) && url.length <= maxCodeUnits.httpsUrl && !/[\s\p{Cc}\p{Cs}]/u.test(url)) return
    throw createError(`The https URL of a file must be valid, with at most ${maxCodeUnits.httpsUrl} characters.`, 'url')
  }
  const file = parseDataUrl(url)
  if (!file) {
    throw createError(
      'The URL of a file is not valid. Use a data URL, in base64 or percent-encoding, an https URL, or the URL of a FilePart.',
      'url',
    )
  }
  if (file.bytes.length > maxFileBytes[kind]) {
    const limit = `${maxFileBytes[kind] / 1024 / 1024} MiB`
    throw new SegueError(
      'TOO_LARGE',
      `The file is too large. ${kind === 'image' ? 'An image' : 'A text'} can have ${limit}.`,
    )
  }
  if (file.bytes.length === 0) throw createError('The file is empty.', 'url')
}
