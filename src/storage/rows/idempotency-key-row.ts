import type { IdempotencyKeyRecord } from '../idempotency-key.ts'

export interface IdempotencyKeyRow {
  key: string
  fingerprint: string
  created_id: string | null
  outcome: string | null
  pending: number
  created_at: number
}

export function idempotencyKeyFromRow(row: IdempotencyKeyRow): IdempotencyKeyRecord {
  const { key, fingerprint, created_id: createdId, outcome, pending, created_at: createdAt } = row
  return { key, fingerprint, createdId, outcome, isPending: pending === 1, createdAt }
}

export function idempotencyKeyToRow(record: IdempotencyKeyRecord): IdempotencyKeyRow {
  return {
    key: record.key,
    fingerprint: record.fingerprint,
    created_id: record.createdId,
    outcome: record.outcome,
    pending: record.isPending ? 1 : 0,
    created_at: record.createdAt,
  }
}
