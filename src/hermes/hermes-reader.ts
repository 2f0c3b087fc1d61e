import { dirname } from 'node:path'
import { chunksOf } from '../lib/chunk.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { MessageRecord, SessionRecord } from '../model/records.ts'
import type { SegmentLists } from '../storage/sqlite/conversation-index/conversation-index-reader.ts'
import { CronFiles } from './cron/cron-reader.ts'
import { cronSessions } from './cron/cron-sessions.ts'
import { cut, inOrder, pageOfIds } from '../storage/keyset-pagination.ts'
import type {
  ChangedConversation,
  ConversationEntry,
  ConversationFilter,
  ConversationPage,
  PageRequest,
  SegmentRange,
  SessionFilter,
  SessionKey,
} from '../storage/session-reader.ts'
import { HermesLists } from './index/hermes-listing.ts'
import { readFingerprints, readMessages, readOutlines } from './messages/read-message-rows.ts'
import { contextMessages } from './messages/message-outline.ts'
import type { Entry } from './messages/message-outline.ts'
import { knownSessions, readSessions } from './state/session-queries.ts'
import { ShownMessages } from './messages/visible-message-cache.ts'
import { StateFile } from './state/state-database.ts'
import type { OpenFile, StateFileOptions } from './state/state-database.ts'

const sessionsAtOnce = 50 // whose rows are looked at in one statement, and one transaction

export interface HermesReaderOptions extends StateFileOptions {
  /** Where the index of its sessions is kept; in memory without it. */
  readonly index?: string | null
  /** The profile's own database, whose sessions can continue Hermes'. */
  readonly own?: string | null
  /** What that puts before the ids of Hermes' sessions; nothing unless told. */
  readonly prefix?: string
  /** Called with the conversations that are found to have changed; with null where any may have. */
  readonly onChanged?: (changed: readonly ChangedConversation[] | null) => void
}

/**
 * The sessions of one Hermes state.db, by the promises of `SessionSource`, and the jobs beside it, by those of
 * `JobSource`, but synchronous: it is made for a thread of its own, where waiting for a lock stops nobody else. A file
 * that can't be read answers with nothing and never throws.
 */
export class HermesReader {
  readonly #profile: string
  readonly #file: StateFile
  readonly #lists: HermesLists
  readonly #shown = new ShownMessages()
  readonly #cron: CronFiles

  constructor(
    profile: string,
    { index = null, own = null, prefix = '', onChanged = () => undefined, ...options }: HermesReaderOptions,
  ) {
    this.#profile = profile
    this.#file = new StateFile({ ...options, onBack: () => this.#lists.lose() })
    this.#lists = new HermesLists(this.#file, profile, { path: index, own, prefix, onChanged })
    this.#cron = new CronFiles({ ...options, profile, home: dirname(options.path) })
  }

  sessionsById(ids: readonly string[]): SessionRecord[] {
    return this.#file.read([], (file) => readSessions(file, ids, this.#profile))
  }

