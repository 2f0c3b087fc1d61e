import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeUnprivilegedFolder, PostgresProcess, runPostgresProgram } from './postgres-process.ts'

/** A PostgreSQL of the tests, in a temporary folder, on a Unix socket. Commits do not wait for the disk. */
export interface PostgresServer extends AsyncDisposable {
  /** The folder of its socket. */
  readonly host: string
  /** The URL of a database in it. */
  toUrl(database: string): string
}

export async function startPostgresServer(): Promise<PostgresServer> {
  const folder = makeUnprivilegedFolder(mkdtempSync(join(tmpdir(), 'segue-postgres-')))
  await initializeDatabases(folder)
  const server = await PostgresProcess.start(folder)
  return {
    host: folder,
    toUrl: (database) => `postgres://segue@${encodeURIComponent(folder)}/${database}`,
    async [Symbol.asyncDispose]() {
      await server.stop('SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Creates empty databases in a folder, in its subfolder `data`. Whoever connects is trusted. */
export async function initializeDatabases(folder: string): Promise<void> {
  // The order of a language, so that a missing COLLATE "C" is noticed.
  const locale = ['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'icu', '--icu-locale', 'en-US']
  const args = ['-D', join(folder, 'data'), '-U', 'segue', '-A', 'trust', '--no-sync', ...locale]
  await runPostgresProgram(folder, 'initdb', args)
}
