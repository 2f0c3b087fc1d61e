import { TestDatabase } from './test-database.ts'

/** Moves all times of a home's jobs into the past, as if the server had been down that long. */
export function moveJobsIntoPast(home: string, durationMs: number): void {
  using database = TestDatabase.write(home)
  const columns = ['anchor', 'settled_until', 'created_at', 'next_run_at']
  database.exec(`UPDATE jobs SET ${columns.map((name) => `${name} = ${name} - ${durationMs}`).join(', ')}`)
}
