import type { ConcurrencyLimiter } from '../../../lib/async/concurrency-limiter.ts'
import { SegueError } from '../../../lib/errors.ts'
import type { Telemetry } from '../../../lib/telemetry/telemetry.ts'
import { StorageError } from '../../errors.ts'
import { yieldToEventLoop } from '../../../lib/async/yield-to-event-loop.ts'
import { filtersByFlags, matchesFlags } from '../../../model/session-filter.ts'
import {
  isWithinSearchPage,
  type SearchHit,
  type SearchHitSortKey,
  type SearchPage,
  type SearchRequest,
} from '../../../search/search-hit.ts'
import { createSearchLimiter } from '../../../search/search-limiter.ts'
import { type SearchRank, type SearchPhrase, SearchQuery, searchRanks } from '../../../search/search-query.ts'
import { createSnippet } from '../../../search/snippet.ts'
import { listMatchingSessionFlags } from '../../conversation-index/conversation-index-flags.ts'
import type { ProfileSearch } from '../../profile-search.ts'
import type { PostgresConversationIndex } from '../conversation-index/postgres-conversation-index.ts'
import type { PostgresConnection, PostgresValue } from '../database/postgres-statement.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { loadMessageRows, loadMessageText } from '../tables/load-message-text.ts'
import type { PostgresSearchIndexer } from './postgres-search-indexer.ts'
import { loadTitles } from './search-entries.ts'
import { toTsquery } from './search-lexemes.ts'
import { findEntryRanges } from './search-ranges.ts'
import { type FoundSearchEntry, planEachSearch, toSearchStatement } from './search-statements.ts'

/** A search that takes longer returns what it has found, and where it was cut short. */
const defaultTimeoutMs = 2_000
const defaultStatementTimeoutMs = 10_000
/** What was written before a search began is indexed first, as far as this allows. */
const maxIndexingMs = 300

export interface PostgresSearchOptions {
  readonly database: PostgresProfileDatabase
  readonly conversationIndex: PostgresConversationIndex
  readonly indexer: PostgresSearchIndexer
  readonly timeoutMs?: number
  /** How long one statement of a search may take, in milliseconds. Default: 10,000. */
  readonly statementTimeoutMs?: number
  /** Bounds the searches of all profiles together, so that they never use all connections. Default: those of this one. */
  readonly limiter?: ConcurrencyLimiter
  /** Default: nothing is measured. */
  readonly telemetry?: Pick<Telemetry, 'recordSearch'>
}

/** A hit without its snippet. */
interface Match {
  readonly key: SearchHitSortKey
  readonly entry: FoundSearchEntry
}

/** Searches the titles and messages of a profile with PostgreSQL's index of lexemes. */
export class PostgresSearch implements ProfileSearch {
  readonly #options: PostgresSearchOptions
  readonly #limiter: ConcurrencyLimiter
  readonly #closing = new AbortController()

  constructor(options: PostgresSearchOptions) {
    this.#options = options
    this.#limiter = options.limiter ?? createSearchLimiter()
  }

