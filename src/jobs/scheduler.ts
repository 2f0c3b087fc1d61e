import { notFound, SegueError, shuttingDown } from '../lib/errors.ts'
import type { JobRunRecord, SegueJob } from '../model/job.ts'
import { RevisionConflictError, type JobStore, type JobCommit } from '../storage/job-store.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import {
  startManualRun,
  startDueRun,
  type StartedRun,
  findDueTimes,
  finishRun,
  interruptedOutcome,
  skipDue,
  reevaluate,
  type RunIds,
  type RunOutcome,
} from './job-state.ts'
import type { Logger } from '../lib/logger.ts'

export interface SchedulerOptions {
  readonly store: JobStore
  /** Makes a run, whose session is to have the run's `sessionId`, and tells how it ended. */
  readonly run: (job: SegueJob, run: JobRunRecord) => Promise<RunOutcome>
  readonly log: Logger
  /** A run has begun or ended: readers of `changedRuns` find more. */
  readonly onChange?: () => void
  readonly runtime?: Runtime
  /** How long the wall clock goes unwatched at most, in milliseconds. */
  readonly maxPollIntervalMs?: number
}

/** A run that was asked for by hand. */
export interface ManualRun {
  readonly run: JobRunRecord
  /** It was under way before, whoever began it. */
  readonly alreadyRunning: boolean
}

const defaultMaxPollIntervalMs = 30_000 // milliseconds: a machine that slept, or a clock that was put forward, is noticed after that
const retryDelayMs = 1_000 // milliseconds, when the database cannot be written
const millisPerDay = 86_400_000 // milliseconds

