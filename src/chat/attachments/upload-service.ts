import { ConcurrencyLimiter } from '../../lib/async/concurrency-limiter.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { createBadInputError, SegueError } from '../../lib/errors.ts'
import type { FileConverter } from '../../lib/file-conversion/file-converter.ts'
import type { BlobStore, ReceivedBlob } from '../../storage/blob-store.ts'
import type { BlobReferenceReader } from '../../storage/event-store.ts'
import type { UploadRecord, UploadStore } from '../../storage/uploads/upload-store.ts'
import { convertFile, type ReceivedFile } from './convert-file.ts'
import { assertValidFileContent, assertValidFileName, type CreateFileError } from './validate-file-content.ts'

/** A file that has been received, and is on disk. */
export interface UploadedFile extends Omit<ReceivedFile, 'bytes'> {
  readonly content: ReceivedBlob
}

export interface UploadServiceDependencies {
  readonly blobs: BlobStore
  readonly uploads: UploadStore
  readonly references: BlobReferenceReader
  readonly converter: FileConverter
  readonly runtime: ClockAndIds
}

/** How long an upload can be sent with messages. Messages keep their files for as long as they exist. */
export const uploadRetentionMs = 86_400_000 // a day
const pruneIntervalMs = 3_600_000 // an hour
/** Of a profile, at the same time. */
const maxUploads = 1000
const maxUploadBytes = 1024 ** 3
/** How many files are in memory at the same time, to be checked and converted. Others wait on disk. */
const maxConcurrentChecks = 2
/** More than there can be connections that upload. */
const maxWaitingChecks = 10_000

/** Creates an error at a query parameter of the upload; at none for the file itself. */
const createUploadError: CreateFileError = (message, field) =>
  createBadInputError(message, ...(field === 'name' ? ['name'] : []))

const createTooManyUploadsError = (): SegueError =>
  new SegueError('RATE_LIMITED', 'Too many uploads are stored. Send files as data URLs, or try again tomorrow.')

/** Stores the files that clients upload before they send them. */
export class UploadService {
  readonly #dependencies: UploadServiceDependencies
  readonly #checks = new ConcurrencyLimiter({
    maxConcurrent: maxConcurrentChecks,
    maxQueued: maxWaitingChecks,
    createRejection: createTooManyUploadsError,
  })

  constructor(dependencies: UploadServiceDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Converts a file as if it were sent with a message, and stores it. Throws BAD_USER_INPUT, TOO_LARGE, and RATE_LIMITED if
   * the profile has too many uploads.
   */
  async store(file: UploadedFile): Promise<UploadRecord> {
    assertValidFileName(file.name, createUploadError)
    const upload = await this.#checks.run(() => this.#checkAndStore(file), new AbortController().signal)
    if (!upload) throw new TypeError('An upload that nobody aborts was aborted.')
    return upload
  }

  async #checkAndStore({ name: originalName, mediaType: label, content }: UploadedFile): Promise<UploadRecord> {
    const { blobs, uploads, converter, runtime } = this.#dependencies
    const received = { name: originalName, mediaType: label, bytes: await content.read() }
    assertValidFileContent(label, received.bytes, createUploadError)
    const { name, mediaType, bytes } = await convertFile(received, converter, createUploadError)
    const { count, bytes: storedBytes } = await uploads.measure()
    if (count >= maxUploads || storedBytes + bytes.length > maxUploadBytes) throw createTooManyUploadsError()
    const upload: UploadRecord = {
      id: runtime.newId('upload'),
      hash: bytes === received.bytes ? await content.keep() : await blobs.put(bytes),
      ...{ name, mediaType, size: bytes.length },
      createdAt: runtime.now(),
    }
    try {
      await uploads.insert(upload)
    } catch (error) {
      await this.#deleteUnreferenced([upload.hash])
      throw error
    }
    return upload
  }

  /** Deletes the uploads that are older than a day. The files of messages stay. */
  async prune(): Promise<void> {
    const { uploads, runtime } = this.#dependencies
    await this.#deleteUnreferenced(await uploads.deleteOlderThan(runtime.now() - uploadRetentionMs))
  }

  #deleteUnreferenced(hashes: readonly string[]): Promise<void> {
    const { blobs, references } = this.#dependencies
    return blobs.deleteUnreferenced(hashes, (batch) => references.findUnreferencedBlobs(batch))
  }

  /** Prunes now, and every hour until the returned function is called. That resolves when nothing is being deleted. */
  startPruning(onError: (error: unknown) => void): () => Promise<void> {
    let pruned: Promise<void> = Promise.resolve()
    const prune = (): void => {
      pruned = pruned.then(() => this.prune()).catch(onError)
    }
    prune()
    const timer = setInterval(prune, pruneIntervalMs).unref()
    return () => {
      clearInterval(timer)
      return pruned
    }
  }
}
