import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ReadOnlySegueDatabase } from '../../../src/storage/sqlite/search/read-only-segue-database.ts'
import { SqliteSearchSource } from '../../../src/storage/sqlite/search/sqlite-search-source.ts'
import { SearchRunner } from '../../../src/search/search-runner.ts'
import { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'
import { StorageHealth } from '../../../src/storage/health/storage-health.ts'
import { BackgroundSearchIndexer } from '../../../src/storage/sqlite/search/background-search-indexer.ts'
import { SqliteEventStore } from '../../../src/storage/sqlite/sqlite-event-store.ts'
import { newTempFolder, writeEmptyDatabase } from '../server/segue.ts'
import { createSearchFixture, type SearchFixture } from './search-fixture.ts'
import { waitUntil } from '../wait-until.ts'
import { RecordingLogger } from '../recording-logger.ts'

/** A profile's database and the search in it, in the test's thread. */
export interface SegueSearchFixture extends SearchFixture {
  readonly path: string
  readonly database: SegueProfileDatabase
  readonly store: SqliteEventStore
  /** Errors of the background indexer. */
  readonly loggedErrors: readonly unknown[]
  readonly runner: SearchRunner
  /** The number of index entries for messages and for titles. */
  countEntries(): { readonly message: number; readonly title: number }
}

export interface SegueSearchFixtureOptions {
  readonly path?: string
  /** Index in the background what takes too long for a commit. True by default. */
  readonly indexInBackground?: boolean
}

/** Closed when the test ends. */
export function newSegueSearchFixture({
  path,
  indexInBackground = true,
}: SegueSearchFixtureOptions = {}): SegueSearchFixture {
  const file = path ?? join(newTestFolder(), 'segue.db')
  if (path === undefined) writeEmptyDatabase(file)
  const database = new SegueProfileDatabase(file)
  const store = new SqliteEventStore(database)
  const log = new RecordingLogger()
  const background = indexInBackground ? new BackgroundSearchIndexer(database, new StorageHealth({ log }), log) : null
  const createRunner = (timeoutMs?: number): SearchRunner =>
    new SearchRunner(new Map([['SEGUE', new SqliteSearchSource(new ReadOnlySegueDatabase(file))]]), timeoutMs)
  const runner = createRunner()
  onTestFinished(async () => {
    await background?.close()
    runner.close()
    database.close()
  })
  const signal = new AbortController().signal
  const fixture = createSearchFixture({
    store,
    find: (request) => runner.find(request, signal),
    findPastDeadline: async (request) => {
      const late = createRunner(-1)
      return late.find(request, signal).finally(() => late.close())
    },
    waitForIndexing: () => waitUntil(() => countPending(database) === 0),
  })
  return {
    ...fixture,
    path: file,
    database,
    store,
    loggedErrors: log.errors,
    runner,
    countEntries: () => ({ message: countEntries(database, 'message'), title: countEntries(database, 'title') }),
  }
}

/** A folder that is removed when the test has finished. */
export function newTestFolder(): string {
  const folder = newTempFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The number of queued items. */
function countPending(database: SegueProfileDatabase): number {
  const sql = 'SELECT (SELECT count(*) FROM search_queue) + (SELECT count(*) FROM search_backfill) AS count'
  return database.prepare<[], { count: number }>(sql).get()?.count ?? 0
}

function countEntries(database: SegueProfileDatabase, kind: 'message' | 'title'): number {
  const sql = `SELECT count(*) AS count FROM ${kind}_entries`
  return database.prepare<[], { count: number }>(sql).get()?.count ?? 0
}
