import type { IdempotencyKeyRecord, IdempotencyKeyStore } from '../idempotency-key.ts'
import type { PostgresStatement } from './database/postgres-statement.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'
import {
  findIdempotencyKey,
  findIdempotencyKeysByCreatedIds,
  insertIdempotencyKeysIfAbsent,
  upsertIdempotencyKey,
} from './tables/idempotency-key-table.ts'

const deleteKey: PostgresStatement = {
  name: 'delete-idempotency-key',
  text: 'DELETE FROM idempotency_keys WHERE profile = $1 AND key = $2',
}

const releaseKeys: PostgresStatement = {
  name: 'release-idempotency-keys',
  text: 'UPDATE idempotency_keys SET created_id = NULL WHERE profile = $1 AND created_id = $2',
}

const prunableCondition = 'profile = $1 AND created_id IS NULL AND created_at < $2'

const selectPrunable: PostgresStatement = {
  name: 'select-prunable-idempotency-key',
  text: `SELECT key FROM idempotency_keys WHERE ${prunableCondition} LIMIT 1`,
}

const deletePrunable: PostgresStatement = {
  name: 'prune-idempotency-keys',
  text: `DELETE FROM idempotency_keys WHERE ${prunableCondition}`,
}

/** The idempotency keys of a profile. */
export class PostgresIdempotencyKeyStore implements IdempotencyKeyStore {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  find(key: string): Promise<IdempotencyKeyRecord | null> {
    return findIdempotencyKey(this.#database, key)
  }

  async findByCreatedIds(createdIds: readonly string[]): Promise<Map<string, IdempotencyKeyRecord>> {
    const records = await findIdempotencyKeysByCreatedIds(this.#database, createdIds)
    return new Map(records.flatMap((record) => (record.createdId === null ? [] : [[record.createdId, record]])))
  }

  async add(record: IdempotencyKeyRecord): Promise<boolean> {
    const count = await this.#database.write((transaction) => insertIdempotencyKeysIfAbsent(transaction, [record]))
    return count === 1
  }

  async put(record: IdempotencyKeyRecord): Promise<void> {
    await this.#database.write((transaction) => upsertIdempotencyKey(transaction, record))
  }

  async remove(key: string): Promise<void> {
    await this.#database.write((transaction) => transaction.execute(deleteKey, [key]))
  }

  async releaseCreated(createdId: string): Promise<void> {
    // Nothing is written where there is nothing to release: writing creates a profile.
    const keys = await findIdempotencyKeysByCreatedIds(this.#database, [createdId])
    if (keys.length > 0) await this.#database.write((transaction) => transaction.execute(releaseKeys, [createdId]))
  }

  async prune(before: number): Promise<void> {
    const prunable = await this.#database.query(selectPrunable, [before])
    if (prunable.length > 0) await this.#database.write((transaction) => transaction.execute(deletePrunable, [before]))
  }
}
