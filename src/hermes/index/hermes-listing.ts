import type { ConversationChange } from '../../storage/sessions/conversation-reader.ts'
import type { ConversationIndexEntry } from '../../storage/sessions/cross-origin-continuation-feed.ts'
import type { ConversationSettingsRow } from '../../storage/sessions/conversation-settings.ts'
import type { ConversationIndexReader } from '../../storage/sqlite/conversation-index/reading/conversation-index-reader.ts'
import type { HermesReaderOptions } from '../hermes-options.ts'
import type { HermesForkDetector, IndexableHermesSession } from '../lineage/hermes-fork-detector.ts'
import type { StateDatabaseConnection, StateDatabase } from '../state/state-database.ts'
import type { CrossOriginContinuationBatch, CrossOriginContinuationCursor } from './cross-origin-continuation-cursor.ts'
import { HermesFullScan } from './hermes-full-scan.ts'
import { HermesConversationIndexCorruptError } from './hermes-conversation-index-store.ts'
import { HermesConversationIndexSynchronizer } from './hermes-conversation-index-synchronizer.ts'

const maxRereads = 20 // so that a file under heavy writing does not keep a page waiting for ever
const maxRebuilds = 2

/** A file that can be read, and the index that is in step with it. */
export interface SynchronizedHermesConversationIndex {
  readonly file: StateDatabaseConnection
  /**
   * Reads a list from the index, then every session on it from the file. If the index was wrong about one, which may
   * belong elsewhere then, the list is read again.
   */
  readVerified<T>(
    list: (index: ConversationIndexReader) => T[],
    selectIds: (listed: readonly T[]) => readonly string[],
  ): { readonly listed: readonly T[]; readonly found: readonly IndexableHermesSession[] }
  read<T>(work: (index: ConversationIndexReader) => T): T
  /** Ids of sessions after an id, in order. */
  listSessionIds(afterId: string, limit: number): string[]
  /** Sessions as they are in the file now, each with what the index has of it then. */
  loadSessions(ids: readonly string[]): (IndexableHermesSession & { readonly entry: ConversationIndexEntry })[]
}

/**
 * The lists of a state.db. Keeps their index in step with the file, on every read and in between, and reports what has
 * changed.
 */
export class HermesListing {
  readonly #database: StateDatabase
  readonly #synchronizer: HermesConversationIndexSynchronizer
  readonly #fullScan: HermesFullScan
  readonly #onConversationsChanged: NonNullable<HermesReaderOptions['onConversationsChanged']>
  /** False until a list is asked for: reading sessions by id needs no index. */
  #isIndexNeeded = false
  #fileExisted: boolean
  /** Changes that are not reported yet: those that one call finds are reported together. Null: anything may have changed. */
  #pendingChanges: ConversationChange[] | null = []

