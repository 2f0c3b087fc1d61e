import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { HermesReaderOptions } from '../../../src/hermes/hermes-options.ts'
import { HermesReader } from '../../../src/hermes/hermes-reader.ts'
import type { PageRequest } from '../../../src/lib/pagination.ts'
import { subscribeToSqlStatements } from '../../../src/lib/sql-channel.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { HermesDb, type HermesLayout } from './hermes-db.ts'

/** The path of a state.db that does not exist yet, in a folder that is deleted when the test ends. */
export function newStatePath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'segue-hermes-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'state.db')
}

/** Closed when the test ends. */
export function newDb(
  path = newStatePath(),
  layout: HermesLayout = 'newest',
  journal: 'wal' | 'delete' = 'wal',
): HermesDb {
  const hermes = new HermesDb(path, layout, journal)
  onTestFinished(() => hermes.close())
  return hermes
}

/** A reader in the test's thread, with its log and the SQL that it runs on the state.db. */
export function newReader(
  path: string,
  lockTimeoutMs = 100,
  overrides: Partial<
    Pick<HermesReaderOptions, 'indexPath' | 'readMarksStart' | 'onConversationsChanged' | 'onCrossOriginReset'>
  > = {},
) {
  const log = new RecordingLogger()
  const statements: string[] = []
  const subscription = subscribeToSqlStatements((statement) => {
    if (statement.path === path) statements.push(statement.sql)
  })
  const reader = new HermesReader({
    path,
    profile: 'default',
    indexPath: null,
    readMarksStart: 0,
    reportsSessions: false,
    lockTimeoutMs,
    log,
    ...overrides,
  })
  onTestFinished(() => {
    reader.close()
    subscription[Symbol.dispose]()
  })
  return { reader, log: log.lines, statements }
}

/** The first `limit` rows, in the order of the list. */
export function firstPage<Key>(limit: number, after: Key | null = null): PageRequest<Key> {
  return { after, before: null, limit, backwards: false }
}

/** The last `limit` rows, in the order of the list. */
export function lastPage<Key>(limit: number, before: Key | null = null): PageRequest<Key> {
  return { after: null, before, limit, backwards: true }
}
