import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'
import type { IdempotencyKeyRecord, IdempotencyKeyStore } from '../idempotency-key.ts'
import {
  findIdempotencyKey,
  findIdempotencyKeysByCreatedIds,
  insertIdempotencyKeyIfAbsent,
  upsertIdempotencyKey,
} from './tables/idempotency-key-table.ts'
import { lookUpInBatches } from './look-up-in-batches.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'

/** Keys that one transaction deletes, so that other work is not delayed. */
const deleteBatchSize = 500

/** The idempotency keys in a profile's database. */
export class SqliteIdempotencyKeyStore implements IdempotencyKeyStore {
  readonly #database: SegueProfileDatabase

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async find(key: string): Promise<IdempotencyKeyRecord | null> {
    return findIdempotencyKey(this.#database, key)
  }

  async findByCreatedIds(createdIds: readonly string[]): Promise<Map<string, IdempotencyKeyRecord>> {
    const records = await lookUpInBatches(createdIds, (batch) => findIdempotencyKeysByCreatedIds(this.#database, batch))
    return new Map(records.flatMap((record) => (record.createdId === null ? [] : [[record.createdId, record]])))
  }

  add(record: IdempotencyKeyRecord): Promise<boolean> {
    return this.#database.write(() => insertIdempotencyKeyIfAbsent(this.#database, record))
  }

  async put(record: IdempotencyKeyRecord): Promise<void> {
    await this.#database.write(() => upsertIdempotencyKey(this.#database, record))
  }

  async remove(key: string): Promise<void> {
    await this.#database.write(() => {
      this.#database.prepare<[string]>('DELETE FROM idempotency_keys WHERE key = ?').run(key)
    })
  }

  async releaseCreated(createdId: string): Promise<void> {
    const isInUse =
      this.#database.prepare<[string]>('SELECT 1 FROM idempotency_keys WHERE created_id = ?').get(createdId) !==
      undefined
    if (!isInUse) return
    await this.#database.write(() => {
      this.#database
        .prepare<[string]>('UPDATE idempotency_keys SET created_id = NULL WHERE created_id = ?')
        .run(createdId)
    })
  }

  async prune(before: number): Promise<void> {
    for (;;) {
      const keys = this.#listPrunable(before)
      if (keys.length === 0) return
      await this.#database.write(() => {
        this.#database
          .prepare<[string]>('DELETE FROM idempotency_keys WHERE key IN (SELECT value FROM json_each(?))')
          .run(JSON.stringify(keys))
      })
      await yieldToEventLoop()
    }
  }

  #listPrunable(before: number): string[] {
    return this.#database
      .prepare<[number, number], { key: string }>(
        'SELECT key FROM idempotency_keys WHERE created_id IS NULL AND created_at < ? LIMIT ?',
      )
      .all(before, deleteBatchSize)
      .map(({ key }) => key)
  }
}
