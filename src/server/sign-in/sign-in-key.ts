import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../../lib/logger.ts'

/** In bytes: as long as the output of SHA-256. */
const keyLength = 32

/** The file of the home with the key that signs the cookies of signed-in browsers. Without it, browsers sign in again. */
const signInKeyFile = 'sign-in.key'

/** Reads the key of the home, or creates it. A home that cannot be written gets a key that lasts until the server stops. */
export function loadSignInKey(home: string, log: Logger): Buffer {
  const file = join(home, signInKeyFile)
  const key = randomBytes(keyLength)
  try {
    writeFileSync(file, key, { flag: 'wx', mode: 0o600 })
    return key
  } catch {
    // It exists, or cannot be created.
  }
  try {
    const stored = readFileSync(file)
    if (stored.length === keyLength) return stored
    writeFileSync(file, key, { mode: 0o600 })
    return key
  } catch (error) {
    log.warn(
      { err: error },
      `${signInKeyFile} can be neither read nor written: browsers sign in again after a restart.`,
    )
    return key
  }
}
