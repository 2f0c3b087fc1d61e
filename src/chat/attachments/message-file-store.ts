import { createBadInputError } from '../../lib/errors.ts'
import type { MessagePart } from '../../model/message.ts'
import type { BlobStore } from '../../storage/blob-store.ts'
import type { BlobReferenceReader } from '../../storage/event-store.ts'
import { storeAttachment } from './attachments.ts'
import { toDataUrl } from './data-url.ts'
import { parseServedFilePath } from './parse-served-file-path.ts'
import { readServedFile, type ServedFileProfile } from './read-served-file.ts'
import { assertValidMessageFile, type FileInput, isValidFileName } from './validate-message-files.ts'

export interface MessageFileStoreDependencies {
  readonly blobs: BlobStore
  readonly references: BlobReferenceReader
  readonly findMessage: ServedFileProfile['findMessage']
}

/** Stores the files that clients send with messages. Those that the profile has already are stored again under their hash. */
export class MessageFileStore {
  readonly #dependencies: MessageFileStoreDependencies

  constructor(dependencies: MessageFileStoreDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Turns a file that `assertValidMessageFiles` accepts into a part of a message. Resolves when its bytes are stored.
   * Throws BAD_USER_INPUT and TOO_LARGE for a file of the profile that does not exist or cannot be sent. `path` leads to
   * the file.
   */
  async store(file: FileInput, path: readonly (string | number)[]): Promise<MessagePart> {
    const content = file.url.startsWith('/') ? await this.#readFileOfProfile(file, path) : file
    return storeAttachment(content, this.#dependencies.blobs)
  }

  /** The same file with a data URL. */
  async #readFileOfProfile(file: FileInput, path: readonly (string | number)[]): Promise<FileInput> {
    const { blobs, references, findMessage } = this.#dependencies
    const target = parseServedFilePath(file.url)
    const served = target && (await readServedFile(target, { blobs, findMessage }))
    // A blob that no session refers to may be deleted at any time.
    const isGarbage =
      target?.type === 'toolResult' && (await references.findUnreferencedBlobs([target.hash])).length > 0
    if (!served || isGarbage)
      throw createBadInputError(
        'The profile has no file with this URL. Send its content as a data URL.',
        ...path,
        'url',
      )
    const storedName = served.name !== null && isValidFileName(served.name) ? served.name : null
    const content = { ...file, name: file.name ?? storedName, url: toDataUrl(served.mediaType, served.bytes) }
    assertValidMessageFile(content, path)
    return content
  }
}
