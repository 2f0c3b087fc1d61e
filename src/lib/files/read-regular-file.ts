import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

/** What is at a path is a folder, a pipe or a device. Reading it might never end. */
export class NotRegularFileError extends Error {
  override readonly name = 'NotRegularFileError'
}

/** Reads a file. Throws NotRegularFileError, and what the file system throws. */
export function readRegularFile(path: string): Buffer {
  // Opening a pipe would otherwise wait for its writer.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if (!fstatSync(file).isFile()) throw new NotRegularFileError(`${path} is not a regular file.`)
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}
