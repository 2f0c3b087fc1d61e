import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UnusableHomeError } from '../errors.ts'

/** Where `segue migrate` writes a home before it puts everything in place. An interrupted migration leaves it. */
export const toMigrationFolder = (home: string): string => join(home, '.migration')

const reason = 'a migration into it was interrupted. Run the same segue migrate again: it begins anew.'

/** Throws UnusableHomeError if the home may have only a part of what was to be copied into it. */
export function assertMigrationComplete(home: string): void {
  if (existsSync(toMigrationFolder(home))) throw new UnusableHomeError(home, null, reason)
}
