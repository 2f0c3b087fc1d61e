import Database from 'better-sqlite3'
import { type Json, isJsonObject, parseJson } from '../../lib/json.ts'
import { healthFromError } from '../state/file-health.ts'

const lockRetryDelayMs = 20 // milliseconds between two tries to get past a lock

type RuntimeRow = { job_id: unknown; state_json: unknown }

/**
 * What a runtime.db says of each job, by its id; one that is damaged is left out. The file must exist. Throws what
 * SQLite does, a lock after so many milliseconds only.
 */
export function readRuntimeStates(path: string, lockTimeoutMs: number): Map<string, { [key: string]: Json }> {
  const deadline = performance.now() + lockTimeoutMs
  for (;;) {
    try {
      return new Map(
        readRows(path).flatMap(({ job_id, state_json }) => {
          const state = typeof state_json === 'string' ? parseJson(state_json) : undefined
          return typeof job_id === 'string' && isJsonObject(state) ? [[job_id, state]] : []
        }),
      )
    } catch (error) {
      if (healthFromError(error) !== 'locked' || performance.now() > deadline) throw error
      // SQLite's own waiting can't be interrupted: a thread in it would hold up the end of the process.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lockRetryDelayMs)
    }
  }
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
