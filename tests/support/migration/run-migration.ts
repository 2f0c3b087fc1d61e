import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { openMigration } from '../../../src/cli/storage/open-migration.ts'
import { type CopiedTable, migrateInstallation } from '../../../src/maintenance/migration/migrate-installation.ts'
import { builtProgram } from '../server/built-program.ts'

export interface TestMigration {
  readonly home: string
  readonly url: string
  readonly isToDatabase: boolean
  /** Told of each step; an error that it throws ends the migration. */
  readonly onProgress?: (step: number) => void
}

/** Copies a home to a database, or back. */
export async function runMigration({
  home,
  url,
  isToDatabase,
  onProgress,
}: TestMigration): Promise<readonly CopiedTable[]> {
  await using disposables = new AsyncDisposableStack()
  const database = { url, schema: 'segue' }
  const { source, target } = await openMigration({ home, isToDatabase, database }, disposables)
  let step = 0
  return await migrateInstallation({
    source,
    target,
    signal: new AbortController().signal,
    onProgress: () => onProgress?.((step += 1)),
  })
}

/** A process of `segue migrate` that has copied all but the last table, and waits. */
export interface WaitingMigration {
  /** Sends a signal, lets it go on, and resolves to what it has printed and its exit code; null if it was killed. */
  end(signal: NodeJS.Signals): Promise<{ readonly code: unknown; readonly stderr: string }>
}

export async function startMigration(url: string, flags: readonly string[]): Promise<WaitingMigration> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('BEGIN')
  await client.query('LOCK TABLE segue.usage_sums')
  const migration = spawn(process.execPath, [builtProgram, 'migrate', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(migration, 'exit')
  const printed = text(migration.stderr)
  const sql = `SELECT count(*)::int AS count, pg_sleep(0.01) FROM pg_stat_activity
    WHERE application_name = 'segue migrate' AND wait_event_type = 'Lock'`
  for (let isWaiting = false; !isWaiting;) {
    if (migration.exitCode !== null) throw new Error(`The migration ended early: ${await printed}`)
    const { rows } = await client.query<{ count: number }>(sql)
    isWaiting = rows[0]?.count === 1
    await client.query('SELECT pg_stat_clear_snapshot()')
  }
  return {
    async end(signal) {
      migration.kill(signal)
      if (signal === 'SIGKILL') await exited
      await client.end()
      const [code] = await exited
      return { code, stderr: await printed }
    },
  }
}
