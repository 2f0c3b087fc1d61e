import { existsSync } from 'node:fs'
import { ProfileDirectory } from '../../../profiles/profile-directory.ts'
import { toBlobFolder, toDatabasePath, toProfileFolder } from '../../../profiles/profile-paths.ts'
import type { HomeLock } from '../../home-lock.ts'
import type { MigratedTable, StoredRow } from '../../migration/migrated-tables.ts'
import { MigrationError } from '../../migration/migration-error.ts'
import type { MigrationSource } from '../../migration/migration-storage.ts'
import { DatabaseReadSnapshot } from '../database/database-read-snapshot.ts'
import { lockHome } from '../database/home-lock.ts'
import { openProfileDatabase } from '../database/open-profile-database.ts'
import { mapSqliteErrors } from '../database/sqlite-errors.ts'
import { StatementCache } from '../database/statement-cache.ts'
import { deleteQueuedRows, hasQueuedRows } from '../deletion/delete-queued-rows.ts'
import { listBlobFiles, readBlobFile } from './blob-files.ts'
import { listInitialRows, readSqliteRows } from './sqlite-rows.ts'

/** A home that no server uses. Nothing in it changes, except that what was deleted is deleted completely. */
export class SqliteMigrationSource implements MigrationSource {
  readonly #home: string
  readonly #lock: HomeLock
  readonly #snapshots = new Map<string, DatabaseReadSnapshot | null>()

  private constructor(home: string, lock: HomeLock) {
    this.#home = home
    this.#lock = lock
  }

  /** Throws MigrationError, HomeInUseError and UnusableHomeError. */
  static open(home: string): SqliteMigrationSource {
    if (!existsSync(home))
      throw new MigrationError(`The home ${home} does not exist. Name the one to copy with --home or SEGUE_HOME.`)
    return new SqliteMigrationSource(home, lockHome(home))
  }

  /** Those that have folders. */
  listProfiles(): Promise<string[]> {
    return new ProfileDirectory({ home: this.#home, hermesHome: null }).listNames()
  }

  async *readRows(profile: string, table: MigratedTable): AsyncGenerator<StoredRow> {
    const snapshot = this.#openSnapshot(profile)
    yield* snapshot ? readSqliteRows(snapshot, table) : listInitialRows(table)
  }

  listBlobs(profile: string): AsyncIterable<string> {
    return listBlobFiles(this.#toBlobFolder(profile))
  }

  readBlob(profile: string, hash: string): AsyncIterable<Uint8Array> {
    return readBlobFile(this.#toBlobFolder(profile), hash)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const snapshot of this.#snapshots.values()) snapshot?.[Symbol.dispose]()
    this.#lock.release()
  }

  #toBlobFolder(profile: string): string {
    return toBlobFolder(toProfileFolder(this.#home, profile))
  }

  /** Null if nothing was stored. Throws DatabaseTooNewError, DatabaseNotMigratedError and DatabaseUnusableError. */
  #openSnapshot(profile: string): DatabaseReadSnapshot | null {
    const known = this.#snapshots.get(profile)
    if (known !== undefined) return known
    const path = toDatabasePath(toProfileFolder(this.#home, profile))
    const snapshot = existsSync(path) ? openSnapshot(path, profile) : null
    this.#snapshots.set(profile, snapshot)
    return snapshot
  }
}

function openSnapshot(path: string, profile: string): DatabaseReadSnapshot {
  const snapshot = DatabaseReadSnapshot.open(path)
  if (!hasQueuedRows(snapshot)) return snapshot
  // Of what was deleted, only the background of a server had not deleted all rows.
  snapshot[Symbol.dispose]()
  const connection = openProfileDatabase(path, { profile, durable: false })
  try {
    const db = new StatementCache(connection)
    const deleteSome = connection.transaction(() => deleteQueuedRows(db))
    while (mapSqliteErrors(() => deleteSome()));
  } finally {
    connection.close()
  }
  return DatabaseReadSnapshot.open(path)
}
