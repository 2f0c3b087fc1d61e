import type { IdempotencyKey, IdempotencyKeyRecord } from '../../idempotency-key.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { idempotencyKeyFromRow, type IdempotencyKeyRow, idempotencyKeyToRow } from '../../rows/idempotency-key-row.ts'

/** Adds a key, or replaces the row that it has. Call it inside a transaction. */
export function upsertIdempotencyKey(db: SqlConnection, record: IdempotencyKeyRecord): void {
  insertRow(db, 'INSERT OR REPLACE', record)
}

/** Adds a key. A key that is in use breaks a constraint. Call it inside a transaction. */
export function insertIdempotencyKey(db: SqlConnection, record: IdempotencyKeyRecord): void {
  insertRow(db, 'INSERT', record)
}

/**
 * Adds the key of something that is restored. If the key is still kept although that was deleted, it belongs to it again.
 * Any other key that is in use breaks a constraint. Call it inside a transaction.
 */
export function restoreIdempotencyKey(db: SqlConnection, record: IdempotencyKeyRecord): void {
  const { changes } = db
    .prepare<[string | null, string, string]>(
      'UPDATE idempotency_keys SET created_id = ? WHERE key = ? AND fingerprint = ? AND created_id IS NULL',
    )
    .run(record.createdId, record.key, record.fingerprint)
  if (changes === 0) insertIdempotencyKey(db, record)
}

/** Adds a key unless it is in use. Returns whether it was not. Call it inside a transaction. */
export function insertIdempotencyKeyIfAbsent(db: SqlConnection, record: IdempotencyKeyRecord): boolean {
  return insertRow(db, 'INSERT OR IGNORE', record) === 1
}

function insertRow(
  db: SqlConnection,
  insert: 'INSERT' | 'INSERT OR IGNORE' | 'INSERT OR REPLACE',
  record: IdempotencyKeyRecord,
): number {
  return db
    .prepare<[IdempotencyKeyRow]>(
      `${insert} INTO idempotency_keys (key, fingerprint, created_id, outcome, pending, created_at)
       VALUES (:key, :fingerprint, :created_id, :outcome, :pending, :created_at)`,
    )
    .run(idempotencyKeyToRow(record)).changes
}

export function findIdempotencyKey(db: SqlConnection, key: string): IdempotencyKeyRecord | null {
  const row = db.prepare<[string], IdempotencyKeyRow>('SELECT * FROM idempotency_keys WHERE key = ?').get(key)
  return row ? idempotencyKeyFromRow(row) : null
}

/** The keys of the calls that created these. */
export function findIdempotencyKeysByCreatedIds(
  db: SqlConnection,
  createdIds: readonly string[],
): IdempotencyKeyRecord[] {
  return db
    .prepare<[string], IdempotencyKeyRow>(
      'SELECT * FROM idempotency_keys WHERE created_id IN (SELECT value FROM json_each(?))',
    )
    .all(JSON.stringify(createdIds))
    .map(idempotencyKeyFromRow)
}

/** The key of the call that created something; null if it had none. */
export function findIdempotencyKeyByCreatedId(
  db: SqlConnection,
  createdId: string,
): Pick<IdempotencyKey, 'key' | 'fingerprint'> | null {
  const row = db
    .prepare<[string], { key: string; fingerprint: string }>(
      'SELECT key, fingerprint FROM idempotency_keys WHERE created_id = ?',
    )
    .get(createdId)
  return row ?? null
}
