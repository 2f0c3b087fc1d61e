import { open } from 'node:fs/promises'

/** In bytes. A tar file says what it is within the first block. */
const headLength = 512

/**
 * Whether a file may be written at a path: there is none, or `isOwnKind` knows it by its first bytes. Another one, such as a
 * database, is somebody's data, and its name is a mistake.
 */
export async function isReplaceableFile(path: string, isOwnKind: (head: Buffer) => boolean): Promise<boolean> {
  try {
    await using file = await open(path, 'r')
    if (!(await file.stat()).isFile()) return false
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headLength) })
    return isOwnKind(buffer.subarray(0, bytesRead))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true
    throw error
  }
}
