/** Keeps other processes from using a home. */
export interface HomeLock {
  /** Lets another server use the home. */
  release(): void
}
