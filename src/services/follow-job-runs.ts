import type { Bell } from '../lib/notifier.ts'
import { abortable } from '../chat/subscriptions/subscribe-to-log.ts'
import type { JobRunRecord } from '../model/job.ts'
import type { JobStore } from '../storage/job-store.ts'
import type { Domain } from './profile-services.ts'

const pageSize = 100

/** Where runs of jobs are looked for: in all profiles that the caller may see, by the time. */
export interface RunsSource {
  readonly domains: () => Promise<readonly Domain[]>
  /** Rings after each commit that changed a run. */
  readonly bell: Bell
}

/** Every run that is under way, then each one that begins or ends, as it is by then: of one job or of all, without end. */
export function followRuns({ domains, bell }: RunsSource, jobId: string | null): AsyncIterableIterator<JobRunRecord> {
  return abortable((signal) => changes(signal))

  async function* changes(signal: AbortSignal): AsyncGenerator<JobRunRecord, void, void> {
    // Of a profile, not of its name: one that is deleted and made again counts from the start.
    const cursors = new WeakMap<JobStore, number>()
    for (const { profile } of await domains()) {
      cursors.set(profile.jobs, await profile.jobs.newestChange())
      // Read second: one that changes in between is told once more, none is missed.
      for (const run of await profile.jobs.runningRuns()) if (jobId === null || run.jobId === jobId) yield run
    }
    while (!signal.aborted) {
      const { rung } = bell
      let told = false
      for (const { profile } of await domains()) {
        const after = cursors.get(profile.jobs) ?? 0
        for (const { change, run } of await profile.jobs.changedRuns({ after, limit: pageSize, jobId })) {
          cursors.set(profile.jobs, change)
          told = true
          yield run
        }
      }
      if (!told) await bell.next(rung, signal)
    }
  }
}
