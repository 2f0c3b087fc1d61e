import type { UploadRecord, UploadStore } from '../uploads/upload-store.ts'
import type { SegueProfileDatabase } from './segue-profile-database.ts'

/** The uploads of a profile, in its database. */
export class SqliteUploadStore implements UploadStore {
  readonly #database: SegueProfileDatabase

  constructor(database: SegueProfileDatabase) {
    this.#database = database
  }

  async insert(upload: UploadRecord): Promise<void> {
    await this.#database.write(() =>
      this.#database
        .prepare<[UploadRecord]>(
          `INSERT INTO uploads (id, hash, media_type, name, size, created_at)
           VALUES (:id, :hash, :mediaType, :name, :size, :createdAt)`,
        )
        .run(upload),
    )
  }

  async find(id: string): Promise<UploadRecord | null> {
    const row = this.#database
      .prepare<[string], UploadRecord>(
        `SELECT id, hash, media_type AS mediaType, name, size, created_at AS createdAt FROM uploads WHERE id = ?`,
      )
      .get(id)
    return row ?? null
  }

  async measure(): Promise<{ count: number; bytes: number }> {
    const row = this.#database
      .prepare<[], { count: number; bytes: number }>(
        'SELECT COUNT(*) AS count, IFNULL(SUM(size), 0) AS bytes FROM uploads',
      )
      .get()
    return row ?? { count: 0, bytes: 0 }
  }

  async deleteOlderThan(createdAt: number): Promise<string[]> {
    // Nothing is written where there is nothing to delete: writing creates a profile.
    const old = this.#database
      .prepare<[number], { hash: string }>('SELECT DISTINCT hash FROM uploads WHERE created_at < ?')
      .all(createdAt)
    if (old.length === 0) return []
    await this.#database.write(() =>
      this.#database.prepare<[number]>('DELETE FROM uploads WHERE created_at < ?').run(createdAt),
    )
    return old.map(({ hash }) => hash)
  }
}
