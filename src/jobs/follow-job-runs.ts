import { createAbortOnReturnIterator } from '../lib/async/iterables/abort-on-return-iterator.ts'
import type { JobRunRecord, JobRunStatus } from '../model/job.ts'
import type { ChangeNotifier } from '../storage/change-notifier.ts'
import { type ChangedRecord, type ChangeFeed, type ChangeSource, followChanges } from '../storage/follow-changes.ts'
import type { ChangedJobRun, JobRunChanges } from '../storage/job-store.ts'

const pageSize = 100 // runs
const maxFinishedRuns = 1000

export interface FollowJobRunsOptions {
  /** The origins of the runs. */
  readonly sources: readonly JobRunChanges[]
  /** Notifies when a run begins or ends, of whichever origin. */
  readonly notifier: ChangeNotifier
  readonly findRun: (id: string) => Promise<JobRunRecord | null>
  /** Null for the runs of all jobs. */
  readonly jobId: string | null
  /** In epoch milliseconds. */
  readonly finishedAfter: number
}

/**
 * Every run that is in progress, then the newest 1,000 of those that finished after `finishedAfter`, oldest first, then each
 * run that begins or ends, never twice in the same status. Ends when the profile closes.
 */
export function followJobRuns(options: FollowJobRunsOptions): AsyncIterableIterator<JobRunRecord> {
  const { sources, notifier, findRun } = options
  const feed: ChangeFeed<JobRunRecord> = {
    notifier,
    sources: sources.map((source) => createSource(source, options)),
    mergeSettled: selectNewestFinished,
  }
  return createAbortOnReturnIterator((signal) => readCurrentRuns(followChanges(feed, signal), findRun))
}

function createSource(
  source: JobRunChanges,
  { jobId, finishedAfter }: FollowJobRunsOptions,
): ChangeSource<JobRunRecord> {
  const first = {
    running: new FirstJobRuns(async () => {
      const runs = await source.listRunningRuns()
      return runs && runs.filter(({ run }) => jobId === null || run.jobId === jobId)
    }),
    finished: new FirstJobRuns(() => source.listFinishedRuns({ finishedAfter, jobId, limit: maxFinishedRuns })),
  }
  return {
    loadLatestChangeSeq: () => source.loadLatestChangeSeq(),
    async *listOpen() {
      yield* await first.running.read()
    },
    listSettled: () => first.finished.read(),
    listChanged: async (after) => {
      const late = [...(await first.running.readLate(after)), ...(await first.finished.readLate(after))]
      return late.length > 0 ? late : (await source.listChangedRuns({ after, jobId, limit: pageSize })).map(toRecord)
    },
  }
}

/** The runs that a source has at first. If they cannot be read then, they are read later. */
class FirstJobRuns {
  readonly #list: () => Promise<readonly ChangedJobRun[] | null>
  #isMissing = false

  constructor(list: () => Promise<readonly ChangedJobRun[] | null>) {
    this.#list = list
  }

  async read(): Promise<ChangedRecord<JobRunRecord>[]> {
    const runs = await this.#list()
    this.#isMissing = runs === null
    return (runs ?? []).map(toRecord)
  }

  /** What could not be read before, as of the change `after`: what has changed since comes with the changes. */
  async readLate(after: number): Promise<ChangedRecord<JobRunRecord>[]> {
    if (!this.#isMissing) return []
    const records = await this.read()
    return records.filter(({ changeSeq }) => changeSeq <= after).map(({ record }) => ({ changeSeq: after, record }))
  }
}

/** The newest of all origins, oldest first. When a run ended whose process died is unknown: its start counts. */
function selectNewestFinished(runs: readonly JobRunRecord[]): readonly JobRunRecord[] {
  const getTime = ({ finishedAt, startedAt }: JobRunRecord): number => finishedAt ?? startedAt
  return runs.toSorted((a, b) => getTime(a) - getTime(b)).slice(-maxFinishedRuns)
}

/** Reads a run that is in progress again: it may have ended since. Its end is not delivered again then. */
async function* readCurrentRuns(
  runs: AsyncIterable<JobRunRecord>,
  findRun: FollowJobRunsOptions['findRun'],
): AsyncGenerator<JobRunRecord, void, void> {
  const earlyStatuses = new Map<string, JobRunStatus>()
  for await (const run of runs) {
    const current = run.finishedAt === null ? ((await findRun(run.id)) ?? run) : run
    const isRepeated = earlyStatuses.get(run.id) === current.status
    if (current.status === run.status) earlyStatuses.delete(run.id)
    else earlyStatuses.set(run.id, current.status)
    if (!isRepeated) yield current
  }
}

function toRecord({ changeSeq, run }: ChangedJobRun): ChangedRecord<JobRunRecord> {
  return { changeSeq, record: run }
}
