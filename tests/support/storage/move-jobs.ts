import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Moves all times of a home's jobs into the past, as if the server had been down that long. */
export function moveJobsIntoPast(home: string, durationMs: number): void {
  const database = new Database(join(home, 'segue.db'))
  const columns = ['anchor', 'settled_until', 'created_at', 'next_run_at']
  database.exec(`UPDATE jobs SET ${columns.map((name) => `${name} = ${name} - ${durationMs}`).join(', ')}`)
  database.close()
}
