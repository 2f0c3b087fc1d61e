import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { JobSource } from '../storage/job-store.ts'
import type { PageRequest } from '../storage/session-reader.ts'
import { IdPrefix } from './namespaced-session-reader.ts'

/** The jobs of another source under ids that tell them from those of any other profile. */
export class PrefixedJobs implements JobSource {
  readonly #source: JobSource
  readonly #ids: IdPrefix

  constructor(source: JobSource, prefix: string) {
    this.#source = source
    this.#ids = new IdPrefix(prefix)
  }

  get origin(): JobSource['origin'] {
    return this.#source.origin
  }

  async jobs(): Promise<JobRecord[]> {
    return (await this.#source.jobs()).map((job) => this.#job(job))
  }

  async job(id: string): Promise<JobRecord | null> {
    const own = this.#ids.strip(id)
    const job = own === null ? null : await this.#source.job(own)
    return job && this.#job(job)
  }

  async runPage(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    const own = this.#ids.strip(jobId)
    return own === null ? [] : (await this.#source.runPage(own, page)).map((run) => this.#run(run))
  }

  async run(id: string): Promise<JobRunRecord | null> {
    const own = this.#ids.strip(id)
    const run = own === null ? null : await this.#source.run(own)
    return run && this.#run(run)
  }

  #job(job: JobRecord): JobRecord {
    return { ...job, id: this.#ids.add(job.id) }
  }

  #run(run: JobRunRecord): JobRunRecord {
    return {
      ...run,
      id: this.#ids.add(run.id),
      jobId: this.#ids.add(run.jobId),
      sessionId: run.sessionId === null ? null : this.#ids.add(run.sessionId),
    }
  }
}
