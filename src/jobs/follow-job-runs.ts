import { createAbortOnReturnIterator } from '../lib/async/abort-on-return-iterator.ts'
import type { JobRunRecord } from '../model/job.ts'
import type { ChangeNotifier } from '../storage/change-notifier.ts'
import { type ChangedRecord, type ChangeFeed, followChanges } from '../storage/follow-changes.ts'
import type { ChangedJobRun, JobStore } from '../storage/job-store.ts'

const pageSize = 100 // runs
const maxFinishedRuns = 1000

export interface FollowJobRunsOptions {
  readonly store: Pick<JobStore, 'loadLatestChangeSeq' | 'listRunningRuns' | 'listFinishedRuns' | 'listChangedRuns'>
  /** Notifies when a run begins or ends. */
  readonly notifier: ChangeNotifier
  /** Null for the runs of all jobs. */
  readonly jobId: string | null
  /** In epoch milliseconds. */
  readonly finishedAfter: number
}

/**
 * Every run that is in progress, then the newest 1,000 of those that finished after `finishedAfter`, oldest first, then each
 * run that begins or ends. Ends when the profile closes.
 */
export function followJobRuns(options: FollowJobRunsOptions): AsyncIterableIterator<JobRunRecord> {
  const feed = createFeed(options)
  return createAbortOnReturnIterator((signal) => followChanges(feed, signal))
}

function createFeed({ store, notifier, jobId, finishedAfter }: FollowJobRunsOptions): ChangeFeed<JobRunRecord> {
  return {
    notifier,
    loadLatestChangeSeq: () => store.loadLatestChangeSeq(),
    async *listOpen() {
      const runs = await store.listRunningRuns()
      yield* runs.filter(({ run }) => jobId === null || run.jobId === jobId).map(toRecord)
    },
    listSettled: async () =>
      (await store.listFinishedRuns({ finishedAfter, jobId, limit: maxFinishedRuns })).map(toRecord),
    listChanged: async (after) => (await store.listChangedRuns({ after, jobId, limit: pageSize })).map(toRecord),
  }
}

function toRecord({ changeSeq, run }: ChangedJobRun): ChangedRecord<JobRunRecord> {
  return { changeSeq, record: run }
}
