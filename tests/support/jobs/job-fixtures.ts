import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteJobStore } from '../../../src/storage/sqlite/sqlite-job-store.ts'
import type { JobInput } from '../../../src/jobs/job-input.ts'
import { newId } from '../../../src/lib/ids.ts'
import { newSegueJob } from '../../../src/jobs/job-state.ts'
import { writeEmptyDatabase } from '../server/segue.ts'
import type { SegueJob } from '../../../src/model/job.ts'

/** A temporary folder, removed when the test has finished. */
export function newJobsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'segue-jobs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The job store of a new profile database, closed when the test has finished. */
export function newStore(folder = newJobsFolder()): { database: SegueProfileDatabase; store: SqliteJobStore } {
  const path = join(folder, 'segue.db')
  if (!existsSync(path)) writeEmptyDatabase(path)
  const database = new SegueProfileDatabase(path)
  onTestFinished(() => database.close())
  return { database, store: new SqliteJobStore(database) }
}

/** The input of a job that runs every half hour, with the given changes. */
export function newJobInput(changes: Partial<JobInput> = {}): JobInput {
  return {
    name: 'Birds',
    prompt: 'Which birds are back?',
    schedule: 'every 30m',
    timezone: 'UTC',
    model: null,
    repeatLimit: null,
    ...changes,
  }
}

export function newTestJob(now: number, changes: Partial<JobInput> = {}): SegueJob {
  return newSegueJob(newJobInput(changes), { id: newId('job'), profile: 'default', now })
}

export function newRunIds(): { runId: string; sessionId: string } {
  return { runId: newId('jobRun'), sessionId: newId('session') }
}
