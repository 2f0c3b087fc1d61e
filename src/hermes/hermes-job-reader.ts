import type { BirpcReturn } from 'birpc'
import type { PageRequest } from '../lib/pagination.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { ForeignJobReader } from '../storage/job-store.ts'
import type { FoundHermesJobRuns } from './cron/hermes-cron-reader.ts'
import { HermesJobRunFeed, type HermesJobRunReader } from './hermes-job-run-feed.ts'
import type { HermesReader } from './hermes-reader.ts'
import type { HermesWorkerEvents } from './hermes-worker.ts'

/** Calls the worker that reads Hermes. Resolves to `empty` if the worker cannot answer. */
export type CallHermesWorker = <T>(
  empty: T,
  invoke: (reader: BirpcReturn<HermesReader, HermesWorkerEvents>) => Promise<T>,
) => Promise<T>

/** The scheduled jobs of a Hermes agent. They are read-only. */
export class HermesJobReader implements ForeignJobReader {
  readonly origin = 'HERMES'
  readonly runChanges = new HermesJobRunFeed({
    scanRuns: (version) =>
      this.#call<Awaited<ReturnType<HermesJobRunReader['scanRuns']>>>(null, (reader) => reader.scanRuns(version)),
    findRuns: (ids) => this.#call<FoundHermesJobRuns | null>(null, (reader) => reader.findRuns(ids)),
    listFinishedRuns: (query) =>
      this.#call<FoundHermesJobRuns | null>(null, (reader) => reader.listFinishedRuns(query)),
  })
  readonly #call: CallHermesWorker

  constructor(call: CallHermesWorker) {
    this.#call = call
  }

  listJobs(): Promise<JobRecord[]> {
    return this.#call([], (reader) => reader.listJobs())
  }

  findJob(id: string): Promise<JobRecord | null> {
    return this.#call(null, (reader) => reader.findJob(id))
  }

  listRuns(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    return this.#call([], (reader) => reader.listRuns(jobId, page))
  }

  findRun(id: string): Promise<JobRunRecord | null> {
    return this.#call(null, (reader) => reader.findRun(id))
  }
}
