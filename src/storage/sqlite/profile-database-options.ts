import type { StorageHealth } from '../health/storage-health.ts'
import type { HomeLock } from '../home-lock.ts'
import type { openProfileDatabase } from './database/open-profile-database.ts'

export interface SegueProfileDatabaseOptions {
  /** The name of the profile; `default` if it is left out. */
  readonly profile?: string
  /**
   * Every commit waits for the disk (`synchronous=FULL`): a power cut loses nothing. Otherwise it may lose the last
   * moments, never the order. False if it is left out.
   */
  readonly durable?: boolean
  /** Is told of failures. Default: one that tells nobody. */
  readonly health?: StorageHealth
  /** Is asked before each write. Default: nobody else uses the home. */
  readonly homeLock?: Pick<HomeLock, 'assertHeld'>
  /** Opens the file. Tests replace it, to inject failures at commits. */
  readonly openConnection?: typeof openProfileDatabase
}

export interface TransactionOptions {
  /** Whether the write is made even if the file was replaced, and is lost with it. Default: false. */
  readonly evenIfReplaced?: boolean
  /** How many writes of usual size it holds. Default: 1. */
  readonly writes?: number
}
