import type { PageRequest } from '../lib/pagination.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { ForeignJobReader } from '../storage/job-store.ts'
import { HermesJobRunFeed } from './hermes-job-run-feed.ts'
import type { HermesJobSource } from './hermes-job-source.ts'

/** The scheduled jobs of a Hermes agent. They are read-only. */
export class HermesJobReader implements ForeignJobReader {
  readonly origin = 'HERMES'
  readonly runChanges: HermesJobRunFeed
  readonly source: HermesJobSource

  constructor(source: HermesJobSource) {
    this.source = source
    this.runChanges = new HermesJobRunFeed(source)
  }

  listJobs(): Promise<JobRecord[]> {
    return this.source.listJobs()
  }

  findJob(id: string): Promise<JobRecord | null> {
    return this.source.findJob(id)
  }

  listRuns(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    return this.source.listRuns(jobId, page)
  }

  findRun(id: string): Promise<JobRunRecord | null> {
    return this.source.findRun(id)
  }
}
