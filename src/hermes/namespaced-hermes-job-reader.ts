import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { ChangedJobRun, ForeignJobReader, WatchableJobRunChanges } from '../storage/job-store.ts'
import type { PageRequest } from '../lib/pagination.ts'
import { ProfileIdNamespace } from '../profiles/profile-id-namespace.ts'

/** A job reader whose ids carry the namespace of a profile. */
export class NamespacedHermesJobReader implements ForeignJobReader {
  readonly #source: ForeignJobReader
  readonly #namespace: ProfileIdNamespace

  constructor(source: ForeignJobReader, profile: string) {
    this.#source = source
    this.#namespace = new ProfileIdNamespace(profile)
  }

  get origin(): ForeignJobReader['origin'] {
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

  get runChanges(): WatchableJobRunChanges {
    const { runChanges } = this.#source
    const unqualify = (jobId: string | null): string | null => jobId && (this.#namespace.unqualify(jobId) ?? '')
    const qualify = (changes: readonly ChangedJobRun[]): ChangedJobRun[] =>
      changes.map(({ changeSeq, run }) => ({ changeSeq, run: this.#qualifyRun(run) }))
    const qualifyFound = (found: readonly ChangedJobRun[] | null): ChangedJobRun[] | null => found && qualify(found)
    return {
      watch: (onChange) => runChanges.watch(onChange),
      loadLatestChangeSeq: () => runChanges.loadLatestChangeSeq(),
      listRunningRuns: async () => qualifyFound(await runChanges.listRunningRuns()),
      listChangedRuns: async ({ jobId, ...range }) =>
        qualify(await runChanges.listChangedRuns({ ...range, jobId: unqualify(jobId) })),
      listFinishedRuns: async ({ jobId, ...query }) =>
        qualifyFound(await runChanges.listFinishedRuns({ ...query, jobId: unqualify(jobId) })),
    }
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
