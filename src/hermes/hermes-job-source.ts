import type { BirpcReturn } from 'birpc'
import type { PageRequest } from '../lib/pagination.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { HermesJobRunReader } from './hermes-job-run-feed.ts'
import type { HermesReader } from './hermes-reader.ts'
import type { HermesWorkerEvents } from './hermes-worker.ts'

export type HermesWorkerFunctions = BirpcReturn<HermesReader, HermesWorkerEvents>

/** Calls the worker that reads Hermes. Resolves to `empty` if the worker cannot answer. */
export type CallHermesWorker = <T>(empty: T, invoke: (reader: HermesWorkerFunctions) => Promise<T>) => Promise<T>

/** Where the jobs of a Hermes agent are read: see `HermesCronReader`. */
export interface HermesJobSource extends HermesJobRunReader {
  listJobs(): Promise<JobRecord[]>
  findJob(id: string): Promise<JobRecord | null>
  listRuns(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]>
  findRun(id: string): Promise<JobRunRecord | null>
}

/** Reads them in the worker. */
export function createHermesJobSource(call: CallHermesWorker): HermesJobSource {
  return {
    listJobs: () => call<JobRecord[]>([], (reader) => reader.listJobs()),
    findJob: (id) => call<JobRecord | null>(null, (reader) => reader.findJob(id)),
    listRuns: (jobId, page) => call<JobRunRecord[]>([], (reader) => reader.listRuns(jobId, page)),
    findRun: (id) => call<JobRunRecord | null>(null, (reader) => reader.findRun(id)),
    scanRuns: (version) =>
      call<Awaited<ReturnType<HermesJobSource['scanRuns']>>>(null, (reader) => reader.scanRuns(version)),
    findRuns: (ids) => call<Awaited<ReturnType<HermesJobSource['findRuns']>>>(null, (reader) => reader.findRuns(ids)),
    listFinishedRuns: (query) =>
      call<Awaited<ReturnType<HermesJobSource['listFinishedRuns']>>>(null, (reader) => reader.listFinishedRuns(query)),
  }
}
