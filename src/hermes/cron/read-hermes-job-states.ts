import Database from 'better-sqlite3'
import { isJsonObject, type Json, parseJson } from '../../lib/text/json.ts'
import { retrySync, createHermesLockRetryPolicy } from '../state/retry-sync.ts'

type RuntimeRow = { job_id: unknown; state_json: unknown }

/**
 * The state of each job in a runtime.db, by job id. Rows that cannot be parsed are left out. The file must exist. Throws
 * errors of SQLite; that the file is locked, only after the timeout.
 */
export function readHermesJobStates(path: string, lockTimeoutMs: number): Map<string, { [key: string]: Json }> {
  const rows = retrySync(() => readRows(path), createHermesLockRetryPolicy(lockTimeoutMs))
  return new Map(
    rows.flatMap(({ job_id, state_json }) => {
      const state = typeof state_json === 'string' ? parseJson(state_json) : undefined
      return typeof job_id === 'string' && isJsonObject(state) ? [[job_id, state]] : []
    }),
  )
}

function readRows(path: string): RuntimeRow[] {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 })
  try {
    db.pragma('query_only = ON')
    return db.prepare<[], RuntimeRow>('SELECT job_id, state_json FROM job_runtime').all()
  } finally {
    db.close()
  }
}
