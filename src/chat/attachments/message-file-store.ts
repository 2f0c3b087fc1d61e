import { createBadInputError } from '../../lib/errors.ts'
import type { FileConverter } from '../../lib/file-conversion/file-converter.ts'
import { toBlobUrl } from '../../model/message-content/blob-url.ts'
import type { MessagePart } from '../../model/message.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import type { BlobReferenceReader } from '../../storage/event-store.ts'
import { convertFile, type ReceivedFile, withExtensionOfType } from './convert-file.ts'
import { parseDataUrl } from './data-url.ts'
import { detectFileMediaType } from './detect-file-media-type.ts'
import { convertibleMediaTypes, toMediaTypeEssence } from './media-type.ts'
import { parseServedFilePath } from './parse-served-file-path.ts'
import { readServedFile, type ServedFileProfile } from './read-served-file.ts'
import { assertValidFileContent, type CreateFileError, isValidFileName } from './validate-file-content.ts'
import { type FileInput, isHttpsUrl } from './validate-message-files.ts'

export interface MessageFileStoreDependencies {
  readonly blobs: BlobStore
  readonly references: BlobReferenceReader
  readonly findMessage: ServedFileProfile['findMessage']
  readonly uploads: ServedFileProfile['uploads']
  readonly converter: FileConverter
}

type FilePart = Extract<MessagePart, { readonly type: 'file' }>
type FilePath = readonly (string | number)[]

/**
 * Stores the files that clients send with messages, after it has converted them. Those that the profile has already are
 * stored again under their hash.
 */
export class MessageFileStore {
  readonly #dependencies: MessageFileStoreDependencies

  constructor(dependencies: MessageFileStoreDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Turns files that `assertValidMessageFiles` accepts into parts of a message. Resolves when their bytes are stored. Throws
   * BAD_USER_INPUT and TOO_LARGE, before anything is stored, for a file that cannot be read, or a file of the profile that
   * does not exist or cannot be sent. `path` leads to the list.
   */
  async storeAll(files: readonly FileInput[], path: readonly string[]): Promise<FilePart[]> {
    const converted: (FilePart | ReceivedFile)[] = []
    for (const [index, file] of files.entries()) converted.push(await this.#convert(file, [...path, index]))
    const parts: FilePart[] = []
    for (const file of converted) parts.push('bytes' in file ? await this.#store(file) : file)
    return parts
  }

  async #store({ name, mediaType, bytes }: ReceivedFile): Promise<FilePart> {
    return { type: 'file', mediaType, name, url: toBlobUrl(await this.#dependencies.blobs.put(bytes)) }
  }

  /** A file at another server becomes a part with its URL. */
  async #convert(file: FileInput, path: FilePath): Promise<FilePart | ReceivedFile> {
    const createError: CreateFileError = (message, field) => createBadInputError(message, ...path, field)
    const { converter } = this.#dependencies
    if (file.url.startsWith('/')) {
      const received = await this.#readFileOfProfile(file, path)
      assertValidFileContent(received.mediaType, received.bytes, createError)
      return withExtensionOfType(await convertFile(received, converter, createError))
    }
    if (isHttpsUrl(file.url)) return toLinkedFilePart(file, createError)
    const bytes = parseDataUrl(file.url)?.bytes
    if (!bytes) throw createError('The data URL of the file is not valid. Send its content in base64.', 'url')
    return convertFile({ ...file, bytes }, converter, createError)
  }

  /** An upload has been labelled when it was made. */
  async #readFileOfProfile({ name, mediaType, url }: FileInput, path: FilePath): Promise<ReceivedFile> {
    const target = parseServedFilePath(url)
    const served = target && (await readServedFile(target, this.#dependencies))
    if (!served)
      throw createBadInputError(
        'The profile has no file with this URL. Upload it again, or send its content as a data URL.',
        ...path,
        'url',
      )
    const storedName = served.name !== null && isValidFileName(served.name) ? served.name : null
    return {
      name: name ?? storedName,
      mediaType: target.type === 'upload' ? served.mediaType : mediaType,
      bytes: served.bytes,
    }
  }
}

/** What the types are called whose content Segue has to read, so that it needs the bytes. */
const linklessTypeNames: ReadonlyMap<string, string> = new Map([
  [convertibleMediaTypes.avif, 'An AVIF image'],
  [convertibleMediaTypes.docx, 'A Word document'],
  [convertibleMediaTypes.heic, 'A HEIC image'],
  [convertibleMediaTypes.pdf, 'A PDF'],
  [convertibleMediaTypes.xlsx, 'A spreadsheet'],
])

/**
 * The provider of the model reads the file at its URL. Segue downloads nothing: a client could have it read addresses that
 * only the server can reach.
 */
function toLinkedFilePart({ name, mediaType: label, url }: FileInput, createError: CreateFileError): FilePart {
  const mediaType = detectFileMediaType(label, null) ?? toMediaTypeEssence(label)
  const typeName = linklessTypeNames.get(mediaType)
  if (typeName !== undefined)
    throw createError(
      `${typeName} cannot be sent by its https URL, because Segue downloads no files. Download it, upload it with POST /files, and send the url of the response, or send its content as a data URL.`,
      'url',
    )
  return { type: 'file', mediaType, name: name?.toWellFormed() ?? null, url }
}
