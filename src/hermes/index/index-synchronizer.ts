import { hash } from 'node:crypto'
import { chunkArray } from '../../lib/chunk-array.ts'
import type { ConversationIndexReader } from '../../storage/sqlite/conversation-index/conversation-index-reader.ts'
import type { IndexUpdateResult } from '../../storage/sqlite/conversation-index/conversation-indexer.ts'
import { type HermesIndexUpdate, IndexStore } from './index-store.ts'
import { CrossOriginFeed } from './cross-origin-feed.ts'
import { type SessionWithIndexRow, readSessionsWithIndexRows, readDigestColumns } from '../state/session-queries.ts'
import type { OpenStateDatabase } from '../state/state-database.ts'
import { toText } from '../state/cell-values.ts'
import type { ConversationChange } from '../../storage/conversation-reader.ts'

/** Stands in the statements that keep the index, as against those that read what is shown. */
const maintenanceComment = '/* for the index */ '

const rowsPerQuery = 500 // rows a statement: a reader of a file without WAL keeps its writers waiting meanwhile

export interface IndexSynchronizerOptions {
  /** Where it is kept; null: in memory. */
  readonly path: string | null
  /** The profile's own database; null for none. */
  readonly segueDatabasePath: string | null
  /** What that puts before the ids of Hermes' sessions. */
  readonly idNamespace: string
  /** Called with the conversations that have changed; with null where any may have: it was begun anew. */
  readonly onConversationsChanged: (changed: readonly ConversationChange[] | null) => void
}

/** What was seen of a stretch of Hermes' sessions. */
export interface ScannedRange {
  /** The rowid that it ends with; null for the last one. */
  readonly lastRowid: number | null
  /** Differs when any of its rows has changed. */
  readonly digest: string
}

/**
 * Hermes' sessions, and those kept here that continue them, by conversation and in the order of the lists: what Hermes'
 * file has no index for. It holds nothing of its own and is kept to spare the next start the work.
 *
 * `follow` sees at once what is added to the file, by the rowids of sessions and the ids of messages, and what is changed
 * in the newest 500 sessions; changes in others are seen by `look`. What is changed in messages alone, and leaves no trace
 * in their session's row, shows when the session is about to be shown, by `check`.
 */
export class IndexSynchronizer {
  readonly #profile: string
  readonly #store: IndexStore
  readonly #crossOriginFeed: CrossOriginFeed | null
  readonly #onConversationsChanged: IndexSynchronizerOptions['onConversationsChanged']
  /** The handle that was followed last, and how its file stood then. */
  #syncedFile: OpenStateDatabase | null = null
  #syncedDataVersion: unknown = null
  /** The rowid that the first look at all sessions has come to. */
  #builtToRowid: number | null = null
  #wasRebuilt = false
  #generation = 1

  constructor(
    profile: string,
    { path, segueDatabasePath, idNamespace, onConversationsChanged }: IndexSynchronizerOptions,
  ) {
    this.#profile = profile
    this.#onConversationsChanged = onConversationsChanged
    this.#store = new IndexStore(path)
    this.#crossOriginFeed = segueDatabasePath === null ? null : new CrossOriginFeed(segueDatabasePath, idNamespace)
  }

  /** How often it was made; what was seen for another one tells nothing of this one. */
  get generation(): number {
    return this.#generation
  }

