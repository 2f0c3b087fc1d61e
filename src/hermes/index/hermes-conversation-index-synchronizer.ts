import { chunkArray } from '../../lib/chunk-array.ts'
import type { ConversationIndexReader } from '../../storage/sqlite/conversation-index/reading/conversation-index-reader.ts'
import type { ConversationIndexUpdateResult } from '../../storage/conversation-index/conversation-indexer.ts'
import { toConversationIndexEntry } from '../../storage/conversation-index/conversation-index-row.ts'
import type { ConversationSettingsRow } from '../../storage/sessions/conversation-settings.ts'
import { segueSessionFlag } from '../../storage/conversation-index/conversation-index-flags.ts'
import type { HermesReaderOptions } from '../hermes-options.ts'
import type { HermesForkDetector, IndexableHermesSession } from '../lineage/hermes-fork-detector.ts'
import { textFromHermesCell } from '../state/cell-values.ts'
import { listRelatedHermesSessionIds, readHermesDigestInputs } from '../state/session-queries.ts'
import { findMaxRowid } from '../state/max-rowid.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import type { CrossOriginContinuationBatch, CrossOriginContinuationCursor } from './cross-origin-continuation-cursor.ts'
import { computeDigest, type ScannedHermesSessionRange } from './scanned-hermes-session-range.ts'
import { type HermesConversationIndexUpdate, HermesConversationIndexStore } from './hermes-conversation-index-store.ts'

const rowsPerQuery = 500 // without a WAL, a running statement blocks the writers of the file

export type HermesConversationIndexSynchronizerOptions = Pick<
  HermesReaderOptions,
  | 'indexPath'
  | 'readMarksStart'
  | 'onConversationsChanged'
  | 'onSessionsChanged'
  | 'onCrossOriginReset'
  | 'onSettingsInherited'
>

/**
 * Keeps an index of Hermes' sessions, and of Segue's sessions that continue them: by conversation, in the order of the
 * lists. Hermes' file has no such index. It contains nothing that cannot be read again, and is stored only to save the next
 * start that work.
 *
 * `synchronize` finds new sessions by their rowids, new messages by their ids, and changes in the newest 500 sessions.
 * `scanRange` finds changes in older sessions. A change in messages alone, which leaves no trace in the session's row, is
 * found by `verifySessions`, right before the session is shown.
 */
export class HermesConversationIndexSynchronizer {
  readonly #forkDetector: HermesForkDetector
  readonly #readMarksStart: number
  readonly #store: HermesConversationIndexStore
  readonly #onConversationsChanged: NonNullable<HermesConversationIndexSynchronizerOptions['onConversationsChanged']>
  readonly #onSessionsChanged: HermesConversationIndexSynchronizerOptions['onSessionsChanged']
  readonly #onCrossOriginReset: NonNullable<HermesConversationIndexSynchronizerOptions['onCrossOriginReset']>
  readonly #onSettingsInherited: NonNullable<HermesConversationIndexSynchronizerOptions['onSettingsInherited']>
  /** The file as it was when it was last synchronized. */
  #syncedFile: StateDatabaseConnection | null = null
  #syncedDataVersion: unknown = null
  /** The version of the file when building the index began; null if the last process began it. */
  #dataVersionAtStart: unknown = null
  /** The rowid that building the index has come to. */
  #builtToRowid: number | null = null
  #wasRebuilt = false
  #generation = 1

  constructor(
    forkDetector: HermesForkDetector,
    {
      indexPath,
      readMarksStart,
      onConversationsChanged,
      onSessionsChanged,
      onCrossOriginReset,
      onSettingsInherited,
    }: HermesConversationIndexSynchronizerOptions,
  ) {
    this.#forkDetector = forkDetector
    this.#readMarksStart = readMarksStart
    this.#store = new HermesConversationIndexStore(indexPath, readMarksStart)
    this.#onConversationsChanged = onConversationsChanged ?? (() => undefined)
    this.#onSessionsChanged = onSessionsChanged
    this.#onCrossOriginReset = onCrossOriginReset ?? (() => undefined)
    this.#onSettingsInherited = onSettingsInherited ?? (() => undefined)
  }

  /** Grows whenever the index is begun again: what was known of the index before does not hold for the new one. */
  get generation(): number {
    return this.#generation
  }

