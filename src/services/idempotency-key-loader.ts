import DataLoader from 'dataloader'
import type { IdempotencyKeyRecord, IdempotencyKeyStore } from '../storage/idempotency-key.ts'

/** Loads the keys of calls by what they created, in batches. Lives for one execution, as `SessionLoader` does. */
export class IdempotencyKeyLoader {
  readonly #keys: DataLoader<string, IdempotencyKeyRecord | null>

  constructor(store: Pick<IdempotencyKeyStore, 'findByCreatedIds'>) {
    this.#keys = new DataLoader(async (createdIds) => {
      const found = await store.findByCreatedIds(createdIds)
      return createdIds.map((id) => found.get(id) ?? null)
    })
  }

  /** The key of the call that created this. Null if it had none. */
  loadByCreatedId(createdId: string): Promise<IdempotencyKeyRecord | null> {
    return this.#keys.load(createdId)
  }
}
