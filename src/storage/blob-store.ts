/** What is too large for a row or an event: kept whole beside the database, under the sha256 of its bytes in hex. */
export interface BlobStore {
  /** Resolves to the hash once the bytes are on disk. The same bytes are kept once. */
  put(bytes: Uint8Array): Promise<string>
  /** Null when there is no such file. */
  get(hash: string): Promise<Buffer | null>
  /**
   * Removes those of these files that `unused` picks, at most 500 hashes a call. What was kept in the last minutes is
   * looked at again later: something may be about to refer to it.
   */
  deleteUnreferenced(hashes: readonly string[], findUnreferenced: FindUnreferenced): Promise<void>
  /** Once: removes what an earlier process kept and is not used; `unused` picks those of at most 500 hashes. */
  collectGarbage(findUnreferenced: FindUnreferenced): Promise<void>
}

/** Of these files, those to which nothing refers. */
export type FindUnreferenced = (hashes: readonly string[]) => Promise<readonly string[]>
