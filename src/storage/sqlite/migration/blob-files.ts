import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const hashPattern = /^[0-9a-f]{64}$/

/** The names of the blobs in a folder, which need not exist. */
export async function* listBlobFiles(folder: string): AsyncGenerator<string> {
  const entries = await opendir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (entries) for await (const entry of entries) if (hashPattern.test(entry.name)) yield entry.name
}

export function readBlobFile(folder: string, hash: string): AsyncIterable<Uint8Array> {
  return createReadStream(join(folder, hash))
}

/** Writes the bytes as they are, also if they are not those of the hash. They are on the disk afterwards. */
export async function writeBlobFile(folder: string, hash: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await pipeline(bytes, createWriteStream(join(folder, hash), { mode: 0o600, flush: true }))
}
