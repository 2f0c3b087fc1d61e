import type { IdempotencyKeyRecord } from '../../idempotency-key.ts'
import { type IdempotencyKeyRow, idempotencyKeyFromRow, idempotencyKeyToRow } from '../../rows/idempotency-key-row.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresConnection,
  type PostgresTransaction,
  setAllColumns,
} from '../database/postgres-statement.ts'

const columns: PostgresColumns<IdempotencyKeyRow> = {
  key: 'text',
  fingerprint: 'text',
  created_id: 'text',
  outcome: 'text',
  pending: 'smallint',
  created_at: 'bigint',
}

const insert = defineInsert('insert-idempotency-key', 'idempotency_keys', columns)

const insertIfAbsent = defineInsert(
  'insert-idempotency-key-if-absent',
  'idempotency_keys',
  columns,
  'ON CONFLICT DO NOTHING',
)

const upsert = defineInsert(
  'upsert-idempotency-key',
  'idempotency_keys',
  columns,
  `ON CONFLICT (profile, key) DO UPDATE ${setAllColumns(columns, ['key'])}`,
)

const restore = {
  name: 'restore-idempotency-key',
  text: `UPDATE idempotency_keys SET created_id = $4
    WHERE profile = $1 AND key = $2 AND fingerprint = $3 AND created_id IS NULL`,
}

const selectByKey = {
  name: 'select-idempotency-key',
  text: 'SELECT * FROM idempotency_keys WHERE profile = $1 AND key = $2',
}

const selectByCreatedIds = {
  name: 'select-idempotency-keys-by-created-ids',
  text: 'SELECT * FROM idempotency_keys WHERE profile = $1 AND created_id = ANY($2::text[])',
}

/** Adds a key. A key that is in use breaks a constraint. */
export async function insertIdempotencyKey(tx: PostgresTransaction, record: IdempotencyKeyRecord): Promise<void> {
  await insertRows(tx, insert, [idempotencyKeyToRow(record)])
}

/** Adds those keys that are not in use. Resolves to how many these are. */
export function insertIdempotencyKeysIfAbsent(
  tx: PostgresTransaction,
  records: readonly IdempotencyKeyRecord[],
): Promise<number> {
  return insertRows(tx, insertIfAbsent, records.map(idempotencyKeyToRow))
}

/** Adds a key, or replaces the row that it has. */
export async function upsertIdempotencyKey(tx: PostgresTransaction, record: IdempotencyKeyRecord): Promise<void> {
  await insertRows(tx, upsert, [idempotencyKeyToRow(record)])
}

/**
 * Adds the key of something that is restored. If the key is still kept although that was deleted, it belongs to it again.
 * Any other key that is in use breaks a constraint.
 */
export async function restoreIdempotencyKey(tx: PostgresTransaction, record: IdempotencyKeyRecord): Promise<void> {
  const restored = await tx.execute(restore, [record.key, record.fingerprint, record.createdId])
  if (restored === 0) await insertIdempotencyKey(tx, record)
}

export async function findIdempotencyKey(
  db: Pick<PostgresConnection, 'query'>,
  key: string,
): Promise<IdempotencyKeyRecord | null> {
  const [row] = await db.query<IdempotencyKeyRow>(selectByKey, [key])
  return row ? idempotencyKeyFromRow(row) : null
}

/** The keys of the calls that created these. */
export async function findIdempotencyKeysByCreatedIds(
  db: Pick<PostgresConnection, 'query'>,
  createdIds: readonly string[],
): Promise<IdempotencyKeyRecord[]> {
  const rows = await db.query<IdempotencyKeyRow>(selectByCreatedIds, [createdIds])
  return rows.map(idempotencyKeyFromRow)
}
