import type { Notifier } from '../lib/notifier.ts'
import { createAbortableGenerator } from '../chat/subscriptions/subscribe-to-log.ts'
import type { JobRunRecord } from '../model/job.ts'
import type { JobStore } from '../storage/job-store.ts'
import type { ProfileServices } from './profile-services.ts'

const pageSize = 100

/** Where runs of jobs are looked for: in all profiles that the caller may see, by the time. */
export interface JobRunFeed {
  readonly openProfiles: () => Promise<readonly ProfileServices[]>
  /** Rings after each commit that changed a run. */
  readonly notifier: Notifier
}

/** Every run that is under way, then each one that begins or ends, as it is by then: of one job or of all, without end. */
export function followJobRuns(
  { openProfiles, notifier }: JobRunFeed,
  jobId: string | null,
): AsyncIterableIterator<JobRunRecord> {
  return createAbortableGenerator((signal) => readRuns(signal))

  async function* readRuns(signal: AbortSignal): AsyncGenerator<JobRunRecord, void, void> {
    // Of a profile, not of its name: one that is deleted and made again counts from the start.
    const cursors = new WeakMap<JobStore, number>()
    for (const { profile } of await openProfiles()) {
      cursors.set(profile.jobs, await profile.jobs.loadLatestChangeSeq())
      // Read second: one that changes in between is told once more, none is missed.
      for (const run of await profile.jobs.listRunningRuns()) if (jobId === null || run.jobId === jobId) yield run
    }
    while (!signal.aborted) {
      const { version } = notifier
      let hasNewRuns = false
      for (const { profile } of await openProfiles()) {
        const after = cursors.get(profile.jobs) ?? 0
        for (const { changeSeq, run } of await profile.jobs.listChangedRuns({ after, limit: pageSize, jobId })) {
          cursors.set(profile.jobs, changeSeq)
          hasNewRuns = true
          yield run
        }
      }
      if (!hasNewRuns) await notifier.wait(version, signal)
    }
  }
}
