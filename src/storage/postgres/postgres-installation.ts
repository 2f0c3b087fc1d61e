import type { Logger } from '../../lib/logger.ts'
import { createSearchLimiter } from '../../search/search-limiter.ts'
import { StorageHealth } from '../health/storage-health.ts'
import type { InstalledProfileOptions, InstalledProfileStorage, Installation } from '../installation/installation.ts'
import type { BlobStore } from '../blob-store.ts'
import type { ExportReader } from '../transfer/export-reader.ts'
import type { ImportStore } from '../transfer/import-store.ts'
import { PostgresBlobStore } from './blobs/postgres-blob-store.ts'
import { migrate } from './database/migrate.ts'
import { PostgresDatabase, type PostgresDatabaseOptions } from './database/postgres-database.ts'
import { ChangeHub, type ChangeHubOptions } from './notifications/change-hub.ts'
import { deletionTopic, PostgresProfileDatabase } from './postgres-profile-database.ts'
import { openPostgresStorage } from './open-postgres-storage.ts'
import { ProcessLease, type ProcessLeaseOptions } from './processes/process-lease.ts'
import { PostgresExportReader } from './transfer/postgres-export-reader.ts'
import { PostgresImportStore } from './transfer/postgres-import-store.ts'
import { isOrphanedSql } from './tables/orphans.ts'
import {
  hasProfile,
  insertProfile,
  isProfileOfHermesAlone,
  listProfiles,
  trashProfile,
} from './database/profile-table.ts'

export interface PostgresInstallationOptions
  extends Pick<PostgresDatabaseOptions, 'url' | 'schema' | 'maxConnections'>, Pick<ChangeHubOptions, 'pollIntervalMs'> {
  /** Where to listen for notifications: a direct connection, if `url` is that of a pooler. Default: `url`. */
  readonly listenUrl?: string
  /** How long this process may be cut off before another one takes over its streams, and how often it tells that it lives. */
  readonly lease?: Pick<
    ProcessLeaseOptions,
    'durationMs' | 'renewalIntervalMs' | 'hashConfiguration' | 'onConfigurationsCompared'
  >
  readonly log: Logger
}

/** One connection for the lease, one for notifications. A renewal that fails is repeated before the lease has run out. */
const controlOptions = { maxConnections: 2, timeoutMs: 4_000 }

const selectOrphan = {
  name: 'select-orphan',
  text: `(SELECT id FROM streams WHERE profile = $1 AND ${isOrphanedSql('streams')} LIMIT 1)
    UNION ALL (SELECT id FROM job_runs WHERE profile = $1 AND ${isOrphanedSql('job_runs')} LIMIT 1)`,
}

