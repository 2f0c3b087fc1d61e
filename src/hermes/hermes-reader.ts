import { dirname } from 'node:path'
import { chunkArray } from '../lib/chunk-array.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { ConversationIndexReader } from '../storage/sqlite/conversation-index/conversation-index-reader.ts'
import { CronReader } from './cron/cron-reader.ts'
import { readCronSessions } from './cron/cron-sessions.ts'
import { takePage, orderByIds, pageOfSessions } from '../storage/keyset-pagination.ts'
import type { PageRequest } from '../lib/pagination.ts'
import type { SessionFilter, SessionKey } from '../model/session-filter.ts'
import { HermesListing } from './index/hermes-listing.ts'
import { readFingerprints, readMessages, readOutlines } from './messages/read-message-rows.ts'
import { contextMessages, type MessageEntry } from './messages/message-outline.ts'
import { filterExistingIds, readSessions } from './state/session-queries.ts'
import { VisibleMessageCache } from './messages/visible-message-cache.ts'
import { StateDatabase, type OpenStateDatabase, type StateDatabaseOptions } from './state/state-database.ts'
import type {
  ConversationChange,
  ConversationSummary,
  ConversationFilter,
  ConversationPage,
  OffsetRange,
} from '../storage/conversation-reader.ts'

const idsPerQuery = 500
const sessionsPerQuery = 50 // whose rows are looked at in one statement, and one transaction

export interface HermesReaderOptions extends StateDatabaseOptions {
  /** Where the index of its sessions is kept; in memory without it. */
  readonly indexPath?: string | null
  /** The profile's own database, whose sessions can continue Hermes'. */
  readonly segueDatabasePath?: string | null
  /** What that puts before the ids of Hermes' sessions; nothing unless told. */
  readonly idNamespace?: string
  /** Called with the conversations that are found to have changed; with null where any may have. */
  readonly onConversationsChanged?: (changed: readonly ConversationChange[] | null) => void
}

/**
 * The sessions of one Hermes state.db, by the promises of `SessionSource`, and the jobs beside it, by those of
 * `JobSource`, but synchronous: it is made for a thread of its own, where waiting for a lock stops nobody else. A file
 * that can't be read answers with nothing and never throws.
 */
export class HermesReader {
  readonly #profile: string
  readonly #database: StateDatabase
  readonly #listing: HermesListing
  readonly #visibleMessages = new VisibleMessageCache()
  readonly #cronReader: CronReader

