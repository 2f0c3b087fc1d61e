import { findOriginalId } from '../../../model/message.ts'
import { StorageError } from '../../errors.ts'
import { ImportConflictError, type ImportStore, type LocatedImportRecord } from '../../transfer/import-store.ts'
import {
  type ImportedSessionSettings,
  toImportedConversationPatch,
  toImportedSessionSettings,
} from '../../transfer/imported-session-settings.ts'
import type { PostgresStatement, PostgresTransaction } from '../database/postgres-statement.ts'
import { conversationsTopic, type PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { findUnreferencedBlobs } from '../tables/blob-reference-table.ts'
import { updateConversationSettings } from '../tables/conversation-settings-table.ts'
import { updateStandIns } from '../tables/retries/message-copies.ts'
import { updateMessageCount } from '../tables/session-table.ts'
import { insertImportRecords } from './insert-import-records.ts'

/** Records that are stored by a few statements. */
const maxBatchSize = 100

/** Look for ids of records that would be replaced by a record with the same id. */
const selectExistingIds: Partial<Record<LocatedImportRecord['type'], PostgresStatement>> = Object.fromEntries(
  Object.entries({ session: 'sessions', stream: 'streams', message: 'messages', decision: 'decisions' }).map(
    ([type, table]) => [
      type,
      {
        name: `select-existing-ids-of-${table}`,
        text: `SELECT id FROM ${table} WHERE profile = $1 AND id = ANY($2::text[])`,
      },
    ],
  ),
)

const selectTip: PostgresStatement = {
  name: 'select-tip-of-imported-sessions',
  text: `SELECT id FROM sessions WHERE profile = $1 AND id = ANY($2::text[])
    ORDER BY CASE WHEN message_count > 0 THEN last_activity_at ELSE -1 END DESC, started_at DESC, id DESC LIMIT 1`,
}

/** Imports into a profile, also while servers use it. */
export class PostgresImportStore implements ImportStore {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async importRecords(records: Iterable<LocatedImportRecord>): Promise<void> {
    let hasBegun = false
    await this.#database.write(async (transaction) => {
      // The records may be read only once.
      if (hasBegun) throw new StorageError('BUSY', new Error('The import was interrupted. Import the document again.'))
      hasBegun = true
      await importAll(transaction, records)
    })
    this.#database.publish(conversationsTopic)
  }

  findUnreferencedBlobs(hashes: readonly string[]): Promise<string[]> {
    return findUnreferencedBlobs(this.#database, hashes)
  }

  async close(): Promise<void> {
    this.#database.close()
  }
}

async function importAll(tx: PostgresTransaction, records: Iterable<LocatedImportRecord>): Promise<void> {
  const sessions: ImportedSessionSettings[] = []
  const originalIds = new Set<string>()
  for (const batch of splitIntoBatches(records)) {
    await importBatch(tx, batch)
    for (const located of batch) {
      if (located.type === 'session') sessions.push(toImportedSessionSettings(located))
      if (located.type === 'message') originalIds.add(findOriginalId(located.record))
    }
  }
  await updateStandIns(tx, [...originalIds])
  const sessionIds = sessions.map(({ session }) => session.id)
  for (const id of sessionIds) await updateMessageCount(tx, id)
  const [tip] = await tx.query<{ id: string }>(selectTip, [sessionIds])
  const patch = toImportedConversationPatch(sessions, tip?.id)
  if (patch) await updateConversationSettings(tx, { sessionIds, patch })
}

/** Batches of records of one type. */
function* splitIntoBatches(records: Iterable<LocatedImportRecord>): Generator<readonly LocatedImportRecord[]> {
  let batch: LocatedImportRecord[] = []
  for (const located of records) {
    const [first] = batch
    if (first && (first.type !== located.type || batch.length >= maxBatchSize)) {
      yield batch
      batch = []
    }
    batch.push(located)
  }
  if (batch.length > 0) yield batch
}

/** Stores a batch as a whole. If that fails, one record after another, to tell which one it is. */
async function importBatch(tx: PostgresTransaction, batch: readonly LocatedImportRecord[]): Promise<void> {
  await assertIdsAreFree(tx, batch)
  try {
    return await tx.attempt(() => insertImportRecords(tx, batch))
  } catch (error) {
    if (!isConstraintError(error)) throw error
  }
  for (const located of batch) {
    try {
      await tx.attempt(() => insertImportRecords(tx, [located]))
    } catch (error) {
      throw isConstraintError(error) ? ImportConflictError.ofConstraint(located.location, error) : error
    }
  }
}

async function assertIdsAreFree(tx: PostgresTransaction, batch: readonly LocatedImportRecord[]): Promise<void> {
  const [first] = batch
  const statement = first && selectExistingIds[first.type]
  if (!statement) return
  const ids = batch.flatMap(({ record }) => ('id' in record ? record.id : []))
  const existing = new Set((await tx.query<{ id: string }>(statement, [ids])).map(({ id }) => id))
  for (const { record, location } of batch) {
    if (!('id' in record)) continue
    if (existing.has(record.id)) throw ImportConflictError.ofExistingId(location, record.id)
    existing.add(record.id)
  }
}

function isConstraintError(error: unknown): error is StorageError {
  return error instanceof StorageError && error.failure === 'CONSTRAINT'
}
