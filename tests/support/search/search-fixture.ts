import { newId } from '../../../src/lib/ids.ts'
import type { MessageRecord } from '../../../src/model/message.ts'
import type { SessionRecord } from '../../../src/model/session.ts'
import type { SearchHit, SearchHitSortKey, SearchPage, SearchRequest } from '../../../src/search/search-hit.ts'
import { noUsage } from '../../../src/model/usage.ts'
import type { EventStore } from '../../../src/storage/event-store.ts'
import { newSessionRecord } from '../sessions/session-record.ts'

/** Sessions and messages of a profile, and the search in them. */
export interface SearchFixture {
  readonly store: EventStore
  /** Adds a session and returns its id. */
  addSession(title?: string | null, overrides?: Partial<SessionRecord>): Promise<string>
  /** Adds a message with one text part to a session and returns its id. */
  addMessage(sessionId: string, text: string, overrides?: Partial<MessageRecord>): Promise<string>
  find(query: string, request?: Partial<SearchRequest>): Promise<SearchPage>
  /** The same, but past the time limit of a search from its beginning on. */
  findPastDeadline(query: string, request?: Partial<SearchRequest>): Promise<SearchPage>
  /** The ids of the hits: of messages, and of sessions whose title matches. */
  findIds(query: string, request?: Partial<SearchRequest>): Promise<string[]>
  /** Resolves when everything is indexed. */
  waitForIndexing(): Promise<void>
}

/** Opens an empty profile, which is closed when the test ends. */
export type NewSearchFixture = () => Promise<SearchFixture>

export interface SearchFixtureOptions {
  readonly store: EventStore
  readonly find: (request: SearchRequest) => Promise<SearchPage>
  readonly findPastDeadline: (request: SearchRequest) => Promise<SearchPage>
  readonly waitForIndexing: () => Promise<void>
}

export function createSearchFixture({ store, waitForIndexing, ...options }: SearchFixtureOptions): SearchFixture {
  let time = 1_700_000_000_000
  const toRequest = (query: string, request: Partial<SearchRequest> = {}): SearchRequest => ({
    query,
    filter: {},
    after: null,
    before: null,
    limit: 1_000,
    backwards: false,
    ...request,
  })
  return {
    store,
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
    find: (query, request) => options.find(toRequest(query, request)),
    findPastDeadline: (query, request) => options.findPastDeadline(toRequest(query, request)),
    findIds: async (query, request) => (await options.find(toRequest(query, request))).hits.map(hitId),
    waitForIndexing,
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
