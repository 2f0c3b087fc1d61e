import { resolve } from 'node:path'

/** Resolves a path relative to a folder. A leading `~` is the home directory of the user. */
export function resolvePath(base: string, path: string, homedir: string): string {
  return resolve(base, path.replace(/^~(?=\/|$)/, homedir))
}