  constructor(
    profile: string,
    {
      indexPath = null,
      segueDatabasePath = null,
      idNamespace = '',
      onConversationsChanged = () => undefined,
      ...options
    }: HermesReaderOptions,
  ) {
    this.#profile = profile
    this.#database = new StateDatabase({ ...options, onRecovered: () => this.#listing.invalidate() })
    this.#listing = new HermesListing(this.#database, profile, {
      path: indexPath,
      segueDatabasePath,
      idNamespace,
      onConversationsChanged,
    })
    this.#cronReader = new CronReader({ ...options, profile, home: dirname(options.path) })
  }

  findSessions(ids: readonly string[]): SessionRecord[] {
    return this.#database.read([], (file) => this.#loadSessions(file, ids))
  }

  listSessions(page: PageRequest<SessionKey>, { ids, ...filter }: SessionFilter): SessionRecord[] {
    if (ids) {
      return this.#database.read([], (file) => pageOfSessions(this.#loadSessions(file, ids), page, filter))
    }
    return this.#listing.read([], ({ readVerified }) => {
      const keys = (lists: ConversationIndexReader) => lists.listSessionKeys(page, filter).map(({ id }) => id)
      const { listed, found } = readVerified(keys, (all) => all)
      return orderByIds(
        listed,
        found.map(({ record }) => record),
        ({ id }) => id,
      )
    })
  }

  /** Null when the file can't be read. Sessions that are kept here are in it by their ids alone. */
  listConversations(page: PageRequest<SessionKey>, filter: ConversationFilter): ConversationPage | null {
    return this.#listing.read<ConversationPage | null>(null, ({ readVerified }) => {
      const selectIds = (all: readonly ConversationSummary[]) => all.flatMap(({ rootId, tipId }) => [rootId, tipId])
      const { listed, found } = readVerified((lists) => lists.listConversations(page, filter), selectIds)
      return { conversations: listed, sessions: found.map(({ record }) => record) }
    })
  }

  findConversationsBySession(sessionIds: readonly string[]): Map<string, ConversationSummary> {
    const empty = new Map<string, ConversationSummary>()
    return this.#listing.read(empty, ({ read }) => read((lists) => lists.findConversationsBySession(sessionIds)))
  }

  listConversationSessionIds(rootId: string, range: OffsetRange): string[] {
    return this.#listing.read([], ({ read }) => read((lists) => lists.listConversationSessionIds(rootId, range)))
  }

  /** Looks for changes in the file that are easily missed, for a few milliseconds; true when there is more to look at. */
  runMaintenance(): boolean {
    return this.#listing.runMaintenance()
  }

  /** What has happened in the file before is told when it returns. */
  refresh(): void {
    this.#listing.read(undefined, () => undefined)
  }

  /** Lists will be asked for: `tend` gets ready for them. */
  warmUp(): void {
    this.#listing.warmUp()
  }

  countMessages(ids: readonly string[]): Map<string, number> {
    return this.#database.read(new Map<string, number>(), (file) => {
      const batches = chunkArray(ids, idsPerQuery)
      const counts = new Map(batches.flatMap((batch) => filterExistingIds(file, batch)).map((id) => [id, 0]))
      for (const some of chunkArray([...counts.keys()], sessionsPerQuery)) {
        const visible = file.db.transaction(() => this.#visibleMessages.get(file, some))()
        for (const [id, entries] of visible) counts.set(id, entries.length)
      }
      return counts
    })
  }

  listMessages(sessionId: string, page: PageRequest<number>): MessageRecord[] {
    const { after, before } = page
    const inRange = ({ position }: MessageEntry): boolean =>
      (after === null || position > after) && (before === null || position < before)
    return this.#readMessages(sessionId, (file) => takePage(this.#readEntries(file, sessionId).filter(inRange), page))
  }

  findMessage(id: string): MessageRecord | null {
    return this.findMessages([id])[0] ?? null
  }

  findMessages(ids: readonly string[]): MessageRecord[] {
    const rowsBySession = new Map<string, Set<number>>()
    for (const id of ids) {
      // The session id is Hermes' and may contain colons.
      const [, sessionId, row] = /^(.*):(0|[1-9]\d{0,15})$/s.exec(id) ?? []
      if (sessionId === undefined) continue
      rowsBySession.set(sessionId, (rowsBySession.get(sessionId) ?? new Set()).add(Number(row)))
    }
    return this.#database.read([], (file) =>
      chunkArray([...rowsBySession.keys()], sessionsPerQuery).flatMap((sessionIds) =>
        file.db.transaction(() => {
          const visible = this.#visibleMessages.get(file, sessionIds)
          const entriesBySession = sessionIds.map((sessionId): [string, MessageEntry[]] => [
            sessionId,
            (visible.get(sessionId) ?? []).filter(({ id }) => rowsBySession.get(sessionId)?.has(id)),
          ])
          return readMessages(file, new Map(entriesBySession))
        })(),
      ),
    )
  }

  loadContextMessages(sessionId: string): MessageRecord[] {
    return this.#readMessages(sessionId, (file) =>
      contextMessages(readOutlines(file, [sessionId]).get(sessionId) ?? [], (ids) => readFingerprints(file, ids)),
    )
  }

  listJobs(): JobRecord[] {
    return this.#cronReader.listJobs()
  }

  findJob(id: string): JobRecord | null {
    return this.#cronReader.findJob(id)
  }

  listRuns(jobId: string, page: PageRequest<number>): JobRunRecord[] {
    const job = this.#cronReader.findJob(jobId)
    if (!job) return []
    const sessions = this.#database.read([], (file) => readCronSessions(file, jobId))
    return this.#cronReader.listRuns(job, page, sessions)
  }

  findRun(id: string): JobRunRecord | null {
    const [, jobId, stamp] = /^(.*):(\d{4}(?:[-_]\d\d){5})$/s.exec(id) ?? []
    if (jobId === undefined || stamp === undefined) return null
    const position = Number(stamp.replaceAll(/\D/g, ''))
    const page = { after: position + 1, before: position - 1, limit: 1, backwards: false }
    return this.listRuns(jobId, page).find((run) => run.id === id) ?? null
  }

  /** Gives the file back; the next read opens it again. */
  close(): void {
    this.#database.close()
  }

  #readEntries(file: OpenStateDatabase, sessionId: string): readonly MessageEntry[] {
    return this.#visibleMessages.get(file, [sessionId]).get(sessionId) ?? []
  }

  #loadSessions(file: OpenStateDatabase, ids: readonly string[]): SessionRecord[] {
    return chunkArray([...new Set(ids)], idsPerQuery).flatMap((batch) => readSessions(file, batch, this.#profile))
  }

  /** The messages that `choose` takes of a session, all of them as they stood at one moment. */
  #readMessages(
    sessionId: string,
    selectEntries: (file: OpenStateDatabase) => readonly MessageEntry[],
  ): MessageRecord[] {
    return this.#database.read([], (file) =>
      file.db.transaction(() => readMessages(file, new Map([[sessionId, selectEntries(file)]])))(),
    )
  }
}
