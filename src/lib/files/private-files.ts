import { chmodSync, closeSync, fchmodSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const privateFileMode = 0o600
const privateFolderMode = 0o700
/** Access of anybody but the owner. */
const othersMask = 0o077

/**
 * Creates a folder and those above it, for their owner only, whatever the umask. Leaves existing ones as they are. The option
 * `recursive` of Node never returns where no folder can be created, as in /proc.
 */
export function createPrivateFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(path) !== path) createPrivateFolder(dirname(path))
  mkdirSync(path, privateFolderMode)
  chmodSync(path, privateFolderMode)
}

/**
 * Creates an empty file for its owner only, whatever the umask. Leaves an existing one as it is. SQLite gives the files
 * beside a database the mode of the database.
 */
export function createPrivateFile(path: string): void {
  let file: number
  try {
    file = openSync(path, 'wx', privateFileMode)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw error
  }
  fchmodSync(file, privateFileMode)
  closeSync(file)
}

/** A warning with the command that fixes it, if other users of the machine can read a file or a folder; null otherwise. */
export function findExposure(path: string): string | null {
  const stats = process.platform === 'win32' ? undefined : statSync(path, { throwIfNoEntry: false })
  if (!stats || (stats.mode & othersMask) === 0) return null
  const mode = stats.isDirectory() ? privateFolderMode : privateFileMode
  return `${path} is open to other users of this machine. Run: chmod ${mode.toString(8)} ${quoteForShell(path)}`
}

function quoteForShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