  /** Takes in what has changed; false when nothing has. When it fails halfway, the next call goes on from there. */
  synchronize(file: OpenStateDatabase): boolean {
    const dataVersion = file.db.pragma('data_version', { simple: true })
    this.#resetIfFileChanged(file)
    this.#synchronizeSegueSessions()
    if (file === this.#syncedFile && dataVersion === this.#syncedDataVersion) return false
    if (this.#store.progress.isComplete) this.#synchronizeSessions(file)
    else while (this.buildNext(file));
    this.#synchronizeMessages(file)
    this.#syncedFile = file
    this.#syncedDataVersion = dataVersion
    return true
  }

  /** A step of the first look at all sessions; true while there are more. */
  buildNext(file: OpenStateDatabase): boolean {
    this.#resetIfFileChanged(file)
    if (this.#store.progress.isComplete) return false
    this.#builtToRowid = this.scanRange(file, this.#builtToRowid ?? 0).lastRowid
    if (this.#builtToRowid === null) this.#save({ progress: { isComplete: true } })
    return this.#builtToRowid !== null
  }

  /**
   * Looks at up to 500 rows of sessions behind a rowid and takes in those that have changed. `known` is what was seen of
   * them the last time; where it is the same nothing else is read.
   */
  scanRange(file: OpenStateDatabase, afterRowid: number, knownDigest?: string): ScannedRange {
    const cells = readDigestColumns(file, afterRowid, rowsPerQuery)
    const lastRowid = cells.length < rowsPerQuery ? null : Number(cells.at(-1)?.[0])
    const digest = computeDigest(cells)
    if (digest === knownDigest) return { lastRowid, digest }
    const rows = cells.map((row) => ({
      rowid: Number(row[0]),
      sessionId: toText(row[1]),
      digest: computeDigest(row),
    }))
    const currentRowids = new Set(rows.map(({ rowid }) => rowid))
    const previousRows = this.#store.findRowDigests(afterRowid, lastRowid ?? Number.MAX_SAFE_INTEGER)
    const previousByRowid = new Map(previousRows.map((row) => [row.rowid, row]))
    const removedRows = previousRows.filter(({ rowid }) => !currentRowids.has(rowid))
    const changedRows = rows.filter((row) => previousByRowid.get(row.rowid)?.digest !== row.digest)
    // A rowid can belong to another session than before, as after a VACUUM: both sessions have changed then.
    const replacedRows = changedRows.map(({ rowid }) => previousByRowid.get(rowid))
    const ids = [...changedRows, ...replacedRows, ...removedRows].flatMap((row) => row?.sessionId ?? [])
    if (changedRows.length > 0 || removedRows.length > 0) {
      const removedRowids = removedRows.map(({ rowid }) => rowid)
      this.#reindexSessions(file, ids, { rowDigests: changedRows, removedRowids })
    }
    return { lastRowid, digest }
  }

  read<T>(work: (lists: ConversationIndexReader) => T): T {
    return this.#store.read(work)
  }

  /** Reads sessions that are about to be shown. `changed` when the index knew anything else of them, and now knows. */
  verifySessions(
    file: OpenStateDatabase,
    ids: readonly string[],
  ): { readonly found: SessionWithIndexRow[]; readonly changed: boolean } {
    return this.#reindexSessions(file, ids, null, '')
  }

  /** After an `IndexFault`: throws away what there is, and keeps the next one in memory if it is not the first time. */
  rebuild(): void {
    this.#store.reset({ inMemory: this.#wasRebuilt })
    this.#wasRebuilt = true
    this.#startGeneration()
  }

  /** Reads sessions as they are now and brings the index up to them. `change`: null when none of them need have changed. */
  #reindexSessions(
    file: OpenStateDatabase,
    ids: readonly string[],
    change: Omit<HermesIndexUpdate, 'upserted' | 'deleted'> | null,
    comment = maintenanceComment,
  ) {
    const unique = [...new Set(ids)]
    const found = chunkArray(unique, rowsPerQuery).flatMap((batch) =>
      readSessionsWithIndexRows(file, batch, this.#profile, comment),
    )
    const existingIds = new Set(found.map(({ record }) => record.id))
    const applied = this.#save(
      {
        ...change,
        upserted: found.map(({ indexRow: segment }) => segment),
        deleted: unique.filter((id) => !existingIds.has(id) && !this.#store.isSegueSession(id)),
      },
      change ? unique : [],
    )
    return { found, changed: applied.changedSessionIds.size > 0 }
  }

  /** Saves, and tells of it; of what is found by the first look at all sessions nothing is told. */
  #save(change: HermesIndexUpdate, changedIds: readonly string[] = []): IndexUpdateResult {
    const applied = this.#store.save(change)
    const changed = this.#store.progress.isComplete ? this.#store.listChangedConversations(applied, changedIds) : []
    if (changed.length > 0) this.#onConversationsChanged(changed)
    return applied
  }

  #resetIfFileChanged(file: OpenStateDatabase): void {
    const fileDigest = computeDigest([file.inode, file.schema.digest])
    const { progress } = this.#store
    if (progress.fileDigest === fileDigest) return
    if (progress.fileDigest !== null) this.#store.reset()
    this.#startGeneration()
    // What comes in while the sessions are read is looked at again.
    this.#store.save({ progress: { fileDigest, lastMessageRowid: findMaxRowid(file, 'messages') } })
  }

  #startGeneration(): void {
    this.#syncedFile = null
    this.#builtToRowid = null
    this.#generation += 1
    this.#onConversationsChanged(null)
  }

  #synchronizeSessions(file: OpenStateDatabase): void {
    // One row less than a stretch, for it to be known to end here.
    const recentStart = Math.max(0, findMaxRowid(file, 'sessions') - rowsPerQuery + 1)
    for (let afterRowid: number | null = Math.min(this.#store.findMaxRowid(), recentStart); afterRowid !== null;) {
      afterRowid = this.scanRange(file, afterRowid).lastRowid
    }
  }

  #synchronizeMessages(file: OpenStateDatabase): void {
    if (!file.schema.hasMessages) return
    const read = file.db.prepare<[number, number], { id: number; session_id: unknown }>(
      `SELECT messages.id, messages.session_id FROM messages WHERE messages.id > ? ORDER BY messages.id LIMIT ?`,
    )
    for (let isFirst = true; ; isFirst = false) {
      const { lastMessageRowid } = this.#store.progress
      const rows = read.all(lastMessageRowid, rowsPerQuery)
      const last = rows.at(-1)?.id
      if (last !== undefined) {
        const ids = rows.flatMap((row) => toText(row.session_id) ?? [])
        this.#reindexSessions(file, ids, { progress: { lastMessageRowid: last } })
      } else if (isFirst && findMaxRowid(file, 'messages') < lastMessageRowid) {
        // The newest were taken away: where ids are used again, the next ones begin here.
        this.#store.save({ progress: { lastMessageRowid: findMaxRowid(file, 'messages') } })
      }
      if (rows.length < rowsPerQuery) return
    }
  }

