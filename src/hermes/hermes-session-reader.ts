import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { BirpcReturn } from 'birpc'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { SessionReader } from '../storage/session-reader.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { SessionFilter, SessionKey } from '../model/session-filter.ts'
import { WorkerClient } from '../lib/worker-client.ts'
import { HermesJobReader } from './hermes-job-reader.ts'
import type { HermesReader } from './hermes-reader.ts'
import type { HermesWorkerEvents, HermesWorkerOptions } from './hermes-worker.ts'
import type { Logger } from '../lib/logger.ts'
import type {
  ConversationChange,
  ConversationSummary,
  ConversationFilter,
  ConversationPage,
  OffsetRange,
} from '../storage/conversation-reader.ts'

export interface HermesSessionReaderOptions {
  /** The state.db; it may be missing, and appear later. */
  readonly path: string
  /** The profile that its sessions belong to. */
  readonly profile: string
  readonly log: Logger
  /** Where an index of its sessions is kept, which can be thrown away; in memory without it. */
  readonly indexPath?: string
  /** The profile's own database, whose sessions can continue Hermes'. */
  readonly segueDatabasePath?: string
  /** What that puts before the ids of Hermes' sessions; nothing unless told. */
  readonly idNamespace?: string
  /** Sees every statement that runs on the file, its values filled in, before the answer of the call that ran it. */
  readonly onStatement?: (sql: string) => void
  /** How long one call waits for a lock, in milliseconds; 5,000 unless told. */
  readonly lockTimeoutMs?: number
}

const homePollIntervalMs = 1000 // milliseconds between two looks whether there is a Hermes by now

/** The sessions of a Hermes state.db, which is only ever read. Nothing is opened before the first call. */
export function openHermesSessionReader(options: HermesSessionReaderOptions): HermesSessionReader {
  return new HermesSessionReader(options)
}

/**
 * Reads a state.db in a thread of its own. Whatever is wrong with the file or the thread, a call answers with nothing
 * and the log tells why, once; after `close` every call does.
 */
export class HermesSessionReader implements SessionReader {
  readonly origin = 'HERMES'
  /** The jobs in the same home, read by the same thread. */
  readonly jobs = new HermesJobReader((empty, question) => this.#call(empty, question))
  readonly #home: string
  readonly #worker: WorkerClient<HermesReader, HermesWorkerEvents>
  #homePollTimer: NodeJS.Timeout | undefined
  #conversationsListener: (changed: readonly ConversationChange[] | null) => void = () => undefined

  constructor(options: HermesSessionReaderOptions) {
    const {
      path,
      profile,
      log,
      indexPath = null,
      segueDatabasePath = null,
      idNamespace = '',
      onStatement,
      lockTimeoutMs = 5_000,
    } = options
    this.#home = dirname(path)
    const reportStatements = onStatement !== undefined
    const data: HermesWorkerOptions = {
      path,
      profile,
      indexPath,
      segueDatabasePath,
      idNamespace,
      lockTimeoutMs,
      reportStatements,
    }
    this.#worker = new WorkerClient({
      url: new URL('./hermes-worker.ts', import.meta.url),
      workerData: data,
      events: {
        log: (level, fields, message) => log[level](fields, message),
        statement: (sql) => onStatement?.(sql),
        changed: (conversations) => this.#conversationsListener(conversations),
      },
      onExit: (error) => {
        log.warn({ path, error }, 'The thread that reads Hermes has died: the next call starts another')
        // Until then nobody looks at the file.
        this.#conversationsListener(null)
      },
    })
  }

  findSessions(ids: readonly string[]): Promise<SessionRecord[]> {
    return this.#call([], (reader) => reader.findSessions(ids))
  }

  listSessions(page: PageRequest<SessionKey>, filter: SessionFilter): Promise<SessionRecord[]> {
    return this.#call([], (reader) => reader.listSessions(page, filter))
  }

  listConversations(page: PageRequest<SessionKey>, filter: ConversationFilter): Promise<ConversationPage | null> {
    return this.#call<ConversationPage | null>(null, (reader) => reader.listConversations(page, filter))
  }

  findConversationsBySession(sessionIds: readonly string[]): Promise<Map<string, ConversationSummary>> {
    const empty = new Map<string, ConversationSummary>()
    return this.#call(empty, (reader) => reader.findConversationsBySession(sessionIds))
  }

  listConversationSessionIds(rootId: string, range: OffsetRange): Promise<string[]> {
    return this.#call([], (reader) => reader.listConversationSessionIds(rootId, range))
  }

  countMessages(ids: readonly string[]): Promise<Map<string, number>> {
    return this.#call(new Map<string, number>(), (reader) => reader.countMessages(ids))
  }

  listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    return this.#call([], (reader) => reader.listMessages(sessionId, page))
  }

  findMessage(id: string): Promise<MessageRecord | null> {
    return this.#call(null, (reader) => reader.findMessage(id))
  }

  findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    return this.#call([], (reader) => reader.findMessages(ids))
  }

  loadContextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#call([], (reader) => reader.loadContextMessages(sessionId))
  }

  onConversationsChanged(listener: (changed: readonly ConversationChange[] | null) => void): void {
    this.#conversationsListener = listener
  }

  async refresh(): Promise<void> {
    if (this.#homeExists) await this.#worker.call((reader) => reader.refresh())
  }

  /**
   * Gets ready for lists, which takes a while where there are very many sessions: nobody has to wait for it. Where there
   * is no Hermes yet, it waits for one.
   */
  warmUp(): void {
    if (this.#homeExists) return void this.#call(undefined, (reader) => reader.warmUp())
    this.#homePollTimer ??= setInterval(() => {
      if (!this.#homeExists) return
      clearInterval(this.#homePollTimer)
      this.warmUp()
      this.#conversationsListener(null)
    }, homePollIntervalMs).unref()
  }

  /** Ends the thread, also one that waits for a lock; calls that are under way answer with nothing. */
  async close(): Promise<void> {
    clearInterval(this.#homePollTimer)
    await this.#worker.close()
  }

  /** Many profiles have none: a thread costs tens of megabytes. */
  get #homeExists(): boolean {
    return existsSync(this.#home)
  }

  async #call<T>(empty: T, invoke: (reader: BirpcReturn<HermesReader, HermesWorkerEvents>) => Promise<T>): Promise<T> {
    if (!this.#homeExists) return empty
    try {
      return await this.#worker.call(invoke)
    } catch {
      // The file's own faults never come this far: the thread is gone, which is logged where it is noticed.
      return empty
    }
  }
}
