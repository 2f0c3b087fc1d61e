import { chunkArray } from '../lib/chunk-array.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { Attention } from '../model/conversation/attention.ts'
import type { HermesStatus } from '../storage/sessions/hermes-status.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { MessageRecord } from '../model/message.ts'
import type { ConversationFlags, SessionFilter, SessionSortKey } from '../model/session-filter.ts'
import type { SessionRecord } from '../model/session.ts'
import { normalizeSearchText } from '../search/analyzer.ts'
import { SearchQuery } from '../search/search-query.ts'
import type { FinishedJobRunQuery } from '../storage/job-store.ts'
import type { SharedHermesSession, SharedHermesSessionPage } from '../storage/installation/hermes-index.ts'
import { orderByIds, selectSessionPage } from '../storage/keyset-pagination.ts'
import type {
  ConversationCount,
  ConversationFilter,
  ConversationPage,
  ConversationListEntry,
  GivenConversationTitle,
  OffsetPagination,
} from '../storage/sessions/conversation-reader.ts'
import type { ConversationSettingsRow } from '../storage/sessions/conversation-settings.ts'
import { type FoundHermesJobRuns, HermesCronReader } from './cron/hermes-cron-reader.ts'
import type { HermesJobRunScan } from './cron/runs/hermes-job-run-scanner.ts'
import type { HermesReaderOptions } from './hermes-options.ts'
import type {
  CrossOriginContinuationBatch,
  CrossOriginContinuationCursor,
} from './index/cross-origin-continuation-cursor.ts'
import { HermesListing, type SynchronizedHermesConversationIndex } from './index/hermes-listing.ts'
import { HermesForkDetector } from './lineage/hermes-fork-detector.ts'
import { HermesMessageReader } from './messages/hermes-message-reader.ts'
import { VisibleHermesMessageCache } from './messages/visible-hermes-message-cache.ts'
import { toHermesStatus } from './state/hermes-state-file-health.ts'
import type { ForeignUsagePage, ForeignUsageQuery } from '../storage/usage/usage-sum-store.ts'
import { readHermesSessionUsage, readHermesSessionUse } from './usage/read-hermes-session-usage.ts'
import { type StateDatabaseConnection, StateDatabase } from './state/state-database.ts'

const idsPerQuery = 500
const maxGivenTitles = 5_000 // as many as a search returns hits of Hermes

/**
 * Reads the sessions and jobs of one Hermes agent. The methods are those of SessionReader and JobReader, but synchronous:
 * the reader runs in a worker, where waiting for a lock blocks nobody else. A file that cannot be read yields empty
 * results and a log entry; no method throws because of it.
 */
export class HermesReader {
  readonly #database: StateDatabase
  readonly #listing: HermesListing
  readonly #visibleMessages = new VisibleHermesMessageCache()
  readonly #messages = new HermesMessageReader(this.#visibleMessages)
  readonly #forkDetector: HermesForkDetector
  readonly #cronReader: HermesCronReader
  readonly #profile: string

  constructor(options: HermesReaderOptions) {
    this.#profile = options.profile
    this.#forkDetector = new HermesForkDetector(options.profile, this.#visibleMessages)
    this.#database = new StateDatabase({ ...options, onRecovered: () => this.#listing.invalidate() })
    this.#listing = new HermesListing(this.#database, this.#forkDetector, options)
    this.#cronReader = new HermesCronReader({ ...options, database: this.#database })
  }

