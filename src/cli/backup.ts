import { resolve } from 'node:path'
import type { MaintenanceCommand } from '../config/command-line/maintenance-command.ts'
import { segueVersion } from '../config/command-line/segue-version.ts'
import { createBackup } from '../maintenance/backup/create-backup.ts'
import { abortOnSignal } from './abort-on-signal.ts'
import { formatCount } from '../lib/lists/format-count.ts'
import { printLineToStderr } from './print-line-to-stderr.ts'
import { sqliteBackupStorage } from './storage/sqlite-backup-storage.ts'

/** Runs `segue backup`: writes the whole home to a tar file. What is in PostgreSQL is left to PostgreSQL's own program. */
export async function runBackup(
  { home, database, file }: Extract<MaintenanceCommand, { readonly name: 'backup' | 'restore' }>,
  workingDirectory: string,
): Promise<void> {
  const path = resolve(workingDirectory, file)
  const { files, profiles, missingBlobs } = await createBackup({
    home,
    file: path,
    segueVersion,
    storage: sqliteBackupStorage,
    signal: abortOnSignal(),
  })
  for (const blob of missingBlobs)
    printLineToStderr(`The home lacks ${blob}, which a conversation refers to. Run segue doctor.`)
  printLineToStderr(
    `Backed up ${formatCount(files.length, 'file')} of ${formatCount(profiles.length, 'profile')} to ${path}.`,
  )
  if (database)
    printLineToStderr(
      `The conversations are in PostgreSQL, not in this file. Save them with pg_dump --format custom --schema ${database.schema}.`,
    )
}
