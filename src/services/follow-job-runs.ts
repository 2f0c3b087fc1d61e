import { createAbortOnReturnIterator } from '../lib/async/abort-on-return-iterator.ts'
import type { JobRunRecord } from '../model/job.ts'
import type { ChangeNotifier } from '../storage/change-notifier.ts'
import type { JobStore } from '../storage/job-store.ts'
import type { SegueStorage } from '../storage/profile-storage.ts'

const pageSize = 100 // runs

export type FollowJobRunsStorage = Pick<SegueStorage, 'jobs' | 'changes'>

export interface FollowJobRunsOptions {
  /** The names of all existing profiles, also of those that cannot be opened. */
  readonly listProfileNames: () => Promise<readonly string[]>
  /** The storage of all profiles that can be opened now, by profile name. */
  readonly openSources: () => Promise<ReadonlyMap<string, FollowJobRunsStorage>>
  /** Notifies when a profile was opened: `openSources` returns more. */
  readonly profileNotifier: ChangeNotifier
}

/** A notifier, and its version before the data was read. */
interface Watch {
  readonly notifier: ChangeNotifier
  readonly version: number
}

/**
 * Yields every running job run, then each run when it starts or ends. Includes the runs of one job, or of all jobs if
 * `jobId` is null. Never ends by itself.
 */
export function followJobRuns(
  { listProfileNames, openSources, profileNotifier }: FollowJobRunsOptions,
  jobId: string | null,
): AsyncIterableIterator<JobRunRecord> {
  return createAbortOnReturnIterator((signal) => readRuns(signal))

  async function* readRuns(signal: AbortSignal): AsyncGenerator<JobRunRecord, void, void> {
    // Keyed by store, not by name: a profile that is deleted and created again is read from its first run.
    const cursors = new WeakMap<JobStore, number>()
    // A profile that exists now may be opened only later. Its history up to then is not new.
    const unopenedNames = new Set(await listProfileNames())
    while (!signal.aborted) {
      const watches = [watch(profileNotifier)]
      let hasNewRuns = false
      for (const [name, { jobs, changes }] of await openSources()) {
        if (changes.jobRuns.isClosed) continue // as the profile is
        watches.push(watch(changes.jobRuns))
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
      if (!hasNewRuns) await waitForAny(watches, signal)
    }
  }
}

function watch(notifier: ChangeNotifier): Watch {
  return { notifier, version: notifier.version }
}

/** Resolves when one of the notifiers has a newer version or is closed, or the signal aborts. */
async function waitForAny(watches: readonly Watch[], signal: AbortSignal): Promise<void> {
  const finished = new AbortController()
  const eitherSignal = AbortSignal.any([signal, finished.signal])
  await Promise.race(watches.map(({ notifier, version }) => notifier.wait(version, eitherSignal)))
  finished.abort()
}
