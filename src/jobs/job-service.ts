import { detectServerTimeZone } from '../lib/time-zone.ts'
import { notFound, SegueError } from '../lib/errors.ts'
import { parseIdKind } from '../lib/ids.ts'
import type { JobRecord, JobRunRecord, SegueJob } from '../model/job.ts'
import { RevisionConflictError, type JobReader } from '../storage/job-store.ts'
import type { PageRequest } from '../lib/pagination.ts'
import { systemRuntime } from '../lib/runtime.ts'
import type { JobInput, JobPatch } from './job-input.ts'
import { updateJob, createJob } from './job-state.ts'
import { type ManualRun, Scheduler, type SchedulerOptions } from './scheduler.ts'

export interface JobServiceOptions extends SchedulerOptions {
  readonly profile: string
  /** The jobs of its Hermes agent; null when Hermes is turned off. */
  readonly hermes: JobReader | null
  /** The zone of jobs that name none: the server's own, for who writes "at nine" means the clock beside him. */
  readonly timezone?: string
}

/** The jobs of a profile, of both origins; those of Hermes can only be read. */
export class JobService {
  readonly #options: JobServiceOptions
  readonly #now: () => number
  readonly #scheduler: Scheduler

  constructor(options: JobServiceOptions) {
    this.#options = options
    this.#now = (options.runtime ?? systemRuntime).now
    this.#scheduler = new Scheduler(options)
  }

  /** Ends what an earlier process left behind, and begins to wait for due times. Returns how many runs were ended. */
  start(): Promise<number> {
    return this.#scheduler.start()
  }

  /** Begins nothing more. Returns when the runs that are under way have ended: whoever makes them has to end them. */
  close(): Promise<void> {
    return this.#scheduler.close()
  }

  /** All jobs, the oldest first; those that are kept here come before those of Hermes. */
  async list(): Promise<JobRecord[]> {
    const { store, hermes } = this.#options
    return [...(await store.listJobs()), ...((await hermes?.listJobs()) ?? [])]
  }

  async find(id: string): Promise<JobRecord | null> {
    if (parseIdKind(id) === 'job') return this.#options.store.findJob(id)
    return (await this.#options.hermes?.findJob(id)) ?? null
  }

  async findRun(id: string): Promise<JobRunRecord | null> {
    if (parseIdKind(id) === 'jobRun') return this.#options.store.findRun(id)
    return (await this.#options.hermes?.findRun(id)) ?? null
  }

  /** A page of a job's runs, the newest first. */
  async runPage(job: JobRecord, page: PageRequest<number>): Promise<readonly JobRunRecord[]> {
    const reader = job.origin === 'SEGUE' ? this.#options.store : this.#options.hermes
    return (await reader?.listRuns(job.id, page)) ?? []
  }

  async lastRun(job: JobRecord): Promise<JobRunRecord | null> {
    const [run] = await this.runPage(job, { after: null, before: null, limit: 1, backwards: false })
    return run ?? null
  }

  /** Throws BAD_USER_INPUT and TOO_LARGE. */
  async create(input: Omit<JobInput, 'timezone'> & { readonly timezone: string | null }): Promise<SegueJob> {
    const { store, profile, runtime = systemRuntime } = this.#options
    const timezone = input.timezone ?? this.#options.timezone ?? detectServerTimeZone()
    const job = createJob({ ...input, timezone }, { id: runtime.newId('job'), profile, now: this.#now() })
    await store.commit({ job })
    this.#scheduler.requestPoll()
    return job
  }

  /** Throws NOT_FOUND, JOB_READ_ONLY, BAD_USER_INPUT and TOO_LARGE. */
  async update(id: string, patch: JobPatch): Promise<SegueJob> {
    for (;;) {
      const job = updateJob(await this.#requireWritable(id), patch, this.#now())
      try {
        await this.#options.store.commit({ job })
      } catch (error) {
        if (error instanceof RevisionConflictError) continue
        throw error
      }
      this.#scheduler.requestPoll()
      return job
    }
  }

  /** Removes a job and the records of its runs. A run that is under way goes on, and so do all sessions. Throws NOT_FOUND and JOB_READ_ONLY. */
  async delete(id: string): Promise<void> {
    await this.#requireWritable(id)
    await this.#options.store.delete(id)
  }

  /** Runs a job now, unless it runs already. Throws NOT_FOUND, JOB_READ_ONLY and SHUTTING_DOWN. */
  async runNow(id: string): Promise<ManualRun> {
    await this.#requireWritable(id)
    return this.#scheduler.runNow(id)
  }

  async #requireWritable(id: string): Promise<SegueJob> {
    const job = await this.#options.store.findJob(id)
    if (job) return job
    if (await this.find(id)) throw new SegueError('JOB_READ_ONLY', 'Jobs of Hermes are only read. Change it in Hermes.')
    throw notFound('job', id)
  }
}
