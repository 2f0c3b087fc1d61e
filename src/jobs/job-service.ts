import { serverTimeZone } from '../lib/time-zone.ts'
import { notFound, SegueError } from '../lib/errors.ts'
import { kindOfId } from '../lib/ids.ts'
import type { JobRecord, JobRunRecord, OwnJob } from '../model/job.ts'
import { JobConflict, type JobSource } from '../storage/job-store.ts'
import type { PageRequest } from '../storage/session-reader.ts'
import { realEnvironment } from './job-clock.ts'
import type { JobInput, JobPatch } from './job-input.ts'
import { changedJob, newJob } from './job-state.ts'
import { type RunByHand, Scheduler, type SchedulerOptions } from './scheduler.ts'

export interface JobsOptions extends SchedulerOptions {
  readonly profile: string
  /** The jobs of its Hermes agent; null when Hermes is turned off. */
  readonly hermes: JobSource | null
  /** The zone of jobs that name none: the server's own, for who writes "at nine" means the clock beside him. */
  readonly timezone?: string
}

/** The jobs of a profile, of both origins; those of Hermes can only be read. */
export class Jobs {
  readonly #options: JobsOptions
  readonly #now: () => number
  readonly #scheduler: Scheduler

  constructor(options: JobsOptions) {
    this.#options = options
    this.#now = (options.env ?? realEnvironment).now
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
    return [...(await store.jobs()), ...((await hermes?.jobs()) ?? [])]
  }

  async find(id: string): Promise<JobRecord | null> {
    if (kindOfId(id) === 'job') return this.#options.store.job(id)
    return (await this.#options.hermes?.job(id)) ?? null
  }

  async findRun(id: string): Promise<JobRunRecord | null> {
    if (kindOfId(id) === 'jobRun') return this.#options.store.run(id)
    return (await this.#options.hermes?.run(id)) ?? null
  }

  /** A page of a job's runs, the newest first. */
  async runPage(job: JobRecord, page: PageRequest<number>): Promise<readonly JobRunRecord[]> {
    const keeper = job.origin === 'SEGUE' ? this.#options.store : this.#options.hermes
    return (await keeper?.runPage(job.id, page)) ?? []
  }

  async lastRun(job: JobRecord): Promise<JobRunRecord | null> {
    const [run] = await this.runPage(job, { after: null, before: null, limit: 1, backwards: false })
    return run ?? null
  }

  /** Throws BAD_USER_INPUT and TOO_LARGE. */
  async create(input: Omit<JobInput, 'timezone'> & { readonly timezone: string | null }): Promise<OwnJob> {
    const { store, profile, env = realEnvironment } = this.#options
    const timezone = input.timezone ?? this.#options.timezone ?? serverTimeZone()
    const job = newJob({ ...input, timezone }, { id: env.newId('job'), profile, now: this.#now() })
    await store.commit({ job })
    this.#scheduler.wake()
    return job
  }

  /** Throws NOT_FOUND, JOB_READ_ONLY, BAD_USER_INPUT and TOO_LARGE. */
  async update(id: string, patch: JobPatch): Promise<OwnJob> {
    for (;;) {
      const job = changedJob(await this.#own(id), patch, this.#now())
      try {
        await this.#options.store.commit({ job })
      } catch (error) {
        if (error instanceof JobConflict) continue
        throw error
      }
      this.#scheduler.wake()
      return job
    }
  }

  /** Removes a job and the records of its runs. A run that is under way goes on, and so do all sessions. Throws NOT_FOUND and JOB_READ_ONLY. */
  async delete(id: string): Promise<void> {
    await this.#own(id)
    await this.#options.store.delete(id)
  }

  /** Runs a job now, unless it runs already. Throws NOT_FOUND, JOB_READ_ONLY and SHUTTING_DOWN. */
  async runNow(id: string): Promise<RunByHand> {
    await this.#own(id)
    return this.#scheduler.runNow(id)
  }

  async #own(id: string): Promise<OwnJob> {
    const job = await this.#options.store.job(id)
    if (job) return job
    if (await this.find(id)) throw new SegueError('JOB_READ_ONLY', 'Jobs of Hermes are only read. Change it in Hermes.')
    throw notFound('job', id)
  }
}
