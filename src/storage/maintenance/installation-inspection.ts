/** A database that several processes share, as it is now. */
export interface InstallationState {
  /** Of the engine, such as `15.8`. */
  readonly engineVersion: string
  /** Whether Segue supports that version. */
  readonly isSupported: boolean
  /** The version of the tables; null before the first start. */
  readonly tableVersion: number | null
  /** The version that this Segue writes. */
  readonly latestTableVersion: number
  /** How many servers use it. */
  readonly processCount: number
  /** How many different configurations they have. */
  readonly configurationCount: number
  /** Whether servers can be notified of changes, rather than having to look for them. */
  readonly isNotified: boolean
}

/** Looks at such a database, and changes nothing. Throws StorageError. */
export type InspectInstallation = (database: {
  readonly url: string
  /** Where servers listen for notifications. */
  readonly listenUrl: string
  readonly schema: string
}) => Promise<InstallationState>
