import type { MigrateCommand } from '../config/command-line/migrate-command.ts'
import { formatCount } from '../lib/lists/format-count.ts'
import { type MigrationProgress, migrateInstallation } from '../maintenance/migration/migrate-installation.ts'
import { MigrationError } from '../storage/migration/migration-error.ts'
import { abortOnSignal } from './abort-on-signal.ts'
import { printLineToStderr } from './print-line-to-stderr.ts'
import { openMigration } from './storage/open-migration.ts'

/** How often progress is printed. */
const progressIntervalMs = 5_000

/** Runs `segue migrate`: copies everything between a home and a database, completely or not at all. */
export async function runMigrate(command: MigrateCommand): Promise<void> {
  const signal = abortOnSignal()
  await using disposables = new AsyncDisposableStack()
  const { source, target } = await openMigration(command, disposables)
  const copied = await migrateInstallation({ source, target, signal, onProgress: createProgressPrinter() }).catch(
    (error: unknown) => {
      if (!signal.aborted) throw error
      throw new MigrationError('The migration was interrupted. Nothing has changed.')
    },
  )
  const profiles = new Set(copied.map(({ profile }) => profile))
  const count = (name: string): number =>
    copied.filter(({ table }) => table === name).reduce((sum, { count: added }) => sum + added, 0)
  const [from, to] = command.isToDatabase ? ['home', 'database'] : ['database', 'home']
  printLineToStderr(
    `Copied ${formatCount(profiles.size, 'profile')} from the ${from} to the ${to}, and compared ${profiles.size === 1 ? 'it' : 'them'}: ` +
      `${formatCount(count('sessions'), 'session')}, ${formatCount(count('messages'), 'message')}, ` +
      `${formatCount(count('events'), 'event')}, ${formatCount(count('jobs'), 'job')}, ${formatCount(count('files'), 'file')}. ` +
      `The ${from} is as it was.`,
  )
}

function createProgressPrinter(): (progress: MigrationProgress) => void {
  let printedAt = performance.now()
  return ({ phase, profile, table, count }) => {
    if (performance.now() - printedAt < progressIntervalMs) return
    printedAt = performance.now()
    printLineToStderr(`${profile}: ${phase} ${count.toLocaleString('en')} of ${table}.`)
  }
}
