import Database from 'better-sqlite3'
import type { HermesStatus } from '../../storage/sessions/hermes-status.ts'

/** The state of Hermes' file at the last call. Every change is logged. */
export type HermesStateFileHealth =
  | 'healthy'
  | 'missing'
  | 'locked'
  | 'ioError'
  | 'corrupt'
  | 'unreadable'
  | 'incomplete'
  | 'unexpected'

/** The log message for each state that begins. A missing file is no problem. */
export const stateDatabaseHealthMessages: Readonly<Record<HermesStateFileHealth, string>> = {
  healthy: "Hermes' state.db can be read again.",
  missing: "Hermes' state.db does not exist. There are no Hermes sessions until it does.",
  locked: "Hermes' state.db is locked. Its sessions are hidden until it is free.",
  ioError: "Hermes' state.db cannot be read from disk. Its sessions are hidden until it can be read.",
  corrupt: "Hermes' state.db is corrupt. Its sessions are hidden until it can be read.",
  unreadable: "Hermes' state.db cannot be opened. Its sessions are hidden until it can be.",
  incomplete: "Hermes' state.db lacks tables or columns. What they would contain is left out.",
  unexpected: "Reading Hermes' state.db failed. Its sessions are missing in this answer.",
}

/** What clients are told about the file. */
export function toHermesStatus(health: HermesStateFileHealth): HermesStatus {
  switch (health) {
    case 'healthy':
      return { state: 'FOUND', error: null }
    case 'incomplete':
      return { state: 'FOUND', error: stateDatabaseHealthMessages[health] }
    case 'missing':
      return { state: 'NOT_FOUND', error: null }
    default:
      return { state: 'UNREADABLE', error: stateDatabaseHealthMessages[health] }
  }
}

/** The state of the file that an error indicates. */
export function classifyStateFileError(error: unknown): HermesStateFileHealth {
  if (!(error instanceof Database.SqliteError)) {
    return error instanceof Error && 'syscall' in error ? 'unreadable' : 'unexpected'
  }
  const hasCode = (...codes: string[]): boolean => codes.some((code) => error.code.startsWith(code))
  // A reader gets PROTOCOL when it loses the race for a WAL's lock again and again.
  if (hasCode('SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL')) return 'locked'
  if (hasCode('SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_FORMAT')) return 'corrupt'
  if (hasCode('SQLITE_IOERR')) return 'ioError'
  if (hasCode('SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_AUTH')) return 'unreadable'
  return 'unexpected'
}
