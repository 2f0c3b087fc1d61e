import type Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { ProfileDirectory } from '../../../profiles/profile-directory.ts'
import { toBlobFolder, toDatabasePath, toProfileFolder } from '../../../profiles/profile-paths.ts'
import type { HomeLock } from '../../home-lock.ts'
import type { MigratedTable, StoredRow } from '../../migration/migrated-tables.ts'
import { MigrationError } from '../../migration/migration-error.ts'
import type { MigrationTarget } from '../../migration/migration-storage.ts'
import { toMigrationFolder } from '../../migration/interrupted-migration.ts'
import { lockHomeForMigration } from '../database/home-lock.ts'
import { openProfileDatabase } from '../database/open-profile-database.ts'
import { mapSqliteErrors } from '../database/sqlite-errors.ts'
import { StatementCache } from '../database/statement-cache.ts'
import { SegueProfileDatabase } from '../segue-profile-database.ts'
import { listBlobFiles, readBlobFile, writeBlobFile } from './blob-files.ts'
import { placeProfiles, undoPlacing } from './place-profiles.ts'
import { queueStandInsSql, readSqliteRows, toInsertSql } from './sqlite-rows.ts'

interface OpenDatabase {
  readonly connection: Database.Database
  readonly statements: StatementCache
}

/**
 * A home without chats; it may have a configuration. Everything is written into a folder of it, and put in place at the end.
 * While there is that folder, no server starts.
 */
export class SqliteMigrationTarget implements MigrationTarget {
  readonly #home: string
  readonly #folder: string
  readonly #lock: HomeLock
  readonly #databases = new Map<string, OpenDatabase>()

  private constructor(home: string, lock: HomeLock) {
    this.#home = home
    this.#folder = toMigrationFolder(home)
    this.#lock = lock
  }

  /** Removes what an interrupted migration has left. Throws MigrationError, HomeInUseError and UnusableHomeError. */
  static async open(home: string): Promise<SqliteMigrationTarget> {
    const target = new SqliteMigrationTarget(home, lockHomeForMigration(home))
    try {
      await undoPlacing(home)
      await assertEmpty(home)
      await mkdir(target.#folder, { mode: 0o700 })
      return target
    } catch (error) {
      target.#lock.release()
      throw error
    }
  }

  async createProfile(profile: string): Promise<void> {
    await mkdir(this.#toFolder(profile), { recursive: true, mode: 0o700 })
    const path = toDatabasePath(this.#toFolder(profile))
    const connection = openProfileDatabase(path, { profile, durable: false })
    this.#databases.set(profile, { connection, statements: new StatementCache(connection) })
  }

  async insertRows(profile: string, table: MigratedTable, rows: readonly StoredRow[]): Promise<void> {
    const { connection, statements } = this.#find(profile)
    const insert = statements.prepare<[StoredRow]>(toInsertSql(table))
    const insertAll = connection.transaction(() => {
      for (const row of rows) insert.run(row)
    })
    mapSqliteErrors(() => insertAll())
  }

  async writeBlob(profile: string, hash: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    await writeBlobFile(toBlobFolder(this.#toFolder(profile)), hash, bytes)
  }

  async finishWriting(): Promise<void> {
    for (const { statements } of this.#databases.values()) statements.prepare(queueStandInsSql).run()
  }

  readRows(profile: string, table: MigratedTable): AsyncIterable<StoredRow> {
    return readSqliteRows(this.#find(profile).statements, table)
  }

  listBlobs(profile: string): AsyncIterable<string> {
    return listBlobFiles(toBlobFolder(this.#toFolder(profile)))
  }

  readBlob(profile: string, hash: string): AsyncIterable<Uint8Array> {
    return readBlobFile(toBlobFolder(this.#toFolder(profile)), hash)
  }

  /** Builds the lists of conversations before, for which the first requests would have to wait. */
  async commit(): Promise<void> {
    const profiles = [...this.#databases.keys()]
    this.#closeDatabases()
    // The server goes on where this ends.
    for (const profile of profiles) await this.#buildLists(profile).catch(() => undefined)
    await placeProfiles(this.#home, profiles)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closeDatabases()
    try {
      await undoPlacing(this.#home)
    } finally {
      this.#lock.release()
    }
  }

  async #buildLists(profile: string): Promise<void> {
    const database = new SegueProfileDatabase(toDatabasePath(this.#toFolder(profile)), { profile, durable: false })
    await database.refreshConversationIndex().finally(() => database.close())
  }

  #closeDatabases(): void {
    // Writes everything into the file: its side files are gone afterwards.
    for (const { connection } of this.#databases.values()) connection.close()
    this.#databases.clear()
  }

  #find(profile: string): OpenDatabase {
    const database = this.#databases.get(profile)
    if (!database) throw new Error(`The profile ${profile} was not created.`)
    return database
  }

  #toFolder(profile: string): string {
    return toProfileFolder(this.#folder, profile)
  }
}

async function assertEmpty(home: string): Promise<void> {
  for (const profile of await new ProfileDirectory({ home, hermesHome: null }).listNames()) {
    const folder = toProfileFolder(home, profile)
    const [database, blobs] = [toDatabasePath(folder), toBlobFolder(folder)]
    if (existsSync(database)) throw createNotEmptyError(home, database)
    if ((await readdir(blobs).catch(() => [])).length > 0) throw createNotEmptyError(home, blobs)
    // An empty folder would keep the files from their place.
    await rm(blobs, { recursive: true, force: true })
  }
}

function createNotEmptyError(home: string, path: string): MigrationError {
  return new MigrationError(
    `The home ${home} has chats already: ${path}. Name another home with --home, or move its databases and files away.`,
  )
}
