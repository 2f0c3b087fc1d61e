import Database from 'better-sqlite3'

/** How the file was found at the last call. Each but the first is logged when it begins, and its end is, too. */
export type FileHealth =
  | 'well'
  | 'missing'
  | 'locked'
  | 'unsteady'
  | 'damaged'
  | 'unreadable'
  | 'incomplete'
  | 'unexpected'

/** What to tell of a condition; a missing file is no fault. */
export const healthMessages: Record<FileHealth, string> = {
  well: 'The state.db of Hermes is read again',
  missing: 'There is no state.db of Hermes: its sessions are left out until there is one',
  locked: 'The state.db of Hermes is locked: its sessions are left out until it is free',
  unsteady: 'The state.db of Hermes fails to be read from its disk: its sessions are left out until it can be',
  damaged: 'The state.db of Hermes is damaged: its sessions are left out until it is well',
  unreadable: 'The state.db of Hermes cannot be opened: its sessions are left out until it can be',
  incomplete: 'The state.db of Hermes lacks tables or columns: what they would hold is left out',
  unexpected: 'The state.db of Hermes could not be read: its sessions are left out of this answer',
}

/** The condition of a file that an error speaks of. */
export function healthFromError(error: unknown): FileHealth {
  if (!(error instanceof Database.SqliteError)) {
    return error instanceof Error && 'syscall' in error ? 'unreadable' : 'unexpected'
  }
  const hasCode = (...codes: string[]): boolean => codes.some((code) => error.code.startsWith(code))
  // PROTOCOL is what a reader gets when it loses the race for a WAL's lock time and again.
  if (hasCode('SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL')) return 'locked'
  if (hasCode('SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_FORMAT')) return 'damaged'
  if (hasCode('SQLITE_IOERR')) return 'unsteady'
  if (hasCode('SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_AUTH')) return 'unreadable'
  return 'unexpected'
}
