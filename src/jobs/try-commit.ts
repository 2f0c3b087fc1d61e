import type { JobCommit, JobStore } from '../storage/job-store.ts'
import { JobRevisionConflictError } from '../storage/errors.ts'

/** Resolves to false if the job has changed since it was read. */
export async function tryCommit(store: Pick<JobStore, 'commit'>, commit: JobCommit): Promise<boolean> {
  try {
    await store.commit(commit)
  } catch (error) {
    if (error instanceof JobRevisionConflictError) return false
    throw error
  }
  return true
}
