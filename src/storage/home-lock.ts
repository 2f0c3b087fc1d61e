/** Keeps other processes from using a home. */
export interface HomeLock {
  /** Lets another server use the home. */
  release(): void
  /**
   * Locks the home again if the file of the lock was deleted or replaced. Throws StorageError HOME_LOST if that fails: another
   * server uses the home, or the home itself is gone.
   */
  assertHeld(): void
}
