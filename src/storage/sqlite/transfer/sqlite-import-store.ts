import { findOriginalId } from '../../../model/message.ts'
import { StorageError } from '../../errors.ts'
import { createCompletedIdempotencyKeyRecord, type WithIdempotencyKey } from '../../idempotency-key.ts'
import {
  ImportConflictError,
  type ImportRecord,
  type ImportStore,
  type LocatedImportRecord,
} from '../../transfer/import-store.ts'
import { SegueProfileDatabase } from '../segue-profile-database.ts'
import { deleteQueuedRows, hasQueuedRows } from '../deletion/delete-queued-rows.ts'
import { findUnreferencedBlobs, insertBlobReference } from '../tables/blob-reference-table.ts'
import { upsertContextCheckpoint } from '../tables/context-checkpoint-table.ts'
import { upsertDecision } from '../tables/decision-table.ts'
import { insertEvent } from '../tables/event-table.ts'
import { insertApprovalRule } from '../tables/approval-rule-table.ts'
import { restoreIdempotencyKey } from '../tables/idempotency-key-table.ts'
import { updateStandIns } from '../tables/retries/message-copies.ts'
import { upsertMessage } from '../tables/message-table.ts'
import { insertSession, updateMessageCounts } from '../tables/session-table.ts'
import { type ImportedSessionSettings, toImportedSessionSettings } from '../../transfer/imported-session-settings.ts'
import { importConversationSettings } from './import-conversation-settings.ts'
import { upsertStream } from '../tables/stream-table.ts'
import { filterSearchableMessages, indexMessages } from '../search/bulk-index.ts'

/** Tables whose rows would be replaced by a record with their id. */
const tableByType: Partial<Record<ImportRecord['type'], string>> = {
  session: 'sessions',
  stream: 'streams',
  message: 'messages',
  decision: 'decisions',
}

/** Imports into a profile's database, which it creates or migrates. */
export class SqliteImportStore implements ImportStore {
  readonly #database: SegueProfileDatabase

  /** Throws DatabaseTooNewError and DatabaseUnusableError. */
  constructor(path: string, profile: string) {
    this.#database = new SegueProfileDatabase(path, { profile, durable: true })
  }

  async importRecords(records: Iterable<LocatedImportRecord>): Promise<void> {
    await this.#deleteQueuedRows()
    await this.#database.write(() => {
      const sessionIds: string[] = []
      const settings: ImportedSessionSettings[] = []
      const messageIds: string[] = []
      const originalIds = new Set<string>()
      for (const located of records) {
        this.#assertIdIsFree(located)
        this.#insert(located)
        if (located.type === 'session') {
          sessionIds.push(located.record.id)
          settings.push(toImportedSessionSettings(located))
        }
        if (located.type !== 'message') continue
        messageIds.push(located.record.id)
        originalIds.add(findOriginalId(located.record))
      }
      updateStandIns(this.#database, [...originalIds])
      updateMessageCounts(this.#database, sessionIds)
      importConversationSettings(this.#database, settings)
      indexMessages(this.#database, filterSearchableMessages(this.#database, messageIds))
    })
    await this.#database.refreshConversationIndex()
  }

  async findUnreferencedBlobs(hashes: readonly string[]): Promise<string[]> {
    return findUnreferencedBlobs(this.#database, hashes)
  }

  async close(): Promise<void> {
    this.#database.close()
  }

  /** What is left of deleted sessions has ids that the imported ones may have. */
  async #deleteQueuedRows(): Promise<void> {
    while (hasQueuedRows(this.#database)) await this.#database.write(() => deleteQueuedRows(this.#database))
  }

  #assertIdIsFree({ type, record, location }: LocatedImportRecord): void {
    const table = tableByType[type]
    if (table === undefined || !('id' in record)) return
    const existing = this.#database.prepare<[string]>(`SELECT 1 FROM ${table} WHERE id = ?`).get(record.id)
    if (existing !== undefined) throw ImportConflictError.ofExistingId(location, record.id)
  }

  #insert(located: LocatedImportRecord): void {
    try {
      insertRecord(this.#database, located)
    } catch (error) {
      if (!(error instanceof StorageError) || error.failure !== 'CONSTRAINT') throw error
      throw ImportConflictError.ofConstraint(located.location, error)
    }
  }
}

function insertRecord(database: SegueProfileDatabase, imported: ImportRecord): void {
  switch (imported.type) {
    case 'session': {
      const { key, ...session } = imported.record
      // Pins and archive are imported for the whole conversation.
      insertSession(database, { ...session, pinned: false, archived: false })
      restoreKeyOfCreated(database, key, session)
      if (imported.checkpoint) upsertContextCheckpoint(database, imported.checkpoint)
      for (const hash of imported.blobHashes) insertBlobReference(database, hash, session.id)
      return
    }
    case 'stream': {
      const { key, ...stream } = imported.record
      upsertStream(database, stream)
      return restoreKeyOfCreated(database, key, stream)
    }
    case 'message':
      return upsertMessage(database, imported.record)
    case 'event':
      return insertEvent(database, imported.record)
    case 'decision':
      return upsertDecision(database, imported.record)
    case 'approvalRule':
      return insertApprovalRule(database, imported.record)
  }
}

function restoreKeyOfCreated(
  database: SegueProfileDatabase,
  key: WithIdempotencyKey<object>['key'],
  { id, startedAt }: { readonly id: string; readonly startedAt: number },
): void {
  if (key)
    restoreIdempotencyKey(
      database,
      createCompletedIdempotencyKeyRecord({ ...key, createdAt: startedAt }, { createdId: id }),
    )
}
