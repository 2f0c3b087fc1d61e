import { cutList } from '../lib/lists/cut-list.ts'
import { disposeAtIteratorEnd } from '../lib/async/iterables/dispose-at-iterator-end.ts'
import { createIdNotFoundError, SegueError } from '../lib/errors.ts'
import { parseIdKind } from '../lib/ids.ts'
import type { PageRequest } from '../lib/pagination.ts'
import { type ClockAndIds, systemClockAndIds } from '../lib/clock-and-ids.ts'
import { detectServerTimeZone } from '../lib/time-zone.ts'
import type { JobRecord, JobRunRecord, SegueJob } from '../model/job.ts'
import { type IdempotencyKey, createCompletedIdempotencyKeyRecord } from '../storage/idempotency-key.ts'
import type { ForeignJobReader, JobStore } from '../storage/job-store.ts'
import type { ChangeNotifier } from '../storage/change-notifier.ts'
import { followJobRuns } from './follow-job-runs.ts'
import type { JobInput, JobPatchRequest } from './job-input.ts'
import { newSegueJob, applyJobPatch } from './job-state.ts'
import type { RunJobNowResult, Scheduler } from './scheduler.ts'
import { JobLimitError, JobRevisionConflictError } from '../storage/errors.ts'

export interface JobServiceOptions {
  readonly profile: string
  readonly store: JobStore
  /** Notifies when a run begins or ends. */
  readonly notifier: ChangeNotifier
  readonly scheduler: Scheduler
  /** The jobs of the profile's Hermes agent; null when Hermes is disabled. */
  readonly hermes: ForeignJobReader | null
  readonly runtime?: ClockAndIds
  /** The time zone of jobs that name none. By default, the time zone of the server. */
  readonly timezone?: string
}

/** The time zone is null for the one of the server. */
type NewJobInput = Omit<JobInput, 'timezone'> & { readonly timezone: string | null }

const defaultFinishedSpanMs = 3_600_000 // an hour

/** In one profile. */
const maxJobs = 1000

const maxListedJobs = 1000

/** The jobs of a profile, of both origins. Jobs of Hermes are read-only. */
export class JobService {
  readonly #options: JobServiceOptions
  readonly #runtime: ClockAndIds

  constructor(options: JobServiceOptions) {
    this.#options = options
    this.#runtime = options.runtime ?? systemClockAndIds
  }

  /** The first 1,000 jobs: those of Segue, then those of Hermes, the oldest first in each. */
  async list(): Promise<readonly JobRecord[]> {
    const { store, hermes } = this.#options
    return cutList([...(await store.listJobs()), ...((await hermes?.listJobs()) ?? [])], maxListedJobs)
  }

  /** The number of jobs that `list` returns. */
  async count(): Promise<number> {
    const { store, hermes } = this.#options
    return Math.min((await store.countJobs()) + ((await hermes?.listJobs()) ?? []).length, maxListedJobs)
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

  /** The runs of one job, or of all if `jobId` is null. `finishedAfter` null: an hour ago. See `followJobRuns`. */
  followRuns(jobId: string | null, finishedAfter: number | null): AsyncIterableIterator<JobRunRecord> {
    const { store, notifier, hermes } = this.#options
    const isOfSegue = jobId === null || parseIdKind(jobId) === 'job'
    const hermesRuns = jobId === null || !isOfSegue ? (hermes?.runChanges ?? null) : null
    const runs = followJobRuns({
      sources: [...(isOfSegue ? [store] : []), ...(hermesRuns ? [hermesRuns] : [])],
      notifier,
      findRun: (id) => this.findRun(id),
      jobId,
      finishedAfter: finishedAfter ?? this.#runtime.now() - defaultFinishedSpanMs,
    })
    return hermesRuns
      ? disposeAtIteratorEnd(
          runs,
          hermesRuns.watch(() => notifier.notify()),
        )
      : runs
  }

  /** Throws BAD_USER_INPUT, TOO_LARGE and SHUTTING_DOWN. */
  create(input: NewJobInput, idempotencyKey: IdempotencyKey | null = null): Promise<SegueJob> {
    return this.#options.scheduler.change(() => this.#create(input, idempotencyKey))
  }

  /** Throws NOT_FOUND, JOB_READ_ONLY, BAD_USER_INPUT, TOO_LARGE and SHUTTING_DOWN. */
  update(id: string, patch: JobPatchRequest, idempotencyKey: IdempotencyKey | null = null): Promise<SegueJob> {
    return this.#options.scheduler.change(() => this.#update(id, patch, idempotencyKey))
  }

  /**
   * Deletes a job and the records of its runs. An active run continues, and all sessions stay. Throws NOT_FOUND,
   * JOB_READ_ONLY and SHUTTING_DOWN.
   */
  delete(id: string, idempotencyKey: IdempotencyKey | null = null): Promise<void> {
    return this.#options.scheduler.change(async () => {
      await this.#requireWritable(id)
      const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey)
      // Another process may have been faster.
      if (!(await this.#options.store.delete(id, key))) throw createIdNotFoundError('job', id)
    })
  }

  /**
   * Runs a job now, or returns its active run. The key is stored only with a run that this call starts. Throws NOT_FOUND,
   * JOB_READ_ONLY and SHUTTING_DOWN.
   */
  async runNow(id: string, idempotencyKey: IdempotencyKey | null = null): Promise<RunJobNowResult> {
    await this.#requireWritable(id)
    return this.#options.scheduler.runNow(id, idempotencyKey)
  }

  async #create(input: NewJobInput, idempotencyKey: IdempotencyKey | null): Promise<SegueJob> {
    const { store, scheduler, profile } = this.#options
    const timezone = input.timezone ?? this.#defaultTimezone
    const id = this.#runtime.newId('job')
    const job = newSegueJob({ ...input, timezone }, { id, profile, now: this.#runtime.now() })
    const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: id })
    await store.commit({ job, idempotencyKey: key, maxJobs }).catch((error: unknown) => {
      if (!(error instanceof JobLimitError)) throw error
      throw new SegueError('TOO_LARGE', `The profile has ${maxJobs} jobs, the maximum. Delete one first.`)
    })
    scheduler.requestPoll()
    return job
  }

  async #update(
    id: string,
    { timezone, ...others }: JobPatchRequest,
    idempotencyKey: IdempotencyKey | null,
  ): Promise<SegueJob> {
    const patch = { ...others, ...(timezone !== undefined && { timezone: timezone ?? this.#defaultTimezone }) }
    const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey)
    for (;;) {
      const job = applyJobPatch(await this.#requireWritable(id), patch, this.#runtime.now())
      try {
        await this.#options.store.commit({ job, idempotencyKey: key })
      } catch (error) {
        if (error instanceof JobRevisionConflictError) continue
        throw error
      }
      this.#options.scheduler.requestPoll()
      return job
    }
  }

  get #defaultTimezone(): string {
    return this.#options.timezone ?? detectServerTimeZone()
  }

  async #requireWritable(id: string): Promise<SegueJob> {
    const job = await this.#options.store.findJob(id)
    if (job) return job
    if (await this.find(id)) {
      throw new SegueError('JOB_READ_ONLY', 'The job belongs to Hermes and is read-only. Change it in Hermes.')
    }
    throw createIdNotFoundError('job', id)
  }
}