const selectExistingSessions = {
  name: 'select-existing-sessions',
  text: 'SELECT id FROM sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

/** What Segue stores for all profiles in one PostgreSQL, for this process and any number of others. */
export class PostgresInstallation implements Installation {
  readonly #database: PostgresDatabase
  /** For the lease and for notifications, also while all connections of the other one are in use. */
  readonly #control: PostgresDatabase
  readonly #hub: ChangeHub
  readonly #log: Logger
  readonly #searchLimiter = createSearchLimiter()
  readonly #profiles = new Set<PostgresProfileDatabase>()
  #lease: ProcessLease | null = null
  #onProfileDeleted: (name: string) => void = () => undefined
  #closing: Promise<void> | null = null

  private constructor({ log, url, listenUrl = url, pollIntervalMs, ...options }: PostgresInstallationOptions) {
    const onError = (error: unknown): void =>
      log.warn({ err: error }, 'A connection to PostgreSQL failed. Another is made.')
    this.#log = log
    this.#database = new PostgresDatabase({ ...options, url, onIdleError: onError })
    const intervals = pollIntervalMs === undefined ? {} : { pollIntervalMs }
    this.#control = new PostgresDatabase({ ...options, ...controlOptions, url, onIdleError: onError })
    this.#hub = new ChangeHub({ ...intervals, database: this.#control, listenUrl, onError })
  }

  /** Connects, and creates or updates the tables. Throws StorageError and DatabaseTooNewError. */
  static async open(options: PostgresInstallationOptions): Promise<PostgresInstallation> {
    const installation = new PostgresInstallation(options)
    try {
      await installation.#start(options)
      return installation
    } catch (error) {
      await installation.close()
      throw error
    }
  }

  /** Whether the notifications of other processes arrive. Until then, this one tells of changes that it has not seen. */
  get isNotified(): boolean {
    return this.#hub.isWorking
  }

  /** Opens what is stored for a profile. Its first write creates it. */
  openStorage({
    profile,
    health = new StorageHealth({ log: this.#log }),
    telemetry,
  }: InstalledProfileOptions): InstalledProfileStorage {
    const database = new PostgresProfileDatabase(this.#database, profile, {
      ...{ hub: this.#hub, health },
      onDeleted: () => this.#onProfileDeleted(profile),
    })
    const storage = openPostgresStorage(database, {
      health,
      limiter: this.#searchLimiter,
      ...(telemetry && { telemetry }),
    })
    this.#profiles.add(database)
    return {
      ...storage,
      close: async () => {
        this.#profiles.delete(database)
        await storage.close()
      },
    }
  }

  listProfiles(): Promise<string[]> {
    return listProfiles(this.#database)
  }

  hasProfile(name: string): Promise<boolean> {
    return hasProfile(this.#database, name)
  }

  isProfileOfHermesAlone(name: string): Promise<boolean> {
    return isProfileOfHermesAlone(this.#database, name)
  }

  createProfile(name: string): Promise<boolean> {
    return insertProfile(this.#database, name)
  }

  onProfileDeleted(listener: (name: string) => void): void {
    this.#onProfileDeleted = listener
  }

  async trashProfile(name: string): Promise<void> {
    await trashProfile(this.#database, name)
    this.#hub.publish({ profile: name, topic: deletionTopic })
  }

  /** Opens a profile to import into, also while servers use it. */
  openImportStore(profile: string): ImportStore {
    return new PostgresImportStore(new PostgresProfileDatabase(this.#database, profile, { hub: this.#hub }))
  }

  /** Takes a snapshot of a profile. Resolves to null while nothing was written. */
  openExportReader(profile: string): Promise<ExportReader | null> {
    return PostgresExportReader.open(new PostgresProfileDatabase(this.#database, profile))
  }

  openBlobStore(profile: string): BlobStore {
    return new PostgresBlobStore(new PostgresProfileDatabase(this.#database, profile))
  }

  /** The first of these session ids that a profile stores; null if it stores none. */
  async findExistingSessionId(profile: string, ids: readonly string[]): Promise<string | null> {
    const rows = await this.#database.query<{ id: string }>(profile, selectExistingSessions, [ids])
    const existing = new Set(rows.map(({ id }) => id))
    return ids.find((id) => existing.has(id)) ?? null
  }

  /** Lets others take over at once what this process owns, and closes all connections. Further calls wait for the first one. */
  close(): Promise<void> {
    return (this.#closing ??= this.#closeAll())
  }

  async #closeAll(): Promise<void> {
    await this.#lease?.close().catch((error: unknown) => this.#log.warn({ err: error }, 'The lease was not ended.'))
    await this.#hub.close()
    await Promise.all([this.#database.close(), this.#control.close()])
  }

  async #start({ lease }: PostgresInstallationOptions): Promise<void> {
    await migrate(this.#database)
    this.#lease = await ProcessLease.acquire({
      ...lease,
      database: this.#control,
      onNumber: (number) => (this.#database.process = number),
      onRenewed: () => void this.#findOrphans(),
      onError: (error) => this.#log.warn({ err: error }, 'The lease of this process was not renewed; trying again.'),
    })
  }

  /** Tells of what processes that have died were running. */
  async #findOrphans(): Promise<void> {
    for (const profile of this.#profiles) {
      const found = await profile.query(selectOrphan).catch(() => [])
      if (found.length > 0) profile.changes.orphans.notify()
    }
  }
}