/**
 * The clockwork of a profile's jobs: one timer, for the soonest due time. Whatever it does is committed first, and what
 * it knows it reads from the database each time, so that it can be ended at any moment and started again.
 */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #runtime: Runtime
  /** What `close` waits for. */
  readonly #inFlight = new Set<Promise<unknown>>()
  #polls: Promise<void> = Promise.resolve()
  #cancelTimer: () => void = () => undefined
  #lastPolledAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#runtime = options.runtime ?? systemRuntime
  }

  /** Ends the runs that an earlier process left behind, and begins to wait. Returns how many were ended. */
  async start(): Promise<number> {
    const orphans = await this.#options.store.listRunningRuns()
    for (const run of orphans) await this.#finishRun(run, interruptedOutcome, this.#runtime.now())
    await this.#reevaluateAll()
    this.requestPoll()
    return orphans.length
  }

  /** Looks at what is due now; to be called when a job was made or changed. */
  requestPoll(): void {
    this.#polls = this.#polls.then(() => this.#poll())
  }

  /**
   * Runs a job now, in the same way as when it is due. One that runs already is not run again: that run is returned.
   * Throws NOT_FOUND and SHUTTING_DOWN.
   */
  runNow(jobId: string): Promise<ManualRun> {
    return this.#track(this.#runNow(jobId))
  }

  /** Begins nothing more, and returns when all runs that are under way have ended and were recorded. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#polls
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight)
  }

  async #poll(): Promise<void> {
    this.#cancelTimer()
    if (this.#isClosed) return
    const waitMs = await this.#processAllDue().catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'Checking for due jobs failed. Retrying.')
      return retryDelayMs
    })
    if (!this.#isClosed) this.#cancelTimer = this.#runtime.setTimer(waitMs, () => this.requestPoll())
  }

  /** Settles what is due, and returns how long to wait then. */
  async #processAllDue(): Promise<number> {
    const { store } = this.#options
    const now = this.#runtime.now()
    if (now < this.#lastPolledAt - millisPerDay) await this.#reevaluateAll()
    this.#lastPolledAt = now
    let hasFailed = false
    for (const job of await store.listDueJobs(now)) {
      await this.#processDue(job, now).catch((error: unknown) => {
        hasFailed = true
        this.#options.log.error({ err: error, job: job.id }, 'A due job could not be started. Retrying.')
      })
    }
    const nextDueAt = await store.findNextDueAt()
    const maxWaitMs = hasFailed ? retryDelayMs : (this.#options.maxPollIntervalMs ?? defaultMaxPollIntervalMs)
    const minWaitMs = hasFailed ? retryDelayMs : 0
    return nextDueAt === null ? maxWaitMs : Math.min(Math.max(nextDueAt - this.#runtime.now(), minWaitMs), maxWaitMs)
  }

  async #processDue(job: SegueJob, now: number): Promise<void> {
    if (this.#isClosed) return
    const { store } = this.#options
    const due = findDueTimes(job, now)
    // Looking again at once would be looking for ever.
    if (!due) throw new Error(`its schedule does not come when it said: ${job.schedule} in ${job.timezone}`)
    const latestHasRun = await store.hasRunFor(job.id, due.latest)
    if (latestHasRun || job.runningTrigger !== null) await this.#tryCommit({ job: skipDue(job, due, latestHasRun) })
    else await this.#startRun(startDueRun(job, due, now, this.#newIds()))
  }

  async #runNow(jobId: string): Promise<ManualRun> {
    const { store } = this.#options
    for (;;) {
      if (this.#isClosed) throw shuttingDown()
      const job = await store.findJob(jobId)
      if (!job) throw notFound('job', jobId)
      const running = await store.findRunningRun(jobId)
      if (running) return { run: running, alreadyRunning: true }
      if (job.runningTrigger !== null) continue
      const started = startManualRun(job, this.#runtime.now(), this.#newIds())
      if (await this.#startRun(started)) return { run: started.run, alreadyRunning: false }
    }
  }

  /** False when somebody else was faster. */
  async #startRun(started: StartedRun): Promise<boolean> {
    if (!(await this.#tryCommit(started))) return false
    void this.#track(this.#execute(started))
    return true
  }

  async #execute({ job, run }: StartedRun): Promise<void> {
    const execution = Promise.try(() => this.#options.run(job, run))
    const outcome = await execution.catch((error: unknown) => this.#toFailedOutcome(error, run))
    const endedAt = this.#runtime.now()
    for (;;) {
      try {
        await this.#finishRun(run, outcome, endedAt)
        break
      } catch (error) {
        this.#options.log.error(
          { err: error, job: run.jobId, run: run.id },
          'The outcome of a job run could not be saved.',
        )
        // The next start will find it.
        if (this.#isClosed) return
        await new Promise<void>((resolve) => this.#runtime.setTimer(retryDelayMs, resolve))
      }
    }
    this.requestPoll()
  }

  async #finishRun(run: JobRunRecord, outcome: RunOutcome, endedAt: number): Promise<void> {
    for (;;) {
      const job = await this.#options.store.findJob(run.jobId)
      // Deleted meanwhile, its runs with it.
      if (!job || (await this.#tryCommit(finishRun({ job, run }, outcome, endedAt)))) return
    }
  }

  async #reevaluateAll(): Promise<void> {
    for (const { id } of await this.#options.store.listJobs()) {
      for (;;) {
        const job = await this.#options.store.findJob(id)
        const updated = job && reevaluate(job, this.#runtime.now())
        if (!updated || (await this.#tryCommit({ job: updated }))) break
      }
    }
  }

  /** False when the job is no longer what the step was made from. */
  async #tryCommit(write: JobCommit): Promise<boolean> {
    try {
      await this.#options.store.commit(write)
    } catch (error) {
      if (error instanceof RevisionConflictError) return false
      throw error
    }
    if (write.run) this.#options.onChange?.()
    return true
  }

  #toFailedOutcome(error: unknown, run: JobRunRecord): RunOutcome {
    if (error instanceof SegueError) return { status: 'ERROR', output: null, error: error.message }
    this.#options.log.error({ err: error, job: run.jobId, run: run.id }, 'A job run failed with an unexpected error.')
    return { status: 'ERROR', output: null, error: 'The run failed by a fault of the server.' }
  }

  #newIds(): RunIds {
    return { runId: this.#runtime.newId('jobRun'), sessionId: this.#runtime.newId('session') }
  }

  async #track<T>(promise: Promise<T>): Promise<T> {
    this.#inFlight.add(promise)
    try {
      return await promise
    } finally {
      this.#inFlight.delete(promise)
    }
  }
}
