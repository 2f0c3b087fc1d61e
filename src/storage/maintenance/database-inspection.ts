/** What is wrong in a profile's database. */
export interface DatabaseProblem {
  /**
   * FILE: pages or tables are damaged. UNUSED_PAGES: pages take room for nothing. INDEX: only an index of SQLite is damaged.
   * SEARCH_INDEX and CONVERSATION_INDEX: one that is derived from messages and sessions. MESSAGE: a stored answer is not what its events fold to. LOG: events are missing.
   */
  readonly kind: 'FILE' | 'UNUSED_PAGES' | 'INDEX' | 'SEARCH_INDEX' | 'CONVERSATION_INDEX' | 'MESSAGE' | 'LOG'
  /** What is wrong and where, as a sentence without its end. */
  readonly text: string
  /** For MESSAGE: the message. */
  readonly messageId?: string
}

/** A profile's database, opened to be checked. Nothing is changed, and a server may use it meanwhile. */
export interface DatabaseInspection extends Disposable {
  /** Whether this version wrote it. In an older one, only the file itself is checked. */
  readonly isCurrent: boolean
  /** Checks every page and every index. */
  findDamage(): DatabaseProblem[]
  /** Compares each answer with the fold of its events, and the indexes with what they are of. Call it for a sound file. */
  findInconsistencies(): Generator<DatabaseProblem>
  /** The hashes of all blobs that something refers to. */
  listReferencedBlobs(): string[]
  /** The ids of all sessions that can be read, also from a damaged file. */
  listReadableSessionIds(): string[]
}

/** What can be repaired without a loss: everything that is derived from what is sound, and room that nothing needs. */
export type DatabaseRepair = 'UNUSED_PAGES' | 'INDEX' | 'SEARCH_INDEX' | 'CONVERSATION_INDEX'

/** How databases are checked and repaired. */
export interface InspectionStorage {
  /** Throws DatabaseTooNewError and DatabaseUnusableError. */
  openInspection(path: string, profile: string): DatabaseInspection
  /** Derives an index again. Call it while the home is locked. Throws StorageError and what opening throws. */
  repair(path: string, profile: string, repair: DatabaseRepair): Promise<void>
  /** Stores again what the events of these answers fold to. Call it while the home is locked. Throws as `repair`. */
  restoreMessagesFromLog(path: string, profile: string, messageIds: readonly string[]): Promise<void>
}
