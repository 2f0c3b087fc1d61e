import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { PageRequest } from '../lib/pagination.ts'
import { publishSqlStatement } from '../lib/sql-channel.ts'
import { WorkerClient, WorkerExitedError } from '../lib/worker/worker-client.ts'
import type { Attention } from '../model/conversation/attention.ts'
import type { HermesStatus } from '../storage/sessions/hermes-status.ts'
import type { MessageRecord } from '../model/message.ts'
import type { ConversationFlags, SessionFilter, SessionSortKey } from '../model/session-filter.ts'
import type { SessionRecord } from '../model/session.ts'
import type {
  ConversationChange,
  ConversationCount,
  ConversationFilter,
  ConversationPage,
  ConversationListEntry,
  GivenConversationTitle,
  OffsetPagination,
} from '../storage/sessions/conversation-reader.ts'
import type { SessionReader } from '../storage/sessions/session-reader.ts'
import type { CrossOriginContinuationFeed } from '../storage/sessions/cross-origin-continuation-feed.ts'
import type { ForeignUsagePage, ForeignUsageQuery, ForeignUsageReader } from '../storage/usage/usage-sum-store.ts'
import { HermesJobReader } from './hermes-job-reader.ts'
import { createHermesJobSource, type HermesWorkerFunctions } from './hermes-job-source.ts'
import type { HermesOptions, HermesReaderOptions } from './hermes-options.ts'
import type { HermesReader } from './hermes-reader.ts'
import type { HermesWorkerEvents } from './hermes-worker.ts'
import { CrossOriginContinuationReplicator } from './index/cross-origin-continuation-replicator.ts'
import { SharedHermesSessionSource } from './shared/shared-hermes-session-source.ts'
import { InheritedSettingsReplicator } from './index/inherited-settings-replicator.ts'

export interface HermesSessionReaderOptions
  extends
    Pick<HermesReaderOptions, 'path' | 'profile' | 'log'>,
    Partial<Pick<HermesOptions, 'indexPath' | 'readMarksStart' | 'lockTimeoutMs'>> {
  /** Segue's sessions that continue sessions of Hermes. Without it, Hermes' conversations end in Hermes. */
  readonly crossOriginFeed?: CrossOriginContinuationFeed
  /** Called with the ids of sessions that are new, have changed or are gone; with null if any session may have changed. */
  readonly onSessionsChanged?: (ids: readonly string[] | null) => void
}

const defaultLockTimeoutMs = 5_000
const homePollIntervalMs = 1_000 // between two checks whether Hermes' home exists by now
const maxRereads = 3 // an index that breaks again and again must not keep a list waiting for ever

/**
 * Reads a Hermes agent in a worker thread that the first call starts. Hermes' files are never written to. A call that
 * cannot be answered, because of the file or the worker, resolves to an empty result, and the log says why; after `close`,
 * every call does.
 */
export class HermesSessionReader implements SessionReader, ForeignUsageReader {
  readonly origin = 'HERMES'
  /** The jobs of the same agent, read by the same worker. */
  readonly jobs = new HermesJobReader(createHermesJobSource((empty, invoke) => this.#call(empty, invoke)))
  /** Its sessions, for those who store them elsewhere. */
  readonly shared = new SharedHermesSessionSource((empty, invoke) => this.#call(empty, invoke))
  readonly #options: HermesSessionReaderOptions
  readonly #home: string
  readonly #worker: WorkerClient<HermesReader, HermesWorkerEvents>
  readonly #replicator: CrossOriginContinuationReplicator | null
  readonly #settingsReplicator: InheritedSettingsReplicator | null
  #homePollTimer: NodeJS.Timeout | undefined
  #conversationsListener: (changes: readonly ConversationChange[] | null) => void = () => undefined

  constructor(options: HermesSessionReaderOptions) {
    const { path, profile, indexPath = null, lockTimeoutMs = defaultLockTimeoutMs, crossOriginFeed } = options
    const { readMarksStart = 0 } = options
    this.#options = options
    this.#home = dirname(path)
    const workerOptions: HermesOptions = {
      path,
      profile,
      indexPath,
      readMarksStart,
      lockTimeoutMs,
      reportsSessions: !!options.onSessionsChanged,
    }
    this.#worker = new WorkerClient({
      url: new URL('./hermes-worker.ts', import.meta.url),
      options: workerOptions,
      events: {
        log: (level, fields, message) => options.log[level](fields, message),
        statement: publishSqlStatement,
        conversationsChanged: (changes) => this.#conversationsListener(changes),
        sessionsChanged: (ids) => options.onSessionsChanged?.(ids),
        crossOriginReset: () => this.#restartReplication(),
        settingsInherited: () => this.#handleInheritedSettings(),
      },
      onExit: (reason) => this.#handleExit(reason),
    })
    this.#replicator = crossOriginFeed ? this.#createReplicator(crossOriginFeed) : null
    this.#settingsReplicator = crossOriginFeed ? this.#createSettingsReplicator(crossOriginFeed) : null
  }

  findSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return this.#callForIds(ids, [], (reader) => reader.findSessions(ids))
  }

