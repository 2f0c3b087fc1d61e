import type { MigrateCommand } from '../../config/command-line/migrate-command.ts'
import type { MigrationSource, MigrationTarget } from '../../storage/migration/migration-storage.ts'

/** Opens the two sides of a migration; `disposables` closes them, the target first. */
export async function openMigration(
  { home, isToDatabase, database }: Omit<MigrateCommand, 'name'>,
  disposables: AsyncDisposableStack,
): Promise<{ readonly source: MigrationSource; readonly target: MigrationTarget }> {
  // Loaded only when they are used.
  if (isToDatabase) {
    const { SqliteMigrationSource } = await import('../../storage/sqlite/migration/sqlite-migration-source.ts')
    const { PostgresMigrationTarget } = await import('../../storage/postgres/migration/postgres-migration-target.ts')
    const source = disposables.use(SqliteMigrationSource.open(home))
    return { source, target: disposables.use(await PostgresMigrationTarget.open(database)) }
  }
  const { SqliteMigrationTarget } = await import('../../storage/sqlite/migration/sqlite-migration-target.ts')
  const { PostgresMigrationSource } = await import('../../storage/postgres/migration/postgres-migration-source.ts')
  const source = disposables.use(await PostgresMigrationSource.open(database))
  return { source, target: disposables.use(await SqliteMigrationTarget.open(home)) }
}
