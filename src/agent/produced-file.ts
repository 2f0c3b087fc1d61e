/** A file that a model or a tool has made. */
export interface ProducedFile {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly name: string | null
}

/** The same file as it is stored: an image that browsers and models do not read is another one then. */
export interface StoredFile {
  /** Of its bytes. */
  readonly hash: string
  readonly mediaType: string
  readonly name: string | null
  /** In bytes. */
  readonly size: number
}

/** Stores a file. Resolves once its bytes are on disk, and rejects if they cannot be written. */
export type StoreFile = (file: ProducedFile) => Promise<StoredFile>
