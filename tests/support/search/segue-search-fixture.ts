import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import type { MessageRecord } from '../../../src/model/message.ts'
import { noUsage } from '../../../src/model/usage.ts'
import type { SessionRecord } from '../../../src/model/session.ts'
import { ReadOnlySegueDatabase } from '../../../src/storage/sqlite/search/read-only-segue-database.ts'
import { SqliteSearchSource } from '../../../src/storage/sqlite/search/sqlite-search-source.ts'
import type { SearchHit, SearchHitSortKey, SearchPage, SearchRequest } from '../../../src/search/search-hit.ts'
import { SearchRunner } from '../../../src/search/search-runner.ts'
import { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'
import { StorageHealth } from '../../../src/storage/health/storage-health.ts'
import { BackgroundSearchIndexer } from '../../../src/storage/sqlite/search/background-search-indexer.ts'
import { SqliteEventStore } from '../../../src/storage/sqlite/sqlite-event-store.ts'
import { newSessionRecord } from '../sessions/session-record.ts'
import { newTempFolder, writeEmptyDatabase } from '../server/segue.ts'
import { waitUntil } from '../wait-until.ts'
import { RecordingLogger } from '../recording-logger.ts'

/** A profile's database and the search in it, in the test's thread. */
export interface SegueSearchFixture {
  readonly path: string
  readonly database: SegueProfileDatabase
  readonly store: SqliteEventStore
  /** Errors of the background indexer. */
  readonly loggedErrors: readonly unknown[]
  readonly runner: SearchRunner
  /** Adds a session and returns its id. */
  addSession(title?: string | null, overrides?: Partial<SessionRecord>): Promise<string>
  /** Adds a message with one text part to a session and returns its id. */
  addMessage(sessionId: string, text: string, overrides?: Partial<MessageRecord>): Promise<string>
  find(query: string, request?: Partial<SearchRequest>): Promise<SearchPage>
  /** The ids of the hits: of messages, and of sessions whose title matches. */
  findIds(query: string, request?: Partial<SearchRequest>): Promise<string[]>
  /** Resolves when everything is indexed. */
  waitForIndexing(): Promise<void>
  /** The number of index entries for messages and for titles. */
  countEntries(): { readonly message: number; readonly title: number }
}

export interface SegueSearchFixtureOptions {
  readonly path?: string
  /** Index in the background what takes too long for a commit. True by default. */
  readonly indexInBackground?: boolean
  /** The time limit of a search. */
  readonly timeoutMs?: number
}

/** Closed when the test ends. */
export function newSegueSearchFixture({
  path,
  indexInBackground = true,
  timeoutMs,
}: SegueSearchFixtureOptions = {}): SegueSearchFixture {
  const file = path ?? join(newTestFolder(), 'segue.db')
  if (path === undefined) writeEmptyDatabase(file)
  const database = new SegueProfileDatabase(file)
  const store = new SqliteEventStore(database)
  const log = new RecordingLogger()
  const background = indexInBackground ? new BackgroundSearchIndexer(database, new StorageHealth({ log }), log) : null
  const runner = new SearchRunner(
    new Map([['SEGUE', new SqliteSearchSource(new ReadOnlySegueDatabase(file))]]),
    timeoutMs,
  )
  onTestFinished(async () => {
    await background?.close()
    runner.close()
    database.close()
  })
  let time = 1_700_000_000_000
  const find = (query: string, request: Partial<SearchRequest> = {}): Promise<SearchPage> =>
    runner.find(
      { query, filter: {}, after: null, before: null, limit: 1_000, backwards: false, ...request },
      new AbortController().signal,
    )
  return {
    path: file,
    database,
    store,
    loggedErrors: log.errors,
    runner,
    addSession: async (title = null, overrides = {}) => {
      const id = newId('session')
      time += 1_000
      const fields = { id, title, startedAt: time, lastActivityAt: time, ...overrides }
      const session = newSessionRecord({ origin: 'SEGUE', source: 'segue', ...fields })
      await store.createSession({ session, messages: [] })
      return id
    },
    addMessage: async (sessionId, text, overrides = {}) => {
      time += 1_000
      const message = { ...newTextMessage(sessionId, text, time), ...overrides }
      await store.append({ sessionId, expectedHeadSeq: 0, events: [], messages: [message] })
      return message.id
    },
    find,
    findIds: async (query, request) => (await find(query, request)).hits.map(hitId),
    waitForIndexing: () => waitUntil(() => countPending(database) === 0),
    countEntries: () => ({ message: countEntries(database, 'message'), title: countEntries(database, 'title') }),
  }
}

/** A user's message with a position. */
export function newTextMessage(sessionId: string, text: string, at: number): MessageRecord {
  return {
    id: newId('message'),
    sessionId,
    position: at,
    withdrawn: false,
    role: 'USER',
    status: 'COMPLETE',
    parts: [{ type: 'text', text }],
    createdAt: at,
    streamId: null,
    model: null,
    usage: noUsage,
  }
}

export const hitId = ({ messageId, sessionId }: SearchHit): string => messageId ?? sessionId

/** All hits, read in pages of a size. */
export async function readAllPages(
  find: (request: Partial<SearchRequest>) => Promise<SearchPage>,
  size: number,
  backwards: boolean,
): Promise<SearchHit[]> {
  let all: readonly SearchHit[] = []
  for (let cursor: SearchHitSortKey | null = null; ;) {
    const { hits, searchedUpTo }: SearchPage = await find({
      limit: size,
      backwards,
      [backwards ? 'before' : 'after']: cursor,
    })
    all = backwards ? [...hits, ...all] : [...all, ...hits]
    const last: SearchHitSortKey | undefined = searchedUpTo ?? (backwards ? hits[0] : hits.at(-1))?.key
    if (last === undefined || (hits.length < size && !searchedUpTo)) return [...all]
    cursor = last
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
