import { stat } from 'node:fs/promises'

/** A file as it is at one moment, without its content. */
export interface FileVersion {
  /** Changes whenever the file, or what a symbolic link leads to, is written, replaced or removed. */
  readonly stamp: string
  /** Whether the file may be written again without a new stamp: clocks of file systems are coarse. */
  readonly isUnsettled: boolean
}

/** A file that was written within this time is unsettled. */
const settlingMs = 2_000

/** The version of the file at a path. A file that does not exist, or cannot be looked at, has one, too. Never rejects. */
export async function readFileVersion(path: string): Promise<FileVersion> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true })
    const stamp = [dev, ino, size, mtimeNs, ctimeNs].join(' ')
    return { stamp, isUnsettled: Math.abs(Date.now() - Number(ctimeMs)) < settlingMs }
  } catch (error) {
    return { stamp: error instanceof Error && 'code' in error ? String(error.code) : 'unknown', isUnsettled: false }
  }
}
