import type { Readable } from 'node:stream'

/** A blob that is open. It can be read even if it is deleted meanwhile. Dispose of it if it is not read. */
export interface OpenBlob extends AsyncDisposable {
  /** In bytes. */
  readonly size: number
  /** Reads the bytes from `start` up to and including `end`, in chunks of 64 KiB. Closes the blob when it ends. Call it once. */
  read(start: number, end: number): Readable
}

/** Bytes that have been received, but are no blob yet. Disposing of it discards them unless they are kept. */
export interface ReceivedBlob extends AsyncDisposable {
  readonly hash: string
  /** In bytes. */
  readonly size: number
  read(): Promise<Buffer>
  /** Makes a blob of them. Resolves to its hash. */
  keep(): Promise<string>
}

/**
 * Content-addressed files: what is too large for a row or an event, under the SHA-256 of its bytes in hex. Sessions refer
 * to blobs; a blob without references is garbage.
 */
export interface BlobStore {
  /** Resolves to the hash once the bytes are on disk. Storing the same bytes again changes nothing. */
  put(bytes: Uint8Array): Promise<string>
  /** Writes bytes to disk and hashes them while they come. Rejects, and discards them, if `chunks` throws. */
  receive(chunks: AsyncIterable<Uint8Array>): Promise<ReceivedBlob>
  /** Opens a blob to read it in chunks. Null if there is no such blob. */
  open(hash: string): Promise<OpenBlob | null>
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
