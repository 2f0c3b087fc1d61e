import type { Notifier } from '../lib/async/notifier.ts'
import { createAbortableGenerator } from '../lib/async/abortable-generator.ts'
import type { JobRunRecord } from '../model/job.ts'
import type { JobStore } from '../storage/job-store.ts'

const pageSize = 100 // runs

export interface JobRunFeed {
  /** The names of all existing profiles, also of those that cannot be opened. */
  readonly listProfileNames: () => Promise<readonly string[]>
  /** The job stores of all profiles that can be opened now, by profile name. */
  readonly openJobStores: () => Promise<ReadonlyMap<string, JobStore>>
  /** Notifies after each commit that changes a run. */
  readonly notifier: Notifier
}

/**
 * Yields every running job run, then each run when it starts or ends. Includes the runs of one job, or of all jobs if
 * `jobId` is null. Never ends by itself.
 */
export function followJobRuns(
  { listProfileNames, openJobStores, notifier }: JobRunFeed,
  jobId: string | null,
): AsyncIterableIterator<JobRunRecord> {
  return createAbortableGenerator((signal) => readRuns(signal))

  async function* readRuns(signal: AbortSignal): AsyncGenerator<JobRunRecord, void, void> {
    // Keyed by store, not by name: a profile that is deleted and created again is read from its first run.
    const cursors = new WeakMap<JobStore, number>()
    // A profile that exists now may be opened only later. Its history up to then is not new.
    const unopenedNames = new Set(await listProfileNames())
    while (!signal.aborted) {
      const { version } = notifier
      let hasNewRuns = false
      for (const [name, jobs] of await openJobStores()) {
        if (unopenedNames.delete(name)) {
          cursors.set(jobs, await jobs.loadLatestChangeSeq())
          // Read after the cursor: a run that changes in between is yielded twice, but none is missed.
          for (const run of await jobs.listRunningRuns()) if (jobId === null || run.jobId === jobId) yield run
        }
        const after = cursors.get(jobs) ?? 0
        for (const { changeSeq, run } of await jobs.listChangedRuns({ after, limit: pageSize, jobId })) {
          cursors.set(jobs, changeSeq)
          hasNewRuns = true
          yield run
        }
      }
      if (!hasNewRuns) await notifier.wait(version, signal)
    }
  }
}
