import { statSync } from 'node:fs'

/** Device and inode of the file at a path: another file in its place has another identity. Null if there is no file. */
export function readFileIdentity(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats ? `${stats.dev}:${stats.ino}` : null
}
