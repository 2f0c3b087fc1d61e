import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type Extract, extract } from 'tar-stream'
import { BackupError } from './backup-error.ts'
import {
  type BackupFile,
  type BackupManifest,
  isBackupPath,
  manifestName,
  maxManifestBytes,
  parseBackupManifest,
} from './backup-manifest.ts'
import { readHashed } from './backup-writer.ts'

type Entry = Extract extends AsyncIterable<infer Item> ? Item : never

export interface BackupReadOptions {
  /** The tar file. */
  readonly file: string
  /** An empty folder that the files are written into. Null: they are only verified. */
  readonly folder: string | null
  readonly signal: AbortSignal
}

/**
 * Reads a backup from begin to end, and compares every file with the manifest. Rejects with a BackupError if it is not a
 * complete backup, and if an entry is anything but a file at a path that a backup may have.
 */
export async function readBackup({ file, folder, signal }: BackupReadOptions): Promise<BackupManifest> {
  const entries = extract()
  const reading = pipeline(createReadStream(file), entries, { signal })
  // Its error is looked at when the entries end.
  reading.catch(() => undefined)
  const files = new Map<string, BackupFile>()
  let manifest: BackupManifest | null = null
  try {
    for await (const entry of entries) {
      const { name, type } = entry.header
      if (type === 'directory') entry.resume()
      else if (name === manifestName && type === 'file') manifest = parseBackupManifest(await readManifestText(entry))
      else files.set(name, await readFile(entry, files, folder))
    }
    await reading
  } catch (error) {
    // An entry ends with "Stream was destroyed" if reading fails: the reason is the error of that.
    const cause = await reading.then(
      () => error,
      (reason: unknown) => reason,
    )
    throw toBackupError(isStreamEnd(error) ? cause : error, file)
  }
  if (manifest === null)
    throw new BackupError(`${file} is not a complete backup: it has no ${manifestName}. Nothing was restored.`)
  assertSameFiles(manifest, files)
  return manifest
}

async function readFile(
  entry: Entry,
  files: ReadonlyMap<string, BackupFile>,
  folder: string | null,
): Promise<BackupFile> {
  const { name, type, size } = entry.header
  if (type === 'symlink' || type === 'link')
    throw new BackupError(`The backup contains a link, ${quote(name)}, which may lead out of the home. It is refused.`)
  if (name.startsWith('/') || name.split(/[\\/]/).includes('..'))
    throw new BackupError(`The backup contains the path ${quote(name)}, which leads out of the home. It is refused.`)
  if (type !== 'file' || !isBackupPath(name))
    throw new BackupError(`The backup contains ${quote(name)}, which is no part of a home. It is refused.`)
  if (files.has(name)) throw new BackupError(`The backup contains ${quote(name)} twice. It is refused.`)
  const hash = createHash('sha256')
  await pipeline(readHashed(entry, hash), await openOutput(name, folder))
  return { path: name, size, sha256: hash.digest('hex') }
}

async function openOutput(name: string, folder: string | null): Promise<Writable> {
  if (folder === null) return new Writable({ write: (_chunk, _encoding, done) => done() })
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
}

async function readManifestText(entry: Entry): Promise<string> {
  if (entry.header.size > maxManifestBytes)
    throw new BackupError(`The backup is damaged: its ${manifestName} is too large.`)
  return text(Readable.from(entry))
}

function assertSameFiles(manifest: BackupManifest, files: ReadonlyMap<string, BackupFile>): void {
  for (const { path, sha256 } of manifest.files) {
    const found = files.get(path)
    if (!found) throw new BackupError(`The backup is damaged: ${quote(path)} is missing.`)
    if (found.sha256 !== sha256) throw new BackupError(`The backup is damaged: ${quote(path)} has other bytes.`)
  }
  const listed = new Set(manifest.files.map(({ path }) => path))
  const extra = [...files.keys()].find((path) => !listed.has(path))
  if (extra !== undefined)
    throw new BackupError(`The backup contains ${quote(extra)}, which its ${manifestName} does not list.`)
}

const quote = (path: string): string => JSON.stringify(path)

const isStreamEnd = (error: unknown): boolean =>
  error instanceof Error && /premature close|stream was destroyed/i.test(error.message)

/** What tar-stream throws for bytes that are no tar file. */
const formatErrors = /invalid tar|unexpected end|checksum/i

function toBackupError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !formatErrors.test(error.message)) return error
  return new BackupError(`${file} is not a complete backup: it ends early, or is not a tar file.`)
}
