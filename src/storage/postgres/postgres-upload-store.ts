import type { UploadRecord, UploadStore } from '../uploads/upload-store.ts'
import type { PostgresStatement } from './database/postgres-statement.ts'
import type { PostgresProfileDatabase } from './postgres-profile-database.ts'

const insertUpload: PostgresStatement = {
  name: 'insert-upload',
  text: `INSERT INTO uploads (profile, id, hash, media_type, name, size, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
}

const selectUpload: PostgresStatement = {
  name: 'select-upload',
  text: `SELECT id, hash, media_type AS "mediaType", name, size, created_at AS "createdAt" FROM uploads
    WHERE profile = $1 AND id = $2`,
}

const measureUploads: PostgresStatement = {
  name: 'measure-uploads',
  text: 'SELECT count(*) AS count, coalesce(sum(size), 0)::bigint AS bytes FROM uploads WHERE profile = $1',
}

const selectOld: PostgresStatement = {
  name: 'select-old-upload',
  text: 'SELECT id FROM uploads WHERE profile = $1 AND created_at < $2 LIMIT 1',
}

const deleteOld: PostgresStatement = {
  name: 'delete-old-uploads',
  text: 'DELETE FROM uploads WHERE profile = $1 AND created_at < $2 RETURNING hash',
}

/** The uploads of a profile. */
export class PostgresUploadStore implements UploadStore {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async insert({ id, hash, mediaType, name, size, createdAt }: UploadRecord): Promise<void> {
    await this.#database.write((transaction) =>
      transaction.execute(insertUpload, [id, hash, mediaType, name, size, createdAt]),
    )
  }

  async find(id: string): Promise<UploadRecord | null> {
    const [upload] = await this.#database.query<UploadRecord>(selectUpload, [id])
    return upload ?? null
  }

  async measure(): Promise<{ count: number; bytes: number }> {
    const [measured] = await this.#database.query<{ count: number; bytes: number }>(measureUploads)
    return measured ?? { count: 0, bytes: 0 }
  }

  async deleteOlderThan(createdAt: number): Promise<string[]> {
    // Nothing is written where there is nothing to delete: writing creates a profile.
    const old = await this.#database.query(selectOld, [createdAt])
    if (old.length === 0) return []
    const deleted = await this.#database.write((transaction) =>
      transaction.query<{ hash: string }>(deleteOld, [createdAt]),
    )
    return [...new Set(deleted.map(({ hash }) => hash))]
  }
}
