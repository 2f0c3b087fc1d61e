import type { BirpcReturn } from 'birpc'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { JobSource } from '../storage/job-store.ts'
import type { PageRequest } from '../storage/session-reader.ts'
import type { HermesReader } from './hermes-reader.ts'
import type { WorkerEvents } from './hermes-worker.ts'

/** Asks the thread that reads Hermes; what it cannot answer is empty. */
export type AskHermes = <T>(
  empty: T,
  question: (reader: BirpcReturn<HermesReader, WorkerEvents>) => Promise<T>,
) => Promise<T>

/** The scheduled jobs of a Hermes home, which are only ever read. */
export class HermesJobs implements JobSource {
  readonly origin = 'HERMES'
  readonly #ask: AskHermes

  constructor(ask: AskHermes) {
    this.#ask = ask
  }

  jobs(): Promise<JobRecord[]> {
    return this.#ask([], (reader) => reader.jobs())
  }

  job(id: string): Promise<JobRecord | null> {
    return this.#ask(null, (reader) => reader.job(id))
  }

  runPage(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    return this.#ask([], (reader) => reader.jobRunPage(jobId, page))
  }

  run(id: string): Promise<JobRunRecord | null> {
    return this.#ask(null, (reader) => reader.jobRun(id))
  }
}
