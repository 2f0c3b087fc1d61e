import { createBadInputError } from '../../lib/errors.ts'
import { parseDataUrl } from './data-url.ts'
import { parseServedFilePath } from './parse-served-file-path.ts'
import {
  assertValidFileContent,
  assertValidFileName,
  type CreateFileError,
  requireFileMediaType,
} from './validate-file-content.ts'

/** A file that a client sends with a message. */
export interface FileInput {
  readonly name: string | null
  readonly mediaType: string
  /** A data URL, an https URL, or the path of a file that the server serves, uploads included. */
  readonly url: string
}

export const maxFilesPerMessage = 20
const maxHttpsUrlCodeUnits = 8192

/**
 * Throws BAD_USER_INPUT or TOO_LARGE for the first file that cannot be sent with a message. Whether a file of the server
 * exists, and whether a file can be converted, is not known here. `path` leads to the list.
 */
export function assertValidMessageFiles(files: readonly FileInput[], ...path: string[]): void {
  if (files.length > maxFilesPerMessage)
    throw createBadInputError(`A message can have at most ${maxFilesPerMessage} files.`, ...path)
  for (const [index, file] of files.entries()) assertValidMessageFile(file, [...path, index])
}

/** Throws BAD_USER_INPUT or TOO_LARGE for a file that cannot be sent with a message. `path` leads to the file. */
function assertValidMessageFile(file: FileInput, path: readonly (string | number)[]): void {
  const createError: CreateFileError = (message, field) => createBadInputError(message, ...path, field)
  assertValidFileName(file.name, createError)
  if (parseServedFilePath(file.url)) return
  if (isHttpsUrl(file.url)) return assertValidHttpsFile(file, createError)
  const content = parseDataUrl(file.url)
  if (content) return assertValidFileContent(file.mediaType, content.bytes, createError)
  requireFileMediaType(file.mediaType, null, createError)
  throw createError(
    'The URL of a file is not valid. Use a data URL, in base64 or percent-encoding, an https URL, or the URL of a FilePart or an upload.',
    'url',
  )
}

/** Whether a file is at another server. */
export function isHttpsUrl(url: string): boolean {
  return /^https:\/\//i.test(url)
}

function assertValidHttpsFile({ mediaType, url }: FileInput, createError: CreateFileError): void {
  requireFileMediaType(mediaType, null, createError)
  // Providers would drop such characters, and the database cannot store lone surrogates.
  if (URL.canParse(url) && url.length <= maxHttpsUrlCodeUnits && !/[\s\p{Cc}\p{Cs}]/u.test(url)) return
  throw createError(`The https URL of a file must be valid, with at most ${maxHttpsUrlCodeUnits} characters.`, 'url')
}