  async find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const startedAt = performance.now()
    try {
      const page = await this.#limiter.run(() => this.#find(request, signal), signal)
      return page ?? { hits: [], searchedUpTo: null }
    } catch (error) {
      // The statement timeout, of what only reads.
      throw error instanceof StorageError && error.failure === 'BUSY' ? createSearchTimeoutError() : error
    } finally {
      this.#options.telemetry?.recordSearch(performance.now() - startedAt)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  async #find(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    const query = new SearchQuery(request.query)
    if (query.isEmpty || (request.filter.origin ?? 'SEGUE') !== 'SEGUE') return { hits: [], searchedUpTo: null }
    const { database, conversationIndex, indexer, timeoutMs = defaultTimeoutMs } = this.#options
    const { statementTimeoutMs = defaultStatementTimeoutMs } = this.#options
    await conversationIndex.prepareRead()
    // More than that is indexed in the background.
    await indexer.indexPending(performance.now() + maxIndexingMs)
    const deadline = performance.now() + timeoutMs
    return database.readSnapshot(async (connection) => {
      await connection.query(planEachSearch, [String(statementTimeoutMs)])
      const { matches, searchedUpTo } = await findMatches(connection, query, request, () => {
        if (signal.aborted || this.#closing.signal.aborted) signal.throwIfAborted()
        return performance.now() > deadline || this.#closing.signal.aborted
      })
      const hits = await createHits(connection, query, matches)
      return { hits: request.backwards ? hits.reverse() : hits, searchedUpTo }
    })
  }
}

function createSearchTimeoutError(): SegueError {
  return new SegueError('TIMEOUT', 'The search takes too long. Search for rarer words, or in fewer sessions.')
}

/** The first matches of a page, in its direction. */
async function findMatches(
  connection: PostgresConnection,
  query: SearchQuery,
  request: SearchRequest,
  isPastDeadline: () => boolean,
): Promise<{ matches: Match[]; searchedUpTo: SearchHitSortKey | null }> {
  const matches: Match[] = []
  const parameters = toParameters(connection.profile, query, request.filter)
  for (const rank of request.backwards ? searchRanks.toReversed() : searchRanks) {
    if (!canHaveRank(query, rank)) continue
    for await (const { from, to, minAt, maxAt, searchedUpTo } of findEntryRanges(connection, rank, request)) {
      const limit = request.limit - matches.length
      const values = [...parameters.phrases, from, to, minAt, maxAt, limit, ...parameters.filters]
      const found = await connection.query<FoundSearchEntry>(toSearchStatement(rank, request.backwards), values)
      matches.push(...found.map((entry) => toMatch(rank, entry)).filter(({ key }) => isWithinSearchPage(key, request)))
      if (matches.length >= request.limit) return { matches, searchedUpTo: null }
      if (isPastDeadline()) return { matches, searchedUpTo }
    }
  }
  return { matches, searchedUpTo: null }
}

function canHaveRank(query: SearchQuery, rank: SearchRank): boolean {
  if (rank === 'PHRASE_PREFIX') return query.fullPhrase.isPrefix
  return rank !== 'ALL_TERMS' || !query.isSinglePhrase
}

function toMatch(rank: SearchRank, entry: FoundSearchEntry): Match {
  return { key: { rank, at: entry.at, origin: 'SEGUE', number: entry.number }, entry }
}

/** See `toSearchStatement`. */
function toParameters(
  profile: string,
  query: SearchQuery,
  { ids, channels, segueFlags = [], ...flags }: SearchRequest['filter'],
): { readonly phrases: PostgresValue[]; readonly filters: PostgresValue[] } {
  const toText = ({ terms, isPrefix }: SearchPhrase): string => ` ${terms.join(' ')}${isPrefix ? '' : ' '}`
  const fullPhrase = toText({ ...query.fullPhrase, isPrefix: false })
  return {
    phrases: [toTsquery(profile, query), query.phrases.map(toText), fullPhrase, toText(query.fullPhrase)],
    filters: [
      ids ?? null,
      channels ? listMatchingSessionFlags({ channels }) : null,
      filtersByFlags(flags) ? listMatchingSessionFlags(flags) : null,
      segueFlags.flatMap(([id, each]) => (matchesFlags(each, flags) ? id : [])),
      segueFlags.map(([id]) => id),
    ],
  }
}

async function createHits(
  connection: PostgresConnection,
  query: SearchQuery,
  matches: readonly Match[],
): Promise<SearchHit[]> {
  const messageIds = matches.flatMap(({ entry }) => entry.messageId ?? [])
  const rows = new Map((await loadMessageRows(connection, messageIds)).map((row) => [row.id, row]))
  const titles = new Map(
    (
      await loadTitles(
        connection,
        matches.map(({ entry }) => entry.sessionId),
      )
    ).map((title) => [title.id, title]),
  )
  const hits: SearchHit[] = []
  for (const { key, entry } of matches) {
    const { sessionId, messageId } = entry
    const row = messageId === null ? undefined : rows.get(messageId)
    const title = titles.get(sessionId)
    const text = row ? await loadMessageText(connection, row) : entry.isGiven === 1 ? title?.given : title?.own
    if (typeof text === 'string') hits.push({ key, sessionId, messageId, snippet: createSnippet(text, query) })
    // Long messages take some milliseconds.
    await yieldToEventLoop()
  }
  return hits
}
