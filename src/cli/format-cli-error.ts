import { SettingsError } from '../config/settings-error.ts'
import { SegueError } from '../lib/errors.ts'
import { BackupError } from '../maintenance/backup/backup-error.ts'
import { ExportImportError } from '../transfer/export-import-error.ts'
import { MigrationError } from '../storage/migration/migration-error.ts'
import {
  DatabaseTooNewError,
  DatabaseNotMigratedError,
  DatabaseUnusableError,
  HomeInUseError,
  StorageError,
  UnusableHomeError,
} from '../storage/errors.ts'

const userFacingErrors = [
  SettingsError,
  HomeInUseError,
  UnusableHomeError,
  DatabaseTooNewError,
  DatabaseNotMigratedError,
  DatabaseUnusableError,
  SegueError,
  ExportImportError,
  BackupError,
  MigrationError,
]

/** Returns the message of an error that the user can fix. Returns any other error as it is, to be shown with its stack. */
export function formatCliError(error: unknown): unknown {
  if (error instanceof StorageError) return formatStorageError(error)
  return error instanceof Error && userFacingErrors.some((type) => error instanceof type) ? error.message : error
}

function formatStorageError({ message, failure }: StorageError): string {
  const reason = message === '' ? `it is out of order or cannot be reached (${failure})` : message
  return `The database cannot be used: ${reason}. It is the one of --database, SEGUE_DATABASE_URL or \`database\` in config.json, else segue.db in the home.`
}