  listSessions(page: PageRequest<SessionSortKey>, filter: SessionFilter): Promise<SessionRecord[]> {
    return this.#call([], (reader) => reader.listSessions(page, filter))
  }

  listConversations(page: PageRequest<SessionSortKey>, filter: ConversationFilter): Promise<ConversationPage | null> {
    return this.#callReplicated<ConversationPage | null>(null, (reader) => reader.listConversations(page, filter))
  }

  countConversations(filter: ConversationFilter): Promise<ConversationCount[] | null> {
    return this.#callReplicated<ConversationCount[] | null>(null, (reader) => reader.countConversations(filter))
  }

  findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationListEntry>> {
    const empty = new Map<string, ConversationListEntry>()
    if (sessionIds.length === 0) return Promise.resolve(empty)
    return this.#callReplicated(empty, (reader) => reader.findConversationsBySession(sessionIds))
  }

  /** The flags of Segue's sessions that only Hermes has set, by session id, as of its last list. */
  listFlagsOfSegueSessions(): Promise<Map<string, ConversationFlags>> {
    return this.#callReplicated(new Map<string, ConversationFlags>(), (reader) => reader.listFlagsOfSegueSessions())
  }

  /** What the conversations of Hermes' sessions want of a person, by session id, apart from those that are IDLE. */
  listAttentions(): Promise<Map<string, Attention>> {
    return this.#callReplicated(new Map<string, Attention>(), (reader) => reader.listAttentions())
  }

  findContinuations(sessionIds: readonly string[]): Promise<Map<string, string>> {
    const empty = new Map<string, string>()
    if (sessionIds.length === 0) return Promise.resolve(empty)
    return this.#callReplicated(empty, (reader) => reader.findContinuations(sessionIds))
  }

  listConversationSessionIds(rootId: string, range: OffsetPagination): Promise<string[]> {
    return this.#callReplicated([], (reader) => reader.listConversationSessionIds(rootId, range))
  }

  /** The conversations whose tip is Hermes' and that a person gave a title in Segue which matches a query; at most 5,000. */
  findGivenTitles(query: string): Promise<GivenConversationTitle[]> {
    return this.#callReplicated<GivenConversationTitle[]>([], (reader) => reader.findGivenTitles(query))
  }

  countMessages(ids: readonly string[]): Promise<Map<string, number>> {
    return this.#callForIds(ids, new Map<string, number>(), (reader) => reader.countMessages(ids))
  }

  listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    return this.#call([], (reader) => reader.listMessages(sessionId, page))
  }

  findMessage(id: string): Promise<MessageRecord | null> {
    return this.#call(null, (reader) => reader.findMessage(id))
  }

  findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    return this.#callForIds(ids, [], (reader) => reader.findMessages(ids))
  }

  loadContextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#call([], (reader) => reader.loadContextMessages(sessionId))
  }

  /** What its sessions have used, page by page. */
  listSessionUsage(query: ForeignUsageQuery): Promise<ForeignUsagePage> {
    return this.#call<ForeignUsagePage>({ sessions: [], next: null }, (reader) => reader.listSessionUsage(query))
  }

  onConversationsChanged(listener: (changes: readonly ConversationChange[] | null) => void): void {
    this.#conversationsListener = listener
  }

  /** Whether the file can be read now. */
  loadStatus(): Promise<HermesStatus> {
    if (!this.#homeExists) return Promise.resolve({ state: 'NOT_FOUND', error: null })
    const unreadable: HermesStatus = { state: 'UNREADABLE', error: 'Reading Hermes failed. See the log of the server.' }
    return this.#call(unreadable, (reader) => reader.loadStatus())
  }

  async refresh(): Promise<void> {
    if (!this.#homeExists) return
    await this.#replicator?.push()
    await this.#worker.call((reader) => reader.refresh())
    await this.#storeInheritedSettings()
  }

  /**
   * Lets the worker build its index, which takes a while if there are very many sessions, before somebody waits for a list.
   * If Hermes' home does not exist yet, waits for it.
   */
  warmUp(): void {
    if (this.#homeExists) return void this.#callReplicated(undefined, (reader) => reader.warmUp())
    this.#homePollTimer ??= setInterval(() => {
      if (!this.#homeExists) return
      clearInterval(this.#homePollTimer)
      this.warmUp()
      this.#conversationsListener(null)
    }, homePollIntervalMs).unref()
  }

  /** Terminates the worker, even if it waits for a lock. Pending calls resolve to empty results. */
  async close(): Promise<void> {
    clearInterval(this.#homePollTimer)
    await this.#worker.close()
  }

  /** Many profiles have no Hermes agent, and a worker takes tens of megabytes. */
  get #homeExists(): boolean {
    return existsSync(this.#home)
  }

  /** Answers a look-up of no ids at once: the worker may be waiting for a lock, which must not delay Segue's own streams. */
  #callForIds<T>(ids: readonly string[], empty: T, invoke: (reader: HermesWorkerFunctions) => Promise<T>): Promise<T> {
    return ids.length === 0 ? Promise.resolve(empty) : this.#call(empty, invoke)
  }

  async #call<T>(empty: T, invoke: (reader: HermesWorkerFunctions) => Promise<T>): Promise<T> {
    if (!this.#homeExists) return empty
    try {
      return await this.#worker.call(invoke)
    } catch (error) {
      this.#logFailure(error, 'Reading Hermes failed. The result is empty.')
      return empty
    }
  }

  /** The same for what depends on Segue's sessions: the index has all of them first. */
  async #callReplicated<T>(empty: T, invoke: (reader: HermesWorkerFunctions) => Promise<T>): Promise<T> {
    for (let attemptsLeft = maxRereads; ; attemptsLeft--) {
      await this.#replicate()
      const resetCount = this.#replicator?.resetCount
      const result = await this.#call(empty, invoke)
      // Reading may have shown that the index had to be built again, without Segue's sessions.
      if (resetCount === this.#replicator?.resetCount || this.#worker.isClosed || attemptsLeft === 0) return result
    }
  }

  #createReplicator(feed: CrossOriginContinuationFeed): CrossOriginContinuationReplicator {
    feed.onChanges(() => void this.#replicate())
    return new CrossOriginContinuationReplicator(feed, {
      loadCrossOriginCursor: () => this.#worker.call((reader) => reader.loadCrossOriginCursor()),
      applyCrossOriginChanges: (batch) => this.#worker.call((reader) => reader.applyCrossOriginChanges(batch)),
      resetCrossOriginSessions: (id) => this.#worker.call((reader) => reader.resetCrossOriginSessions(id)),
    })
  }

  #createSettingsReplicator(feed: CrossOriginContinuationFeed): InheritedSettingsReplicator {
    return new InheritedSettingsReplicator(feed, {
      listUnconfirmedSettings: (limit) => this.#worker.call((reader) => reader.listUnconfirmedSettings(limit)),
      confirmSettings: (stored) => this.#worker.call((reader) => reader.confirmSettings(stored)),
    })
  }

  async #replicate(): Promise<void> {
    if (!this.#replicator || !this.#homeExists || this.#worker.isClosed) return
    try {
      await this.#replicator.push()
    } catch (error) {
      this.#logFailure(error, "Sending Segue's sessions to the index of Hermes failed. Lists may lack continuations.")
      return
    }
    // Only then is it certain that the index follows this database. No list waits for it.
    void this.#storeInheritedSettings()
  }

  #restartReplication(): void {
    this.#replicator?.invalidate()
    void this.#replicate()
  }

  #handleInheritedSettings(): void {
    this.#settingsReplicator?.markPending()
    void this.#replicate()
  }

  async #storeInheritedSettings(): Promise<void> {
    try {
      await this.#settingsReplicator?.push()
    } catch (error) {
      this.#logFailure(error, 'Storing the settings of conversations of Hermes failed.')
    }
  }

  #handleExit(reason: string): void {
    const { log, path } = this.#options
    log.warn({ path, reason }, 'The worker that reads Hermes has exited. The next call starts another one.')
    this.#replicator?.invalidate()
    this.#settingsReplicator?.markPending()
    // Nobody watches the file until then.
    this.#options.onSessionsChanged?.(null)
    this.#conversationsListener(null)
  }

  /** An exit is logged where it is noticed. What is wrong with Hermes' files never rejects: any other error is a defect. */
  #logFailure(error: unknown, message: string): void {
    if (error instanceof WorkerExitedError) return
    this.#options.log.error({ path: this.#options.path, err: error }, message)
  }
}
