import { createCompletedIdempotencyKeyRecord, type WithIdempotencyKey } from '../../idempotency-key.ts'
import type { ImportRecord } from '../../transfer/import-store.ts'
import type { PostgresTransaction } from '../database/postgres-statement.ts'
import { insertApprovalRules } from '../tables/approval-rule-table.ts'
import { insertBlobReferences } from '../tables/blob-reference-table.ts'
import { upsertContextCheckpoint } from '../tables/context-checkpoint-table.ts'
import { upsertDecisions } from '../tables/decision-table.ts'
import { insertEvents } from '../tables/event-table.ts'
import { restoreIdempotencyKey } from '../tables/idempotency-key-table.ts'
import { upsertMessages } from '../tables/message-table.ts'
import { insertSession } from '../tables/session-table.ts'
import { upsertStreams } from '../tables/stream-table.ts'

/** Stores records, which are in the order in which they refer to each other: those of one type by a few statements. */
export async function insertImportRecords(tx: PostgresTransaction, records: readonly ImportRecord[]): Promise<void> {
  for (const imported of records) if (imported.type === 'session') await insertImportedSession(tx, imported)
  const streams = records.flatMap((imported) => (imported.type === 'stream' ? imported.record : []))
  await upsertStreams(tx, streams)
  for (const stream of streams) await restoreKeyOfCreated(tx, stream)
  await upsertMessages(
    tx,
    records.flatMap((imported) => (imported.type === 'message' ? imported.record : [])),
  )
  await insertEvents(
    tx,
    records.flatMap((imported) => (imported.type === 'event' ? imported.record : [])),
  )
  await upsertDecisions(
    tx,
    records.flatMap((imported) => (imported.type === 'decision' ? imported.record : [])),
  )
  await insertApprovalRules(
    tx,
    records.flatMap((imported) => (imported.type === 'approvalRule' ? imported.record : [])),
  )
}

async function insertImportedSession(
  tx: PostgresTransaction,
  { record, checkpoint, blobHashes }: ImportRecord & { readonly type: 'session' },
): Promise<void> {
  // Pins and archive are imported for the whole conversation.
  await insertSession(tx, { ...record, pinned: false, archived: false })
  await restoreKeyOfCreated(tx, record)
  if (checkpoint) await upsertContextCheckpoint(tx, checkpoint)
  await insertBlobReferences(
    tx,
    blobHashes.map((hash) => ({ hash, session_id: record.id })),
  )
}

async function restoreKeyOfCreated(
  tx: PostgresTransaction,
  { key, id, startedAt }: WithIdempotencyKey<{ readonly id: string; readonly startedAt: number }>,
): Promise<void> {
  if (!key) return
  const record = createCompletedIdempotencyKeyRecord({ ...key, createdAt: startedAt }, { createdId: id })
  await restoreIdempotencyKey(tx, record)
}
