import { SettingsError } from '../config/settings-error.ts'
import { SegueError } from '../lib/errors.ts'
import { HomeInUseError, UnusableHomeError } from '../storage/sqlite/database/home-lock.ts'
import { DatabaseTooNewError, DatabaseUnusableError } from '../storage/sqlite/database/sqlite-database.ts'
import { DatabaseTooOldError } from '../storage/sqlite/database/read-snapshot.ts'
import { TransferError } from '../transfer/transfer-error.ts'

const userFacingErrors = [
  HomeInUseError,
  UnusableHomeError,
  DatabaseTooNewError,
  DatabaseTooOldError,
  DatabaseUnusableError,
  SegueError,
  TransferError,
]

/** What a person can mend, said in words; anything else is a fault of ours and shows its stack. */
export function formatCliError(error: unknown): unknown {
  if (error instanceof SettingsError) return `Segue cannot start with these settings:\n${error.message}`
  return error instanceof Error && userFacingErrors.some((type) => error instanceof type) ? error.message : error
}

/** Tells it on standard error, and ends the process with status 1. */
export function exitWithError(reason: unknown): never {
  console.error(reason)
  process.exit(1)
}
