import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { JobReader } from '../storage/job-store.ts'
import type { PageRequest } from '../lib/pagination.ts'
import { ProfileIdNamespace } from '../profiles/profile-id-namespace.ts'

/** A job reader whose ids carry the namespace of a profile. */
export class NamespacedHermesJobReader implements JobReader {
  readonly #source: JobReader
  readonly #namespace: ProfileIdNamespace

  constructor(source: JobReader, profile: string) {
    this.#source = source
    this.#namespace = new ProfileIdNamespace(profile)
  }

  get origin(): JobReader['origin'] {
    return this.#source.origin
  }

  async listJobs(): Promise<JobRecord[]> {
    return (await this.#source.listJobs()).map((job) => this.#qualifyJob(job))
  }

  async findJob(id: string): Promise<JobRecord | null> {
    const localId = this.#namespace.unqualify(id)
    const job = localId === null ? null : await this.#source.findJob(localId)
    return job && this.#qualifyJob(job)
  }

  async listRuns(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    const localId = this.#namespace.unqualify(jobId)
    return localId === null ? [] : (await this.#source.listRuns(localId, page)).map((run) => this.#qualifyRun(run))
  }

  async findRun(id: string): Promise<JobRunRecord | null> {
    const localId = this.#namespace.unqualify(id)
    const run = localId === null ? null : await this.#source.findRun(localId)
    return run && this.#qualifyRun(run)
  }

  #qualifyJob(job: JobRecord): JobRecord {
    return { ...job, id: this.#namespace.qualify(job.id) }
  }

  #qualifyRun(run: JobRunRecord): JobRunRecord {
    return {
      ...run,
      id: this.#namespace.qualify(run.id),
      jobId: this.#namespace.qualify(run.jobId),
      sessionId: run.sessionId === null ? null : this.#namespace.qualify(run.sessionId),
    }
  }
}
