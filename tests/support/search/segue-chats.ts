import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { type MessageRecord, noUsage, type SessionRecord } from '../../../src/model/records.ts'
import { OwnFile } from '../../../src/storage/sqlite/search/read-only-database.ts'
import { OwnSearch } from '../../../src/storage/sqlite/search/sqlite-search.ts'
import type { SearchHit, SearchKey, SearchPage, SearchRequest } from '../../../src/search/search-hit.ts'
import { SearchRunner } from '../../../src/search/search-runner.ts'
import { ProfileDatabase } from '../../../src/storage/sqlite/database/sqlite-database.ts'
import { Indexing } from '../../../src/storage/sqlite/search/background-indexer.ts'
import { SqliteChatStore } from '../../../src/storage/sqlite/sqlite-event-store.ts'
import { sessionRecord } from '../sessions/session-record.ts'
import { newFolder } from '../server/segue.ts'
import { until } from '../wait-until.ts'

/** A profile's own database and the search in it, in this thread. */
export interface OwnChats {
  readonly path: string
  readonly database: ProfileDatabase
  readonly store: SqliteChatStore
  /** What went wrong while it was indexed in the background. */
  readonly problems: unknown[]
  readonly runner: SearchRunner
  /** Adds a session; its id. */
  session(title?: string | null, of?: Partial<SessionRecord>): Promise<string>
  /** Adds a message of one text part to a session; its id. */
  message(sessionId: string, text: string, of?: Partial<MessageRecord>): Promise<string>
  find(query: string, request?: Partial<SearchRequest>): Promise<SearchPage>
  /** The ids of what is found, of messages and of sessions whose title was hit. */
  ids(query: string, request?: Partial<SearchRequest>): Promise<string[]>
  /** Resolves when all that there is has been taken into the index. */
  indexed(): Promise<void>
  /** How many entries the index has, of messages and of titles. */
  entries(): { readonly message: number; readonly title: number }
}

export interface OwnChatsOptions {
  readonly path?: string
  /** What takes too long to be taken in with its commit is taken in behind it. */
  readonly indexing?: boolean
  /** How long a search may take, in milliseconds. */
  readonly patience?: number
}

/** Goes with the test. */
export function newOwnChats({ path, indexing = true, patience }: OwnChatsOptions = {}): OwnChats {
  const file = path ?? join(ownFolder(), 'segue.db')
  const database = new ProfileDatabase(file)
  const store = new SqliteChatStore(database, 'default')
  const problems: unknown[] = []
  const background = indexing ? new Indexing(database, (error) => void problems.push(error)) : null
  const runner = new SearchRunner(new Map([['SEGUE', new OwnSearch(new OwnFile(file, null))]]), patience)
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
    problems,
    runner,
    session: async (title = null, of = {}) => {
      const id = newId('session')
      time += 1_000
      const begun = { id, title, startedAt: time, lastActivityAt: time, ...of }
      const session = sessionRecord({ origin: 'SEGUE', source: 'segue', ...begun })
      await store.createSession({ session, messages: [] })
      return id
    },
    message: async (sessionId, text, of = {}) => {
      time += 1_000
      const message = { ...textMessage(sessionId, text, time), ...of }
      await store.append({ sessionId, head: 0, events: [], messages: [message] })
      return message.id
    },
    find,
    ids: async (query, request) => (await find(query, request)).hits.map(idOf),
    indexed: () => until(() => left(database) === 0),
    entries: () => ({ message: count(database, 'message'), title: count(database, 'title') }),
  }
}

/** A message of a person, which has its place. */
export function textMessage(sessionId: string, text: string, at: number): MessageRecord {
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

export const idOf = ({ messageId, sessionId }: SearchHit): string => messageId ?? sessionId

/** All of a list, in pages of a size. */
export async function walk(
  find: (request: Partial<SearchRequest>) => Promise<SearchPage>,
  size: number,
  backwards: boolean,
): Promise<SearchHit[]> {
  let all: readonly SearchHit[] = []
  for (let cursor: SearchKey | null = null; ;) {
    const { hits, reached }: SearchPage = await find({
      limit: size,
      backwards,
      [backwards ? 'before' : 'after']: cursor,
    })
    all = backwards ? [...hits, ...all] : [...all, ...hits]
    const last: SearchKey | undefined = reached ?? (backwards ? hits[0] : hits.at(-1))?.key
    if (last === undefined || (hits.length < size && !reached)) return [...all]
    cursor = last
  }
}

function ownFolder(): string {
  const folder = newFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** How much is noted as not taken into the index yet. */
function left(database: ProfileDatabase): number {
  const sql = 'SELECT (SELECT count(*) FROM unindexed) + (SELECT count(*) FROM unindexed_before) AS count'
  return database.prepare<[], { count: number }>(sql).get()?.count ?? 0
}

function count(database: ProfileDatabase, kind: 'message' | 'title'): number {
  const sql = `SELECT count(*) AS count FROM ${kind}_entries`
  return database.prepare<[], { count: number }>(sql).get()?.count ?? 0
}
