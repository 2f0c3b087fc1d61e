import type { IdempotencyKey } from '../../idempotency-key.ts'

/** Columns of the tables whose rows a client's request creates. */
export interface IdempotencyKeyColumns {
  readonly key: string | null
  readonly fingerprint: string | null
}

export function idempotencyKeyFromColumns({ key, fingerprint }: IdempotencyKeyColumns): IdempotencyKey | null {
  return key === null || fingerprint === null ? null : { key, fingerprint }
}

export function idempotencyKeyToColumns(idempotencyKey: IdempotencyKey | null): IdempotencyKeyColumns {
  return { key: idempotencyKey?.key ?? null, fingerprint: idempotencyKey?.fingerprint ?? null }
}
