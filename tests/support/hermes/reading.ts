import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { HermesReader, type HermesReaderOptions } from '../../../src/hermes/hermes-reader.ts'
import { RecordingLogger } from '../recording-logger.ts'
import type { PageRequest } from '../../../src/lib/pagination.ts'
import { HermesDb, type HermesLayout } from './hermes-db.ts'

/** The path of a state.db that does not exist yet, in a directory that goes with the test. */
export function newStatePath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'segue-hermes-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'state.db')
}

/** A database that is closed with the test. */
export function newDb(
  path = newStatePath(),
  layout: HermesLayout = 'newest',
  journal: 'wal' | 'delete' = 'wal',
): HermesDb {
  const hermes = new HermesDb(path, layout, journal)
  onTestFinished(() => hermes.close())
  return hermes
}

/** A reader in this thread, with what it logs and the statements that it runs. */
export function newReader(
  path: string,
  timeoutMs = 100,
  more: Pick<HermesReaderOptions, 'indexPath' | 'segueDatabasePath' | 'onConversationsChanged'> = {},
) {
  const log = new RecordingLogger()
  const statements: string[] = []
  const options = { path, lockTimeoutMs: timeoutMs, log, onStatement: (sql: string) => void statements.push(sql) }
  const reader = new HermesReader('default', { ...options, ...more })
  onTestFinished(() => reader.close())
  return { reader, log: log.lines, statements }
}

/** The first `limit` of all, in the list's own order. */
export function firstPage<Key>(limit: number, after: Key | null = null): PageRequest<Key> {
  return { after, before: null, limit, backwards: false }
}

/** The last `limit` of all, in the list's own order. */
export function lastPage<Key>(limit: number, before: Key | null = null): PageRequest<Key> {
  return { after: null, before, limit, backwards: true }
}
