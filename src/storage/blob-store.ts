/**
 * Content-addressed files: what is too large for a row or an event, under the SHA-256 of its bytes in hex. Sessions refer
 * to blobs; a blob without references is garbage.
 */
export interface BlobStore {
  /** Resolves to the hash once the bytes are on disk. Storing the same bytes again changes nothing. */
  put(bytes: Uint8Array): Promise<string>
  /** Null if there is no such blob. */
  get(hash: string): Promise<Buffer | null>
  /**
   * Deletes those of these blobs that `findUnreferenced` returns. A blob that was stored within the last minutes is
   * checked again later, because a row may be about to refer to it.
   */
  deleteUnreferenced(hashes: readonly string[], findUnreferenced: FindUnreferencedBlobs): Promise<void>
  /** Call it once: deletes all blobs of earlier processes that `findUnreferenced` returns. */
  collectGarbage(findUnreferenced: FindUnreferencedBlobs): Promise<void>
}

/** Those of these blobs that nothing refers to. Asked for at most 500 at a time. */
export type FindUnreferencedBlobs = (hashes: readonly string[]) => Promise<readonly string[]>
