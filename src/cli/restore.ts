import { resolve } from 'node:path'
import type { MaintenanceCommand } from '../config/command-line/maintenance-command.ts'
import { restoreBackup } from '../maintenance/backup/restore-backup.ts'
import { abortOnSignal } from './abort-on-signal.ts'
import { formatCount } from '../lib/lists/format-count.ts'
import { printLineToStderr } from './print-line-to-stderr.ts'
import { sqliteBackupStorage } from './storage/sqlite-backup-storage.ts'

/** Runs `segue restore`: restores a backup into an empty home. */
export async function runRestore(
  { home, file }: Extract<MaintenanceCommand, { readonly name: 'backup' | 'restore' }>,
  workingDirectory: string,
): Promise<void> {
  const { files, profiles, createdAt } = await restoreBackup({
    file: resolve(workingDirectory, file),
    home,
    storage: sqliteBackupStorage,
    signal: abortOnSignal(),
  })
  printLineToStderr(
    `Restored ${formatCount(files.length, 'file')} of ${formatCount(profiles.length, 'profile')}, as of ${createdAt}, to the home ${home}.`,
  )
}