  sessionPage(page: PageRequest<SessionKey>, { ids, ...filter }: SessionFilter): SessionRecord[] {
    if (ids) {
      const load = (file: OpenFile) => (some: readonly string[]) => readSessions(file, some, this.#profile)
      return this.#file.read([], (file) => pageOfIds(ids, load(file), page, filter))
    }
    return this.#lists.read([], ({ check }) => {
      const keys = (lists: SegmentLists) => lists.sessionKeys(page, filter).map(({ id }) => id)
      const { listed, found } = check(keys, (all) => all)
      return inOrder(
        listed,
        found.map(({ record }) => record),
        ({ id }) => id,
      )
    })
  }

  /** Null when the file can't be read. Sessions that are kept here are in it by their ids alone. */
  conversationPage(page: PageRequest<SessionKey>, filter: ConversationFilter): ConversationPage | null {
    return this.#lists.read<ConversationPage | null>(null, ({ check }) => {
      const idsOf = (all: readonly ConversationEntry[]) => all.flatMap(({ rootId, tipId }) => [rootId, tipId])
      const { listed, found } = check((lists) => lists.conversationPage(page, filter), idsOf)
      return { entries: listed, sessions: found.map(({ record }) => record) }
    })
  }

  conversationsOf(sessionIds: readonly string[]): Map<string, ConversationEntry> {
    const none = new Map<string, ConversationEntry>()
    return this.#lists.read(none, ({ read }) => read((lists) => lists.conversationsOf(sessionIds)))
  }

  segmentIds(rootId: string, range: SegmentRange): string[] {
    return this.#lists.read([], ({ read }) => read((lists) => lists.segmentIds(rootId, range)))
  }

  /** Looks for changes in the file that are easily missed, for a few milliseconds; true when there is more to look at. */
  tend(): boolean {
    return this.#lists.tend()
  }

  /** What has happened in the file before is told when it returns. */
  catchUp(): void {
    this.#lists.read(undefined, () => undefined)
  }

  /** Lists will be asked for: `tend` gets ready for them. */
  warmUp(): void {
    this.#lists.warmUp()
  }

  messageCounts(ids: readonly string[]): Map<string, number> {
    return this.#file.read(new Map<string, number>(), (file) => {
      const counts = new Map(knownSessions(file, ids).map((id) => [id, 0]))
      for (const some of chunksOf([...counts.keys()], sessionsAtOnce)) {
        const shown = file.db.transaction(() => this.#shown.of(file, some))()
        for (const [id, entries] of shown) counts.set(id, entries.length)
      }
      return counts
    })
  }

  messagePage(sessionId: string, page: PageRequest<number>): MessageRecord[] {
    const { after, before } = page
    const inRange = ({ position }: Entry): boolean =>
      (after === null || position > after) && (before === null || position < before)
    return this.#messages(sessionId, (file) => cut(this.#entries(file, sessionId).filter(inRange), page))
  }

  message(id: string): MessageRecord | null {
    // Session ids are not ours: they may hold colons.
    const [, sessionId, row] = /^(.*):(0|[1-9]\d{0,15})$/s.exec(id) ?? []
    if (sessionId === undefined) return null
    const isIt = (entry: Entry): boolean => entry.id === Number(row)
    return this.#messages(sessionId, (file) => this.#entries(file, sessionId).filter(isIt))[0] ?? null
  }

  contextMessages(sessionId: string): MessageRecord[] {
    return this.#messages(sessionId, (file) =>
      contextMessages(readOutlines(file, [sessionId]).get(sessionId) ?? [], (ids) => readFingerprints(file, ids)),
    )
  }

  jobs(): JobRecord[] {
    return this.#cron.jobs()
  }

  job(id: string): JobRecord | null {
    return this.#cron.job(id)
  }

  jobRunPage(jobId: string, page: PageRequest<number>): JobRunRecord[] {
    const job = this.#cron.job(jobId)
    if (!job) return []
    const sessions = this.#file.read([], (file) => cronSessions(file, jobId))
    return this.#cron.runPage(job, page, sessions)
  }

  jobRun(id: string): JobRunRecord | null {
    const [, jobId, stamp] = /^(.*):(\d{4}(?:[-_]\d\d){5})$/s.exec(id) ?? []
    if (jobId === undefined || stamp === undefined) return null
    const position = Number(stamp.replaceAll(/\D/g, ''))
    const page = { after: position + 1, before: position - 1, limit: 1, backwards: false }
    return this.jobRunPage(jobId, page).find((run) => run.id === id) ?? null
  }

  /** Gives the file back; the next read opens it again. */
  close(): void {
    this.#file.close()
  }

  #entries(file: OpenFile, sessionId: string): readonly Entry[] {
    return this.#shown.of(file, [sessionId]).get(sessionId) ?? []
  }

  /** The messages that `choose` takes of a session, all of them as they stood at one moment. */
  #messages(sessionId: string, choose: (file: OpenFile) => readonly Entry[]): MessageRecord[] {
    return this.#file.read([], (file) => file.db.transaction(() => readMessages(file, sessionId, choose(file)))())
  }
}
