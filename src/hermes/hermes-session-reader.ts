import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { BirpcReturn } from 'birpc'
import type { MessageRecord, SessionRecord } from '../model/records.ts'
import type {
  ChangedConversation,
  ConversationEntry,
  ConversationFilter,
  ConversationPage,
  PageRequest,
  SegmentRange,
  SessionFilter,
  SessionKey,
  SessionSource,
} from '../storage/session-reader.ts'
import { Thread } from '../lib/worker-client.ts'
import { HermesJobs } from './hermes-job-reader.ts'
import type { HermesReader } from './hermes-reader.ts'
import type { WorkerEvents, WorkerOptions } from './hermes-worker.ts'
import type { HermesLog } from './state/state-database.ts'

export type { HermesLog }

export interface HermesOptions {
  /** The state.db; it may be missing, and appear later. */
  readonly path: string
  /** The profile that its sessions belong to. */
  readonly profile: string
  readonly log: HermesLog
  /** Where an index of its sessions is kept, which can be thrown away; in memory without it. */
  readonly index?: string
  /** The profile's own database, whose sessions can continue Hermes'. */
  readonly own?: string
  /** What that puts before the ids of Hermes' sessions; nothing unless told. */
  readonly prefix?: string
  /** Sees every statement that runs on the file, its values filled in, before the answer of the call that ran it. */
  readonly onStatement?: (sql: string) => void
  /** How long one call waits for a lock, in milliseconds; 5,000 unless told. */
  readonly patience?: number
}

const pause = 1000 // milliseconds between two looks whether there is a Hermes by now

/** The sessions of a Hermes state.db, which is only ever read. Nothing is opened before the first call. */
export function openHermesSessions(options: HermesOptions): HermesSessions {
  return new HermesSessions(options)
}

/**
 * Reads a state.db in a thread of its own. Whatever is wrong with the file or the thread, a call answers with nothing
 * and the log tells why, once; after `close` every call does.
 */
export class HermesSessions implements SessionSource {
  readonly origin = 'HERMES'
  /** The jobs in the same home, read by the same thread. */
  readonly jobs = new HermesJobs((empty, question) => this.#ask(empty, question))
  readonly #home: string
  readonly #thread: Thread<HermesReader, WorkerEvents>
  #waiting: NodeJS.Timeout | undefined
  #onChanged: (changed: readonly ChangedConversation[] | null) => void = () => undefined

  constructor(options: HermesOptions) {
    const { path, profile, log, index = null, own = null, prefix = '', onStatement, patience = 5_000 } = options
    this.#home = dirname(path)
    const statements = onStatement !== undefined
    const data: WorkerOptions = { path, profile, index, own, prefix, patience, statements }
    this.#thread = new Thread({
      entry: new URL('./hermes-worker.ts', import.meta.url),
      data,
      events: {
        info: (details, message) => log.info(details, message),
        warn: (details, message) => log.warn(details, message),
        statement: (sql) => onStatement?.(sql),
        changed: (conversations) => this.#onChanged(conversations),
      },
      onDeath: (error) => {
        log.warn({ path, error }, 'The thread that reads Hermes has died: the next call starts another')
        // Until then nobody looks at the file.
        this.#onChanged(null)
      },
    })
  }

  sessionsById(ids: readonly string[]): Promise<SessionRecord[]> {
    return this.#ask([], (reader) => reader.sessionsById(ids))
  }

  sessionPage(page: PageRequest<SessionKey>, filter: SessionFilter): Promise<SessionRecord[]> {
    return this.#ask([], (reader) => reader.sessionPage(page, filter))
  }

  conversationPage(page: PageRequest<SessionKey>, filter: ConversationFilter): Promise<ConversationPage | null> {
    return this.#ask<ConversationPage | null>(null, (reader) => reader.conversationPage(page, filter))
  }

  conversationsOf(sessionIds: readonly string[]): Promise<Map<string, ConversationEntry>> {
    const none = new Map<string, ConversationEntry>()
    return this.#ask(none, (reader) => reader.conversationsOf(sessionIds))
  }

  segmentIds(rootId: string, range: SegmentRange): Promise<string[]> {
    return this.#ask([], (reader) => reader.segmentIds(rootId, range))
  }

  messageCounts(ids: readonly string[]): Promise<Map<string, number>> {
    return this.#ask(new Map<string, number>(), (reader) => reader.messageCounts(ids))
  }

  messagePage(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    return this.#ask([], (reader) => reader.messagePage(sessionId, page))
  }

  message(id: string): Promise<MessageRecord | null> {
    return this.#ask(null, (reader) => reader.message(id))
  }

  contextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#ask([], (reader) => reader.contextMessages(sessionId))
  }

  onChanged(listener: (changed: readonly ChangedConversation[] | null) => void): void {
    this.#onChanged = listener
  }

  async catchUp(): Promise<void> {
    if (this.#isThere) await this.#thread.call((reader) => reader.catchUp())
  }

  /**
   * Gets ready for lists, which takes a while where there are very many sessions: nobody has to wait for it. Where there
   * is no Hermes yet, it waits for one.
   */
  warmUp(): void {
    if (this.#isThere) return void this.#ask(undefined, (reader) => reader.warmUp())
    this.#waiting ??= setInterval(() => {
      if (!this.#isThere) return
      clearInterval(this.#waiting)
      this.warmUp()
      this.#onChanged(null)
    }, pause).unref()
  }

  /** Ends the thread, also one that waits for a lock; calls that are under way answer with nothing. */
  async close(): Promise<void> {
    clearInterval(this.#waiting)
    await this.#thread.close()
  }

  /** Many profiles have none: a thread costs tens of megabytes. */
  get #isThere(): boolean {
    return existsSync(this.#home)
  }

  async #ask<T>(empty: T, question: (reader: BirpcReturn<HermesReader, WorkerEvents>) => Promise<T>): Promise<T> {
    if (!this.#isThere) return empty
    try {
      return await this.#thread.call(question)
    } catch {
      // The file's own faults never come this far: the thread is gone, which is logged where it is noticed.
      return empty
    }
  }
}
