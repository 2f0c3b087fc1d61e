import type { Telemetry } from '../../lib/telemetry/telemetry.ts'
import type { BlobStore } from '../blob-store.ts'
import type { ProfileSearch } from '../profile-search.ts'
import type { SegueStorage } from '../profile-storage.ts'
import type { CommandChannel } from './command-channel.ts'
import type { HermesIndex } from './hermes-index.ts'
import type { StorageHealth } from '../health/storage-health.ts'

/** What an installation stores of one profile. */
export interface InstalledProfileStorage extends SegueStorage {
  readonly commands: CommandChannel
  readonly blobs: BlobStore
  readonly search: ProfileSearch
  /** The sessions of its Hermes agent. */
  readonly hermes: HermesIndex
}

export interface InstalledProfileOptions {
  readonly profile: string
  /** Is told of failures. Default: one that logs them. */
  readonly health?: StorageHealth
  /** Default: nothing is measured. */
  readonly telemetry?: Telemetry
}

/** A database with all profiles, which this process shares with any number of others. */
export interface Installation {
  /** Opens what is stored for a profile, whose first write creates it. */
  openStorage(options: InstalledProfileOptions): InstalledProfileStorage
  /** The names of the profiles that something was written to, and of those that a Hermes agent has, in order. */
  listProfiles(): Promise<string[]>
  hasProfile(name: string): Promise<boolean>
  /** Whether a Hermes agent has it, and nothing of Segue was written to it. */
  isProfileOfHermesAlone(name: string): Promise<boolean>
  /** Resolves to false if it exists. */
  createProfile(name: string): Promise<boolean>
  /** Calls a listener with the names of profiles that are open here and that another process has deleted. There is one listener. */
  onProfileDeleted(listener: (name: string) => void): void
  /** Gives a profile a name that no profile can have. Erases nothing. Throws SESSION_BUSY while it has an active stream. */
  trashProfile(name: string): Promise<void>
}