  loadStatus(): HermesStatus {
    return toHermesStatus(this.#database.checkHealth())
  }

  findSessions(ids: readonly string[]): SessionRecord[] {
    return this.#database.read([], (file) => this.#loadSessions(file, ids))
  }

  listSessions(page: PageRequest<SessionSortKey>, { ids, ...filter }: SessionFilter): SessionRecord[] {
    if (ids) {
      return this.#listing.read([], ({ file, read }) => {
        const sessions = this.#loadSessions(file, ids)
        const conversations = read((index) => index.findConversationsBySession(sessions.map(({ id }) => id)))
        return selectSessionPage(sessions, page, filter, conversations)
      })
    }
    return this.#listing.read([], ({ readVerified }) => {
      const { listed, found } = readVerified(
        (index) => index.listSessionKeys(page, filter).map(({ id }) => id),
        (listedIds) => listedIds,
      )
      return orderByIds(
        listed,
        found.map(({ record }) => record),
        ({ id }) => id,
      )
    })
  }

  /** Null if the file cannot be read. `sessions` lacks those that Segue stores. */
  listConversations(page: PageRequest<SessionSortKey>, filter: ConversationFilter): ConversationPage | null {
    return this.#listing.read<ConversationPage | null>(null, ({ readVerified }) => {
      const selectIds = (all: readonly ConversationListEntry[]) => all.flatMap(({ rootId, tipId }) => [rootId, tipId])
      const { listed, found } = readVerified((index) => index.listConversations(page, filter), selectIds)
      return { conversations: listed, sessions: found.map(({ record }) => record) }
    })
  }

  /** Null if the file cannot be read. */
  countConversations(filter: ConversationFilter): ConversationCount[] | null {
    return this.#listing.read<ConversationCount[] | null>(null, ({ read }) =>
      read((index) => index.countConversations(filter)),
    )
  }

  findConversationsBySession(sessionIds: readonly string[]): Map<string, ConversationListEntry> {
    const empty = new Map<string, ConversationListEntry>()
    return this.#listing.read(empty, ({ read }) => read((index) => index.findConversationsBySession(sessionIds)))
  }

  /**
   * The flags of Segue's sessions that only Hermes has set, by session id, as of the last list. Empty if the file cannot be
   * read. While the index is being built, those that it contains.
   */
  listFlagsOfSegueSessions(): Map<string, ConversationFlags> {
    if (this.loadStatus().state !== 'FOUND') return new Map()
    return this.#listing.readIndex((index) => index.listFlagsOfSegueSessions())
  }

  /**
   * What the conversations of Hermes' sessions want of a person, by session id, apart from those that are IDLE. While the
   * index is being built, those that it contains.
   */
  listAttentions(): Map<string, Attention> {
    return this.#listing.readIndex((index) => index.listAttentions())
  }

  findContinuations(sessionIds: readonly string[]): Map<string, string> {
    return this.#listing.read(new Map(), ({ read }) => read((index) => index.findContinuations(sessionIds)))
  }

  listConversationSessionIds(rootId: string, range: OffsetPagination): string[] {
    return this.#listing.read([], ({ read }) => read((index) => index.listConversationSessionIds(rootId, range)))
  }

  /**
   * The conversations whose tip is Hermes' and that a person gave a title in Segue which matches a query; at most 5,000.
   * While the index is being built, those that it contains.
   */
  findGivenTitles(queryText: string): GivenConversationTitle[] {
    const query = new SearchQuery(queryText)
    return this.#listing
      .readIndex((index) => index.listGivenTitles())
      .filter(({ title }) => query.matches(normalizeSearchText(title)))
      .slice(0, maxGivenTitles)
  }

  /** The sessions whose ids come after an id, in order, for those who store them elsewhere. Null if the file cannot be read. */
  listSharedSessions(afterId: string, limit: number): SharedHermesSessionPage | null {
    return this.#listing.read<SharedHermesSessionPage | null>(null, (index) => {
      const ids = index.listSessionIds(afterId, limit)
      return { sessions: this.#loadShared(index, ids), lastId: ids.length < limit ? null : (ids.at(-1) ?? null) }
    })
  }

  /** The same of these sessions. Those that are gone are left out. */
  findSharedSessions(ids: readonly string[]): SharedHermesSession[] | null {
    return this.#listing.read<SharedHermesSession[] | null>(null, (index) => this.#loadShared(index, ids))
  }

  /** Runs one step of the search for changes that are easily missed: a few milliseconds. Returns whether more is left. */
  runMaintenance(): boolean {
    return this.#listing.runMaintenance()
  }

  /** Reports every change that the file contains before it returns. */
  refresh(): void {
    this.#listing.read(undefined, () => undefined)
  }

  /** Lets `runMaintenance` build the index before the first list is read. */
  warmUp(): void {
    this.#listing.warmUp()
  }

  loadCrossOriginCursor(): CrossOriginContinuationCursor {
    return this.#listing.loadCrossOriginCursor()
  }

  applyCrossOriginChanges(batch: CrossOriginContinuationBatch): CrossOriginContinuationCursor {
    return this.#listing.applyCrossOriginChanges(batch)
  }

  resetCrossOriginSessions(databaseId: string | null): CrossOriginContinuationCursor {
    return this.#listing.resetCrossOriginSessions(databaseId)
  }

  listUnconfirmedSettings(limit: number): ConversationSettingsRow[] {
    return this.#listing.listUnconfirmedSettings(limit)
  }

  confirmSettings(stored: readonly ConversationSettingsRow[]): void {
    this.#listing.confirmSettings(stored)
  }

  countMessages(ids: readonly string[]): Map<string, number> {
    return this.#database.read(new Map<string, number>(), (file) => this.#messages.countMessages(file, ids))
  }

  listMessages(sessionId: string, { after, before, limit, backwards }: PageRequest<number>): MessageRecord[] {
    const page = { after, before, limit, backwards }
    return this.#database.read([], (file) => this.#messages.listMessages(file, sessionId, page))
  }

  findMessage(id: string): MessageRecord | null {
    return this.findMessages([id])[0] ?? null
  }

  findMessages(ids: readonly string[]): MessageRecord[] {
    return this.#database.read([], (file) => this.#messages.findMessages(file, ids))
  }

  loadContextMessages(sessionId: string): MessageRecord[] {
    return this.#database.read([], (file) => this.#messages.loadContextMessages(file, sessionId))
  }

  listJobs(): JobRecord[] {
    return this.#cronReader.listJobs()
  }

  findJob(id: string): JobRecord | null {
    return this.#cronReader.findJob(id)
  }

  listRuns(jobId: string, page: PageRequest<number>): JobRunRecord[] {
    return this.#cronReader.listRuns(jobId, page)
  }

  findRun(id: string): JobRunRecord | null {
    return this.#cronReader.findRun(id)
  }

  findRuns(ids: readonly string[]): FoundHermesJobRuns {
    return this.#cronReader.findRuns(ids)
  }

  listFinishedRuns(query: FinishedJobRunQuery): FoundHermesJobRuns {
    return this.#cronReader.listFinishedRuns(query)
  }

  scanRuns(version: string | null): HermesJobRunScan | 'UNCHANGED' {
    return this.#cronReader.scanRuns(version)
  }

  /** What the sessions have used that were used last within a span. */
  listSessionUsage(query: ForeignUsageQuery): ForeignUsagePage {
    return this.#database.read({ sessions: [], next: null }, (file) =>
      readHermesSessionUsage(file, query, this.#profile),
    )
  }

  /** Closes the file; the next read opens it again. */
  close(): void {
    this.#database.close()
  }

  #loadShared(index: SynchronizedHermesConversationIndex, ids: readonly string[]): SharedHermesSession[] {
    const sessions = index.loadSessions(ids)
    const foundIds = sessions.map(({ record }) => record.id)
    const counts = this.#messages.countMessages(index.file, foundIds)
    const uses = readHermesSessionUse(index.file, foundIds)
    return sessions.map(({ record, entry }) => {
      const { usedAt = null, answers = 0 } = uses.get(record.id) ?? {}
      return { record, entry, messageCount: counts.get(record.id) ?? 0, usedAt, answers }
    })
  }

  #loadSessions(file: StateDatabaseConnection, ids: readonly string[]): SessionRecord[] {
    return chunkArray([...new Set(ids)], idsPerQuery).flatMap((batch) => this.#forkDetector.readSessions(file, batch))
  }
}
