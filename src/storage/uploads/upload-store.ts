/** A file that a client has uploaded and may send with messages. It keeps its blob until it is deleted. */
export interface UploadRecord {
  readonly id: string
  /** The blob with its bytes. */
  readonly hash: string
  readonly mediaType: string
  /** Null if it has none. */
  readonly name: string | null
  /** In bytes. */
  readonly size: number
  /** In epoch milliseconds. */
  readonly createdAt: number
}

/** The uploads of a profile. */
export interface UploadStore {
  insert(upload: UploadRecord): Promise<void>
  /** Null if there is no upload with this id. */
  find(id: string): Promise<UploadRecord | null>
  /** How many uploads there are, and how many bytes they have in all. */
  measure(): Promise<{ readonly count: number; readonly bytes: number }>
  /** Deletes the uploads that are older. Resolves to the hashes of their blobs, to which others may refer. */
  deleteOlderThan(createdAt: number): Promise<string[]>
}
