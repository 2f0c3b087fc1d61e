import { createIdNotFoundError, SegueError, createShuttingDownError } from '../lib/errors.ts'
import { TaskTracker } from '../lib/async/task-tracker.ts'
import type { Logger } from '../lib/logger.ts'
import { type ClockAndIds, systemClockAndIds } from '../lib/clock-and-ids.ts'
import type { JobRunRecord, SegueJob } from '../model/job.ts'
import { type IdempotencyKey, createCompletedIdempotencyKeyRecord } from '../storage/idempotency-key.ts'
import { type JobCommit, type JobStore } from '../storage/job-store.ts'
import {
  findDueTimes,
  finishJobRun,
  interruptedJobRunOutcome,
  type JobRunIds,
  type JobRunOutcome,
  skipDueTimes,
  startDueRun,
  type JobRunTransition,
  startManualJobRun,
} from './job-state.ts'
import type { JobRunSlots, ReleaseJobRunSlot } from './job-run-slots.ts'
import { OrphanedRuns } from './orphaned-runs.ts'
import { JobRunLimitError } from '../storage/errors.ts'
import { logUnlessStorageProblem } from '../storage/health/log-unless-storage-problem.ts'
import { reevaluateJobs } from './reevaluate-jobs.ts'
import { tryCommit } from './try-commit.ts'

export interface JobSchedulerOptions {
  readonly store: JobStore
  /** Begins a run in a new session with the run's `sessionId`. Resolves when the session is stored. */
  readonly run: (job: SegueJob, run: JobRunRecord) => Promise<JobRunExecution>
  /** Bounds the active runs. A due run waits until a slot is free; it is not skipped. */
  readonly slots: JobRunSlots
  readonly log: Logger
  readonly runtime?: ClockAndIds
  /** The longest time between two looks at the wall clock. */
  readonly maxPollIntervalMs?: number
}

/** A run that has a session. */
export interface JobRunExecution {
  readonly outcome: Promise<JobRunOutcome>
}

/** The result of a request to run a job now. */
export interface RunJobNowResult {
  readonly run: JobRunRecord
  /** The run was active before, whether the schedule or a client started it. */
  readonly alreadyRunning: boolean
}

/** A run to start, which is committed before it begins. */
type StartedRun = JobRunTransition & Pick<JobCommit, 'idempotencyKey' | 'maxRunningRuns'>

/** Notices within this time that the machine has slept, or that the clock was set forward. */
const defaultMaxPollIntervalMs = 30_000
/** The delay before another attempt when the database cannot be written, or when other processes run as many jobs as may run. */
const retryDelayMs = 1_000
const millisPerDay = 86_400_000
/** Every attempt to start a run fails only because another change was faster, so a few are enough. */
const maxStartAttempts = 10

/**
 * Runs the jobs of a profile when they are due, with one timer for the earliest due time. It commits a change before it
 * acts on it, and reads the jobs from the store each time, so it can be stopped at any moment and started again.
 */
export class Scheduler {
  readonly #options: JobSchedulerOptions
  readonly #runtime: ClockAndIds
  /** Active runs and requests. `close` waits for them. */
  readonly #inFlight = new TaskTracker()
  readonly #activeRunIds = new Set<string>()
  readonly #orphans: OrphanedRuns
  #polls: Promise<void> = Promise.resolve()
  #cancelTimer: () => void = () => undefined
  #lastPolledAt = Number.NEGATIVE_INFINITY
  #isClosed = false
  readonly #onSlotFree = (): void => this.requestPoll()

