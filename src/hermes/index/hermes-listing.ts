import type { ConversationIndexReader } from '../../storage/sqlite/conversation-index/conversation-index-reader.ts'
import { IndexSynchronizer, type IndexSynchronizerOptions } from './index-synchronizer.ts'
import { IndexCorruptError } from './index-store.ts'
import type { SessionWithIndexRow } from '../state/session-queries.ts'
import type { OpenStateDatabase, StateDatabase } from '../state/state-database.ts'
import { FullScan } from './full-scan.ts'
import type { ConversationChange } from '../../storage/conversation-reader.ts'

const maxRestarts = 20 // a file under heavy writing must not keep a page for ever

/** A file that can be read, and the index of its sessions, which is up to it. */
export interface SynchronizedIndex {
  readonly file: OpenStateDatabase
  /**
   * A list of the index, once every session on it was looked at: where the index was wrong about one, which may belong
   * elsewhere then, the list is read again.
   */
  readVerified<T>(
    list: (lists: ConversationIndexReader) => T[],
    selectIds: (listed: readonly T[]) => readonly string[],
  ): { readonly listed: readonly T[]; readonly found: readonly SessionWithIndexRow[] }
  read<T>(work: (lists: ConversationIndexReader) => T): T
}

/** The lists of a state.db: keeps its index up, when somebody asks and in between, and tells of what has changed. */
export class HermesListing {
  readonly #database: StateDatabase
  readonly #synchronizer: IndexSynchronizer
  readonly #fullScan: FullScan
  readonly #onConversationsChanged: IndexSynchronizerOptions['onConversationsChanged']
  /** Nobody needs the index of those who are asked for by their ids alone. */
  #isIndexNeeded = false
  #fileExisted: boolean
  /** What has changed and was not told yet: all that one look finds is told at once. */
  #pendingChanges: ConversationChange[] | null = []

  constructor(database: StateDatabase, profile: string, options: IndexSynchronizerOptions) {
    this.#database = database
    this.#fileExisted = database.exists
    this.#onConversationsChanged = options.onConversationsChanged
    const collectChanges: IndexSynchronizerOptions['onConversationsChanged'] = (changed) =>
      (this.#pendingChanges = changed && this.#pendingChanges && [...this.#pendingChanges, ...changed])
    this.#synchronizer = new IndexSynchronizer(profile, { ...options, onConversationsChanged: collectChanges })
    this.#fullScan = new FullScan(this.#synchronizer)
  }

  /** What `work` reads, or `empty` when the file can't be read. */
  read<T>(empty: T, work: (listed: SynchronizedIndex) => T): T {
    this.#isIndexNeeded = true
    const answer = this.#database.read(empty, (file) =>
      this.#rebuildOnCorruption(() => {
        if (this.#synchronizer.synchronize(file)) this.#fullScan.request()
        return work({
          file,
          readVerified: (list, selectIds) => this.#readVerified(file, list, selectIds),
          read: (reading) => this.#synchronizer.read(reading),
        })
      }),
    )
    this.#emitChanges()
    return answer
  }

  /** Lists will be asked for: `tend` gets ready for them. */
  warmUp(): void {
    this.#isIndexNeeded = true
  }

  /** Looks for changes in the file that are easily missed, for a few milliseconds; true when there is more to look at. */
  runMaintenance(): boolean {
    if (!this.#isIndexNeeded) return false
    // With the file go all of its conversations.
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
    this.#emitChanges()
    return hasMore
  }

  /** Any conversation may have changed: what was told of them meanwhile need not be so. */
  invalidate(): void {
    this.#pendingChanges = null
  }

  #emitChanges(): void {
    if (this.#pendingChanges?.length !== 0) this.#onConversationsChanged(this.#pendingChanges)
    this.#pendingChanges = []
  }

  /** The index is ours, and can be made anew: its faults are not the file's. */
  #rebuildOnCorruption<T>(work: () => T): T {
    for (let attemptsLeft = 2; ; attemptsLeft--) {
      try {
        return work()
      } catch (error) {
        if (!(error instanceof IndexCorruptError) || attemptsLeft === 0) throw error
        this.#synchronizer.rebuild()
      }
    }
  }

  #readVerified<T>(
    file: OpenStateDatabase,
    list: (lists: ConversationIndexReader) => T[],
    selectIds: (listed: readonly T[]) => readonly string[],
  ) {
    for (let attemptsLeft = maxRestarts; ; attemptsLeft--) {
      const listed = this.#synchronizer.read(list)
      const { found, changed } = this.#synchronizer.verifySessions(file, selectIds(listed))
      if (!changed || attemptsLeft === 0) return { listed, found }
    }
  }
}
