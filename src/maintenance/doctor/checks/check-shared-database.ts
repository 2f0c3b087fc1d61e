import type { DatabaseSettings } from '../../../config/storage/resolve-database.ts'
import { formatCount } from '../../../lib/lists/format-count.ts'
import { StorageError } from '../../../storage/errors.ts'
import type { InspectInstallation } from '../../../storage/maintenance/installation-inspection.ts'
import { CheckReport, type CheckResult } from '../finding.ts'

/** Checks whether the database that several servers share can be used by this version. */
export async function checkSharedDatabase(
  database: DatabaseSettings,
  inspect: InspectInstallation,
): Promise<CheckResult> {
  const report = new CheckReport('database', null)
  try {
    const state = await inspect(database)
    if (!state.isSupported)
      report.add(`PostgreSQL ${state.engineVersion} is too old.`, 'Use PostgreSQL 15 or a newer version.')
    if (state.tableVersion !== null && state.tableVersion > state.latestTableVersion)
      report.add(
        `The schema ${database.schema} has version ${state.tableVersion}; this Segue supports versions up to ${state.latestTableVersion}.`,
        'Start the newer Segue that wrote it.',
      )
    if (state.configurationCount > 1)
      report.add(
        `The servers have ${state.configurationCount} different configurations.`,
        'Keep config.json and INSTRUCTIONS.md of all profiles equal in the homes of all servers.',
      )
    if (!state.isNotified)
      report.add(
        'Notifications do not arrive, so that servers look for the changes of others four times a second.',
        'If PgBouncer is in between, set SEGUE_DATABASE_LISTEN_URL to the URL of a direct connection.',
      )
    const servers = state.tableVersion === null ? 'no tables yet' : formatCount(state.processCount, 'running server')
    return report.finish(`PostgreSQL ${state.engineVersion}, ${servers}`)
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    report.add(
      `The database cannot be used: ${error.message || error.failure}.`,
      'Check that it runs, and its URL: --database, SEGUE_DATABASE_URL or `database` in config.json, and SEGUE_DATABASE_LISTEN_URL.',
    )
    return report.finish()
  }
}