  constructor(database: StateDatabase, forkDetector: HermesForkDetector, options: HermesReaderOptions) {
    this.#database = database
    this.#fileExisted = database.exists
    this.#onConversationsChanged = options.onConversationsChanged ?? (() => undefined)
    this.#synchronizer = new HermesConversationIndexSynchronizer(forkDetector, {
      ...options,
      onConversationsChanged: (changes) =>
        (this.#pendingChanges = changes && this.#pendingChanges && [...this.#pendingChanges, ...changes]),
    })
    this.#fullScan = new HermesFullScan(this.#synchronizer)
  }

  /** The result of `work`, or `empty` if the file cannot be read. */
  read<T>(empty: T, work: (index: SynchronizedHermesConversationIndex) => T): T {
    this.#isIndexNeeded = true
    const result = this.#database.read(empty, (file) =>
      this.#rebuildOnCorruption(() => {
        if (this.#synchronizer.synchronize(file)) this.#fullScan.request()
        return work({
          file,
          readVerified: (list, selectIds) => this.#readVerified(file, list, selectIds),
          read: (query) => this.#synchronizer.read(query),
          listSessionIds: (afterId, limit) => this.#synchronizer.sessions.listSessionIds(afterId, limit),
          loadSessions: (ids) => this.#loadSessions(file, ids),
        })
      }),
    )
    this.#reportChanges()
    return result
  }

  /** Reads the index as it is: unlike `read`, it never waits for the file, or until a new index is built. */
  readIndex<T>(work: (index: ConversationIndexReader) => T): T {
    this.#isIndexNeeded = true
    return this.#rebuildOnCorruption(() => this.#synchronizer.read(work))
  }

  /** Lets `runMaintenance` build the index before the first list is read. */
  warmUp(): void {
    this.#isIndexNeeded = true
  }

  /** Runs one step of the search for changes that are easily missed: a few milliseconds. Returns whether more is left. */
  runMaintenance(): boolean {
    if (!this.#isIndexNeeded) return false
    // All conversations disappear with the file, and come back with it.
    const { exists } = this.#database
    if (exists !== this.#fileExisted) this.invalidate()
    this.#fileExisted = exists
    const hasMore = this.#database.tryRead(false, (file) =>
      this.#rebuildOnCorruption(() => {
        if (this.#synchronizer.buildNext(file)) return true
        if (this.#synchronizer.synchronize(file)) this.#fullScan.request()
        return this.#fullScan.scanNext(file)
      }),
    )
    this.#reportChanges()
    return hasMore
  }

  /** Reports that any conversation may have changed. */
  invalidate(): void {
    this.#pendingChanges = null
  }

  loadCrossOriginCursor(): CrossOriginContinuationCursor {
    return this.#synchronizer.crossOriginCursor
  }

  applyCrossOriginChanges(batch: CrossOriginContinuationBatch): CrossOriginContinuationCursor {
    this.#rebuildOnCorruption(() => this.#synchronizer.applyCrossOriginChanges(batch))
    this.#reportChanges()
    return this.#synchronizer.crossOriginCursor
  }

  resetCrossOriginSessions(databaseId: string | null): CrossOriginContinuationCursor {
    this.#rebuildOnCorruption(() => this.#synchronizer.resetCrossOriginSessions(databaseId))
    this.#reportChanges()
    return this.#synchronizer.crossOriginCursor
  }

  /** Up to `limit` settings that sessions of Hermes have inherited and that Segue may not have stored. */
  listUnconfirmedSettings(limit: number): ConversationSettingsRow[] {
    return this.#rebuildOnCorruption(() => this.#synchronizer.listUnconfirmedSettings(limit))
  }

  /** Call it when Segue has stored these settings. */
  confirmSettings(stored: readonly ConversationSettingsRow[]): void {
    this.#rebuildOnCorruption(() => this.#synchronizer.confirmSettings(stored))
  }

  #reportChanges(): void {
    if (this.#pendingChanges?.length !== 0) this.#onConversationsChanged(this.#pendingChanges)
    this.#pendingChanges = []
  }

  /** The index is Segue's own file and can be built again. If it is corrupt, Hermes' file need not be. */
  #rebuildOnCorruption<T>(work: () => T): T {
    for (let attemptsLeft = maxRebuilds; ; attemptsLeft--) {
      try {
        return work()
      } catch (error) {
        if (!(error instanceof HermesConversationIndexCorruptError) || attemptsLeft === 0) throw error
        this.#synchronizer.rebuild()
      }
    }
  }

  #loadSessions(file: StateDatabaseConnection, ids: readonly string[]) {
    return this.#synchronizer.verifySessions(file, ids).found.flatMap((session) => {
      const entry = this.#synchronizer.sessions.findEntry(session.record.id)
      return entry ? [{ ...session, entry }] : []
    })
  }

  #readVerified<T>(
    file: StateDatabaseConnection,
    list: (index: ConversationIndexReader) => T[],
    selectIds: (listed: readonly T[]) => readonly string[],
  ) {
    for (let attemptsLeft = maxRereads; ; attemptsLeft--) {
      const listed = this.#synchronizer.read(list)
      const { found, changed } = this.#synchronizer.verifySessions(file, selectIds(listed))
      if (!changed || attemptsLeft === 0) return { listed, found }
    }
  }
}