  constructor(options: JobSchedulerOptions) {
    this.#options = options
    this.#runtime = options.runtime ?? systemClockAndIds
    this.#orphans = new OrphanedRuns({
      store: options.store,
      isActive: (id) => this.#activeRunIds.has(id),
      interrupt: (run) => this.#finishRun(run, interruptedJobRunOutcome, this.#runtime.now()),
    })
  }

  /**
   * Ends the runs that another process left active, and starts the timer. Returns how many runs it has ended. Rejects with a
   * problem of the storage; what else fails is logged, and the runs are ended later.
   */
  async start(): Promise<number> {
    const { log } = this.#options
    const endedRuns = await this.endOrphanedRuns().catch(logUnlessStorageProblem(log, 'Runs could not be ended.'))
    await this.#reevaluateAll().catch(
      logUnlessStorageProblem(log, 'The due times of jobs could not be computed again.'),
    )
    this.requestPoll()
    return endedRuns ?? 0
  }

  /**
   * Ends the runs whose process does not run any more, and those that it could not end before. Returns how many runs it has ended.
   * Rejects with the first error, after the runs without one.
   */
  async endOrphanedRuns(): Promise<number> {
    await this.#orphans.claim()
    return this.#orphans.endAll()
  }

  /** Checks for due jobs. Call it when a job was created or changed. */
  requestPoll(): void {
    this.#polls = this.#polls.then(() => this.#poll())
  }

  /**
   * Runs a job now, or returns its active run. Resolves when a run that it starts has a session, or could not begin. The key is
   * stored only with a run that this call starts. Throws NOT_FOUND and SHUTTING_DOWN.
   */
  runNow(jobId: string, idempotencyKey: IdempotencyKey | null = null): Promise<RunJobNowResult> {
    return this.#inFlight.run(() => this.#runNow(jobId, idempotencyKey))
  }

  /** Makes a change of the jobs, which `close` waits for. Throws SHUTTING_DOWN once no more runs are started. */
  async change<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw createShuttingDownError()
    return this.#inFlight.run(work)
  }

  /** Starts no more runs, and refuses changes. Runs that are active continue. */
  stopStarting(): void {
    this.#isClosed = true
    this.#cancelTimer()
    this.#options.slots.stopWaiting(this.#onSlotFree)
  }

  /** Starts no more runs. Resolves when all active runs have ended and are recorded. */
  async close(): Promise<void> {
    this.stopStarting()
    await this.#polls
    await this.#inFlight.waitUntilIdle()
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

  /** Processes the jobs that are due. Returns how long to wait until the next check. */
  async #processAllDue(): Promise<number> {
    const { store, log } = this.#options
    const now = this.#runtime.now()
    if (now < this.#lastPolledAt - millisPerDay) await this.#reevaluateAll()
    this.#lastPolledAt = now
    await this.#orphans.endAll().catch(logUnlessStorageProblem(log, 'Runs could not be ended.'))
    let mustRetry = false
    let isWaitingForSlot = false
    for (const job of await store.listDueJobs(now)) {
      const isProcessed = await this.#processDue(job, now).catch((error: unknown) => {
        mustRetry = true
        if (error instanceof JobRunLimitError) return
        log.error({ err: error, job: job.id }, 'A due job could not be started. Retrying.')
      })
      if (isProcessed === false) isWaitingForSlot = true
    }
    const maxWaitMs = mustRetry ? retryDelayMs : (this.#options.maxPollIntervalMs ?? defaultMaxPollIntervalMs)
    if (isWaitingForSlot && !this.#isClosed) {
      this.#options.slots.waitForFree(this.#onSlotFree)
      return maxWaitMs
    }
    const nextDueAt = await store.findNextDueAt()
    const minWaitMs = mustRetry ? retryDelayMs : 0
    return nextDueAt === null ? maxWaitMs : Math.min(Math.max(nextDueAt - this.#runtime.now(), minWaitMs), maxWaitMs)
  }

  /** Returns false if the job has to wait until a slot is free. Throws JobRunLimitError if other processes use all of them. */
  async #processDue(job: SegueJob, now: number): Promise<boolean> {
    if (this.#isClosed) return true
    const due = findDueTimes(job, now)
    // Without this error the next poll would find the same job at once, and so on without end.
    if (!due) throw new Error(`The schedule "${job.schedule}" in ${job.timezone} has no due time at nextRunAt.`)
    const latestHasRun = await this.#options.store.hasRunFor(job.id, due.latest)
    if (latestHasRun || job.runningTrigger !== null)
      await tryCommit(this.#options.store, { job: skipDueTimes(job, due, latestHasRun) })
    else {
      const { slots } = this.#options
      const release = slots.tryAcquire()
      if (!release) return false
      const started = startDueRun(job, due, now, this.#newIds())
      await this.#startRun({ ...started, maxRunningRuns: slots.maxConcurrent }, release)
    }
    return true
  }

  async #runNow(jobId: string, idempotencyKey: IdempotencyKey | null): Promise<RunJobNowResult> {
    for (let attempt = 1; attempt <= maxStartAttempts; attempt += 1) {
      if (this.#isClosed) throw createShuttingDownError()
      const found = await this.#options.store.findJobWithRunningRun(jobId)
      if (!found) throw createIdNotFoundError('job', jobId)
      const { job, runningRun } = found
      if (runningRun) return { run: runningRun, alreadyRunning: true }
      // Both come from one statement, so another attempt would read the same.
      if (job.runningTrigger !== null) throw new Error(`The job ${jobId} is RUNNING, but has no active run.`)
      const started = startManualJobRun(job, this.#runtime.now(), this.#newIds())
      const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: started.run.id })
      const execution = await this.#startRun({ ...started, idempotencyKey: key }, this.#options.slots.acquire())
      if (!execution) continue
      await execution.hasBegun
      return { run: started.run, alreadyRunning: false }
    }
    throw new Error(`The job ${jobId} changed during each of ${maxStartAttempts} attempts to start a run.`)
  }

  /** Returns null if the job has changed since it was read. Frees the slot when the run has ended, or has not started. */
  async #startRun(
    started: StartedRun,
    release: ReleaseJobRunSlot,
  ): Promise<{ readonly hasBegun: Promise<unknown> } | null> {
    const { job, run } = started
    this.#activeRunIds.add(run.id)
    const onEnded = (): void => {
      this.#activeRunIds.delete(run.id)
      release()
    }
    let isStarted = false
    try {
      isStarted = await tryCommit(this.#options.store, started)
    } catch (error) {
      // The database may have committed it, and not have been able to say so.
      this.#orphans.add(run)
      throw error
    } finally {
      if (!isStarted) onEnded()
    }
    if (!isStarted) return null
    const execution = Promise.try(() => this.#options.run(job, run))
    void this.#inFlight.run(() => this.#recordOutcome(run, execution).finally(onEnded))
    return { hasBegun: execution.catch(() => undefined) }
  }

  async #recordOutcome(run: JobRunRecord, execution: Promise<JobRunExecution>): Promise<void> {
    const outcome = await execution
      .then((begun) => begun.outcome)
      .catch((error: unknown) => this.#toFailedOutcome(error, run))
    const endedAt = this.#runtime.now()
    for (;;) {
      try {
        await this.#finishRun(run, outcome, endedAt)
        break
      } catch (error) {
        const fields = { err: error, job: run.jobId, run: run.id }
        this.#options.log.error(fields, 'The outcome of a job run could not be saved.')
        // The next process ends the run as INTERRUPTED.
        if (this.#isClosed) return
        await new Promise<void>((resolve) => this.#runtime.setTimer(retryDelayMs, resolve))
      }
    }
    this.requestPoll()
  }

  async #finishRun(run: JobRunRecord, outcome: JobRunOutcome, endedAt: number): Promise<void> {
    for (;;) {
      const found = await this.#options.store.findJobWithRunningRun(run.jobId)
      // The job was deleted together with its runs, or this run has already ended.
      if (found?.runningRun?.id !== run.id) return
      const { job, runningRun } = found
      if (await tryCommit(this.#options.store, finishJobRun({ job, run: runningRun }, outcome, endedAt))) return
    }
  }

  async #reevaluateAll(): Promise<void> {
    const { store, log } = this.#options
    await reevaluateJobs(store, () => this.#runtime.now(), log)
  }

  #toFailedOutcome(error: unknown, run: JobRunRecord): JobRunOutcome {
    if (error instanceof SegueError) return { status: 'ERROR', output: null, error: error.message }
    this.#options.log.error({ err: error, job: run.jobId, run: run.id }, 'A job run failed with an unexpected error.')
    return { status: 'ERROR', output: null, error: 'The run failed. See the log of the server for details.' }
  }

  #newIds(): JobRunIds {
    return { runId: this.#runtime.newId('jobRun'), sessionId: this.#runtime.newId('session') }
  }
}
