import { inflateRawSync } from 'node:zlib'
import { maxUnzippedBytes, maxZipEntries } from './conversion-limits.ts'
import { FileConversionError } from './file-conversion-error.ts'

/** Signatures, and the sizes of records without their fields of variable length, in bytes (APPNOTE.TXT 4.3). */
const endRecord = { signature: 0x06054b50, size: 22, maxCommentBytes: 0xffff }
const centralHeader = { signature: 0x02014b50, size: 46 }
const localHeader = { signature: 0x04034b50, size: 30 }
const methods = { stored: 0, deflated: 8 }

interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly isEncrypted: boolean
  readonly localOffset: number
}

/** Whether a zip archive has the record with which it ends: one that was cut off has not. */
export function hasZipDirectory(bytes: Buffer): boolean {
  return findEndRecord(bytes) !== null
}

/** The names of the files in a zip archive. Null if its directory cannot be read. */
export function listZipEntryNames(bytes: Buffer): string[] | null {
  return readDirectory(bytes)?.map(({ name }) => name) ?? null
}

/**
 * Decompresses every file of a zip archive, within limits, and drops the result: a library that reads the archive has no
 * limits of its own. Throws FileConversionError for an archive that is damaged, encrypted or too large.
 */
export function assertZipWithinLimits(bytes: Buffer): void {
  const entries = readDirectory(bytes)
  if (!entries) throw createDamagedError()
  let remainingBytes = maxUnzippedBytes
  for (const { method, isEncrypted, localOffset } of entries) {
    if (isEncrypted)
      throw new FileConversionError('encrypted', 'The file has a password. Remove it, and send the file again.')
    if (method === methods.stored) continue
    if (method !== methods.deflated) throw createDamagedError()
    remainingBytes -= countInflatedBytes(bytes, localOffset, remainingBytes)
  }
}

function countInflatedBytes(bytes: Buffer, offset: number, maxBytes: number): number {
  if (offset + localHeader.size > bytes.length || bytes.readUInt32LE(offset) !== localHeader.signature)
    throw createDamagedError()
  const dataOffset = offset + localHeader.size + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28)
  try {
    // What follows the compressed data is ignored.
    return inflateRawSync(bytes.subarray(dataOffset), { maxOutputLength: maxBytes + 1 }).length
  } catch (error) {
    if (error instanceof RangeError) throw createTooLargeError()
    throw createDamagedError(error)
  }
}

function readDirectory(bytes: Buffer): ZipEntry[] | null {
  const end = findEndRecord(bytes)
  if (end === null) return null
  const entries: ZipEntry[] = []
  let offset = bytes.readUInt32LE(end + 16)
  while (offset + centralHeader.size <= end && bytes.readUInt32LE(offset) === centralHeader.signature) {
    if (entries.length === maxZipEntries) return null
    const nameEnd = offset + centralHeader.size + bytes.readUInt16LE(offset + 28)
    entries.push({
      name: bytes.toString('utf8', offset + centralHeader.size, nameEnd),
      method: bytes.readUInt16LE(offset + 10),
      isEncrypted: (bytes.readUInt16LE(offset + 8) & 1) === 1,
      localOffset: bytes.readUInt32LE(offset + 42),
    })
    offset = nameEnd + bytes.readUInt16LE(offset + 30) + bytes.readUInt16LE(offset + 32)
  }
  return entries.length > 0 ? entries : null
}

/** It is the last record, and may have a comment. */
function findEndRecord(bytes: Buffer): number | null {
  const first = Math.max(0, bytes.length - endRecord.size - endRecord.maxCommentBytes)
  for (let offset = bytes.length - endRecord.size; offset >= first; offset -= 1)
    if (bytes.readUInt32LE(offset) === endRecord.signature) return offset
  return null
}

function createDamagedError(cause?: unknown): FileConversionError {
  return new FileConversionError('damaged', 'The document is damaged. Send another copy of it.', { cause })
}

function createTooLargeError(): FileConversionError {
  const limit = `${maxUnzippedBytes / 1024 / 1024} MiB`
  return new FileConversionError(
    'too-large',
    `The document has more than ${limit} once it is unpacked. Send a part of it.`,
  )
}
