import { isJsonObject, type Json, parseJson } from '../../lib/text/json.ts'
import { readCronDatabase } from './read-cron-database.ts'

/**
 * The state of each job in a runtime.db, by job id. Rows that cannot be parsed are left out. Throws as `readCronDatabase`
 * does.
 */
export function readHermesJobStates(path: string, lockTimeoutMs: number): Map<string, { [key: string]: Json }> {
  const rows = readCronDatabase<{ job_id: unknown; state_json: unknown }>(path, lockTimeoutMs, {
    sql: 'SELECT job_id, state_json FROM job_runtime',
  })
  return new Map(
    rows.flatMap(({ job_id, state_json }) => {
      const state = typeof state_json === 'string' ? parseJson(state_json) : undefined
      return typeof job_id === 'string' && isJsonObject(state) ? [[job_id, state]] : []
    }),
  )
}