  #synchronizeSegueSessions(): void {
    if (!this.#crossOriginFeed) return
    const { inode } = this.#crossOriginFeed
    const { own, lastChange } = this.#store.progress
    if (inode !== own || this.#crossOriginFeed.latestChangeSeq() < lastChange) {
      this.#save({ deleted: this.#store.listSegueSessionIds(), progress: { own: inode, lastChange: 0 } })
    }
    for (;;) {
      const changes = this.#crossOriginFeed.readChanges(this.#store.progress.lastChange, rowsPerQuery)
      const last = changes.at(-1)
      if (!last) return
      this.#save({
        upserted: changes.flatMap(({ indexRow: segment }) => segment ?? []),
        deleted: changes.flatMap(({ id, indexRow: segment }) => (segment ? [] : id)),
        progress: { lastChange: last.changeSeq },
      })
    }
  }
}

function findMaxRowid({ db, schema }: OpenStateDatabase, table: 'sessions' | 'messages'): number {
  const [column, hasTable] =
    table === 'sessions' ? ['sessions.rowid', schema.hasSessions] : ['messages.id', schema.hasMessages]
  if (!hasTable) return 0
  return db.prepare<[], { n: number | null }>(`SELECT max(${column}) AS n FROM ${table}`).get()?.n ?? 0
}

function computeDigest(value: unknown): string {
  return hash('sha1', JSON.stringify(value), 'base64')
}
