import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { BackupError } from './backup-error.ts'
import { type BackupFile, type BackupManifest, manifestName } from './backup-manifest.ts'

/** Writes the tar file of a backup, entry by entry, readable by its owner only. */
export class BackupWriter {
  readonly #pack = pack()
  readonly #written: Promise<void>
  readonly #files: BackupFile[] = []
  readonly #signal: AbortSignal

  /** Creates the file, which must not exist. Every later call rejects with what makes writing fail. */
  constructor(path: string, signal: AbortSignal) {
    this.#signal = signal
    this.#written = pipeline(this.#pack, createWriteStream(path, { mode: 0o600, flags: 'wx', flush: true }))
    // Whoever waits for an entry, or for the end, gets the error.
    this.#written.catch(() => undefined)
  }

  /** The files so far. */
  get files(): readonly BackupFile[] {
    return this.#files
  }

  /** Adds a file from disk, as it is at the moment. Returns false if it does not exist. */
  async addFile(path: string, source: string): Promise<boolean> {
    const found = await stat(source).catch(ignoreMissingFile)
    // Opening a pipe would wait for ever.
    if (found?.isFile() === false)
      throw new BackupError(`${source} is not a file. Move it away. No backup was written.`)
    const handle = found && (await open(source).catch(ignoreMissingFile))
    if (!handle) return false
    try {
      const { size } = await handle.stat()
      // A file that grows meanwhile is cut here; one that shrinks breaks the entry, which fails.
      const bytes = size === 0 ? Readable.from([]) : handle.createReadStream({ end: size - 1, autoClose: false })
      await this.#addEntry(path, size, bytes)
      return true
    } finally {
      await handle.close()
    }
  }

  /** Adds the manifest, and resolves to it once everything is on disk. */
  async finish(rest: Omit<BackupManifest, 'files'>): Promise<BackupManifest> {
    const manifest = { ...rest, files: this.#files.slice() }
    const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
    await this.#addEntry(manifestName, bytes.length, Readable.from([bytes]))
    this.#pack.finalize()
    await this.#written
    return manifest
  }

  /** Stops writing. The file stays, incomplete, for the caller to remove. */
  async abort(): Promise<void> {
    this.#pack.destroy()
    await this.#written.catch(() => undefined)
  }

  async #addEntry(path: string, size: number, bytes: Readable): Promise<void> {
    const hash = createHash('sha256')
    const entry = this.#pack.entry({ name: path, size, mode: 0o600, type: 'file' })
    try {
      await Promise.race([pipeline(readHashed(bytes, hash), entry, { signal: this.#signal }), this.#written])
    } catch (error) {
      this.#pack.destroy(error instanceof Error ? error : undefined)
      // If the output failed first, that is the reason.
      await this.#written
      throw error
    }
    this.#files.push({ path, size, sha256: hash.digest('hex') })
  }
}

/** The bytes of a stream, which are hashed as they pass. */
export async function* readHashed(
  source: AsyncIterable<unknown>,
  hash: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    if (!(bytes instanceof Uint8Array)) continue
    hash.update(bytes)
    yield bytes
  }
}

function ignoreMissingFile(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