  /**
   * Brings the index up to the file. Returns whether the file has changed since the last call. If it throws halfway, the
   * next call continues from there.
   */
  synchronize(file: StateDatabaseConnection): boolean {
    const dataVersion = file.db.pragma('data_version', { simple: true })
    this.#resetIfFileChanged(file)
    if (file === this.#syncedFile && dataVersion === this.#syncedDataVersion) return false
    if (this.#store.progress.isComplete) this.#synchronizeSessions(file)
    else while (this.buildNext(file));
    this.#synchronizeMessages(file)
    this.#syncedFile = file
    this.#syncedDataVersion = dataVersion
    return true
  }

  /** Runs one step of building a new index. Returns whether more are left. */
  buildNext(file: StateDatabaseConnection): boolean {
    this.#resetIfFileChanged(file)
    if (this.#store.progress.isComplete) return false
    this.#builtToRowid = this.scanRange(file, this.#builtToRowid ?? 0).lastRowid
    if (this.#builtToRowid === null) this.#save({ progress: { isComplete: true } })
    return this.#builtToRowid !== null
  }

  /**
   * Reads up to 500 rows of sessions after a rowid and indexes those that have changed. `knownDigest` is the digest of this
   * range in the last scan: if it is the same now, nothing else is read.
   */
  scanRange(file: StateDatabaseConnection, afterRowid: number, knownDigest?: string): ScannedHermesSessionRange {
    const cells = readHermesDigestInputs(file, afterRowid, rowsPerQuery)
    const lastRowid = cells.length < rowsPerQuery ? null : Number(cells.at(-1)?.[0])
    const digest = computeDigest(cells)
    if (digest === knownDigest) return { lastRowid, digest }
    const rows = cells.map((row) => ({
      rowid: Number(row[0]),
      sessionId: textFromHermesCell(row[1]),
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

  /** The sessions in the index, without what they have of their conversations. */
  get sessions(): Pick<HermesConversationIndexStore, 'listSessionIds' | 'findEntry'> {
    return this.#store
  }

  read<T>(work: (index: ConversationIndexReader) => T): T {
    return this.#store.read(work)
  }

  /** Reads sessions that are about to be shown. `changed` tells whether the index was wrong about any; it is right now. */
  verifySessions(
    file: StateDatabaseConnection,
    ids: readonly string[],
  ): { readonly found: IndexableHermesSession[]; readonly changed: boolean } {
    return this.#reindexSessions(file, ids, null)
  }

  /** Begins a new index after an HermesConversationIndexCorruptError. The second time, it is kept in memory. */
  rebuild(): void {
    this.#resetStore({ inMemory: this.#wasRebuilt })
    this.#wasRebuilt = true
    this.#startGeneration()
  }

  get crossOriginCursor(): CrossOriginContinuationCursor {
    const { segueDatabaseId, segueChangeSeq } = this.#store.progress
    return { databaseId: segueDatabaseId, changeSeq: segueChangeSeq }
  }

  /** Indexes changes of Segue's sessions. Ignores a batch that does not begin at the cursor: the sender starts again there. */
  applyCrossOriginChanges({ databaseId, after, changes }: CrossOriginContinuationBatch): void {
    const last = changes.at(-1)
    const cursor = this.crossOriginCursor
    if (!last || databaseId !== cursor.databaseId || after !== cursor.changeSeq) return
    this.#save({
      upserted: changes.flatMap(({ session }) =>
        session ? { ...session, flags: session.flags | segueSessionFlag } : [],
      ),
      deleted: changes.flatMap(({ id, session }) => (!session && this.#store.isSegueSession(id) ? id : [])),
      settings: changes.flatMap(({ settings }) => settings ?? []),
      removedSettings: changes.flatMap(({ id, session, settings }) => (session || settings ? [] : id)),
      progress: { segueChangeSeq: last.changeSeq },
    })
  }

  resetCrossOriginSessions(databaseId: string | null): void {
    const progress = { segueDatabaseId: databaseId, segueChangeSeq: 0 }
    this.#save({ deleted: this.#store.listSegueSessionIds(), clearsSettings: true, progress })
  }

  /** Up to `limit` settings that sessions have inherited here and that Segue may not have stored. */
  listUnconfirmedSettings(limit: number): ConversationSettingsRow[] {
    return this.#store.listUnconfirmedSettings(limit)
  }

  confirmSettings(stored: readonly ConversationSettingsRow[]): void {
    this.#store.confirmSettings(stored)
  }

  /** Reads sessions as they are now and updates the index. `change`: null if none of them need have changed. */
  #reindexSessions(
    file: StateDatabaseConnection,
    ids: readonly string[],
    change: Omit<HermesConversationIndexUpdate, 'upserted' | 'deleted'> | null,
  ) {
    const uniqueIds = [...new Set(change ? [...ids, ...this.#listRelatedIds(file, ids)] : ids)]
    const found = chunkArray(uniqueIds, rowsPerQuery).flatMap((batch) =>
      this.#forkDetector.readIndexableSessions(file, batch),
    )
    const existingIds = new Set(found.map(({ record }) => record.id))
    const result = this.#save(
      {
        ...change,
        upserted: found.map(({ record, hasMessages }) =>
          // Whatever comes in was not sent through Segue. Hermes does not tell what it is doing.
          toConversationIndexEntry(record, hasMessages, {
            liveAttention: 'IDLE',
            answeredAt: hasMessages ? this.#store.findArrivalTime(record.id, record.lastActivityAt) : null,
            hasAnswerFailed: false,
          }),
        ),
        deleted: uniqueIds.filter((id) => !existingIds.has(id) && !this.#store.isSegueSession(id)),
      },
      change ? ids : [],
    )
    const changedIds = change ? uniqueIds : [...result.changedSessionIds]
    if (changedIds.length > 0) this.#onSessionsChanged?.(changedIds)
    return { found, changed: result.changedSessionIds.size > 0 }
  }

  /**
   * Whether a session continues its parent also depends on the parent's messages. When a session appears or changes, its
   * parent often has as well, and may be too old to be looked at now otherwise.
   */
  #listRelatedIds(file: StateDatabaseConnection, ids: readonly string[]): string[] {
    // As long as nothing changes while the index is built, no session need be read twice.
    const dataVersion = file.db.pragma('data_version', { simple: true })
    if (!this.#store.progress.isComplete && dataVersion === this.#dataVersionAtStart) return []
    return chunkArray([...new Set(ids)], rowsPerQuery).flatMap((batch) => listRelatedHermesSessionIds(file, batch))
  }

  /** Saves an update and reports the conversations that it changes. Building a new index reports none. */
  #save(update: HermesConversationIndexUpdate, changedIds: readonly string[] = []): ConversationIndexUpdateResult {
    const result = this.#store.save(update)
    const changes = this.#store.progress.isComplete ? this.#store.listChangedConversations(result, changedIds) : []
    if (changes.length > 0) this.#onConversationsChanged(changes)
    if (result.inheritedSettings.length > 0) this.#onSettingsInherited()
    return result
  }

  #resetIfFileChanged(file: StateDatabaseConnection): void {
    const fileDigest = computeDigest([file.identity, file.schema.digest, this.#readMarksStart])
    const { progress } = this.#store
    if (progress.fileDigest === fileDigest) return
    if (progress.fileDigest !== null) this.#resetStore()
    this.#startGeneration()
    this.#dataVersionAtStart = file.db.pragma('data_version', { simple: true })
    // Messages that are added while the index is built are read again.
    this.#store.save({ progress: { fileDigest, lastMessageRowid: findMaxRowid(file, 'messages') } })
  }

  #resetStore(options: { readonly inMemory?: boolean } = {}): void {
    this.#store.reset(options)
    this.#onCrossOriginReset()
  }

  #startGeneration(): void {
    this.#syncedFile = null
    this.#builtToRowid = null
    this.#generation += 1
    this.#onSessionsChanged?.(null)
    this.#onConversationsChanged(null)
  }

  #synchronizeSessions(file: StateDatabaseConnection): void {
    // One row less than a range, so that the range is known to be the last one.
    const recentStart = Math.max(0, findMaxRowid(file, 'sessions') - rowsPerQuery + 1)
    for (let afterRowid: number | null = Math.min(this.#store.findMaxRowid(), recentStart); afterRowid !== null;) {
      afterRowid = this.scanRange(file, afterRowid).lastRowid
    }
  }

  #synchronizeMessages(file: StateDatabaseConnection): void {
    if (!file.schema.hasMessages) return
    const query = file.db.prepare<[number, number], { id: number; session_id: unknown }>(
      `SELECT messages.id, messages.session_id FROM messages WHERE messages.id > ? ORDER BY messages.id LIMIT ?`,
    )
    for (let isFirst = true; ; isFirst = false) {
      const { lastMessageRowid } = this.#store.progress
      const rows = query.all(lastMessageRowid, rowsPerQuery)
      const last = rows.at(-1)?.id
      if (last !== undefined) {
        const ids = rows.flatMap((row) => textFromHermesCell(row.session_id) ?? [])
        this.#reindexSessions(file, ids, { progress: { lastMessageRowid: last } })
      } else if (isFirst && findMaxRowid(file, 'messages') < lastMessageRowid) {
        // The newest messages were deleted. Where ids are used again, the next ones begin here.
        this.#store.save({ progress: { lastMessageRowid: findMaxRowid(file, 'messages') } })
      }
      if (rows.length < rowsPerQuery) return
    }
  }
}
