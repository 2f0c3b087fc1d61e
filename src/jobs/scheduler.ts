import { notFound, SegueError } from '../lib/errors.ts'
import type { JobRunRecord, OwnJob } from '../model/job.ts'
import { JobConflict, type JobStore, type JobWrite } from '../storage/job-store.ts'
import { type Environment, realEnvironment } from './job-clock.ts'
import {
  beginByHand,
  beginDue,
  type Begun,
  dueBy,
  endRun,
  interrupted,
  passOver,
  reviewed,
  type RunIds,
  type RunOutcome,
} from './job-state.ts'

export interface SchedulerOptions {
  readonly store: JobStore
  /** Makes a run, whose session is to have the run's `sessionId`, and tells how it ended. */
  readonly run: (job: OwnJob, run: JobRunRecord) => Promise<RunOutcome>
  readonly onProblem: (error: unknown, what: string) => void
  /** A run has begun or ended: readers of `changedRuns` find more. */
  readonly onChange?: () => void
  readonly env?: Environment
  /** How long the wall clock goes unwatched at most, in milliseconds. */
  readonly longestWait?: number
}

/** A run that was asked for by hand. */
export interface RunByHand {
  readonly run: JobRunRecord
  /** It was under way before, whoever began it. */
  readonly alreadyRunning: boolean
}

const longestWait = 30_000 // milliseconds: a machine that slept, or a clock that was put forward, is noticed after that
const retryPause = 1_000 // milliseconds, when the database cannot be written
const day = 86_400_000 // milliseconds

/**
 * The clockwork of a profile's jobs: one timer, for the soonest due time. Whatever it does is committed first, and what
 * it knows it reads from the database each time, so that it can be ended at any moment and started again.
 */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #env: Environment
  /** What `close` waits for. */
  readonly #underWay = new Set<Promise<unknown>>()
  #looks: Promise<void> = Promise.resolve()
  #callOff: () => void = () => undefined
  #lastLook = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#env = options.env ?? realEnvironment
  }

  /** Ends the runs that an earlier process left behind, and begins to wait. Returns how many were ended. */
  async start(): Promise<number> {
    const orphans = await this.#options.store.runningRuns()
    for (const run of orphans) await this.#end(run, interrupted, this.#env.now())
    await this.#review()
    this.wake()
    return orphans.length
  }

  /** Looks at what is due now; to be called when a job was made or changed. */
  wake(): void {
    this.#looks = this.#looks.then(() => this.#look())
  }

  /**
   * Runs a job now, in the same way as when it is due. One that runs already is not run again: that run is returned.
   * Throws NOT_FOUND and SHUTTING_DOWN.
   */
  runNow(jobId: string): Promise<RunByHand> {
    return this.#awaited(this.#runNow(jobId))
  }

  /** Begins nothing more, and returns when all runs that are under way have ended and were recorded. */
  async close(): Promise<void> {
    this.#closed = true
    this.#callOff()
    await this.#looks
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  async #look(): Promise<void> {
    this.#callOff()
    if (this.#closed) return
    const wait = await this.#settleDue().catch((error: unknown) => {
      this.#options.onProblem(error, 'the jobs that are due could not be looked at')
      return retryPause
    })
    if (!this.#closed) this.#callOff = this.#env.after(wait, () => this.wake())
  }

  /** Settles what is due, and returns how long to wait then. */
  async #settleDue(): Promise<number> {
    const { store } = this.#options
    const now = this.#env.now()
    if (now < this.#lastLook - day) await this.#review()
    this.#lastLook = now
    let failed = false
    for (const job of await store.dueJobs(now)) {
      await this.#settle(job, now).catch((error: unknown) => {
        failed = true
        this.#options.onProblem(error, `the job ${job.id} is due and could not be run`)
      })
    }
    const next = await store.nextDueAt()
    const most = failed ? retryPause : (this.#options.longestWait ?? longestWait)
    const least = failed ? retryPause : 0
    return next === null ? most : Math.min(Math.max(next - this.#env.now(), least), most)
  }

  async #settle(job: OwnJob, now: number): Promise<void> {
    if (this.#closed) return
    const { store } = this.#options
    const due = dueBy(job, now)
    // Looking again at once would be looking for ever.
    if (!due) throw new Error(`its schedule does not come when it said: ${job.schedule} in ${job.timezone}`)
    const made = await store.hasRunFor(job.id, due.newest)
    if (made || job.running !== null) await this.#commit({ job: passOver(job, due, made) })
    else await this.#begin(beginDue(job, due, now, this.#newIds()))
  }

  async #runNow(jobId: string): Promise<RunByHand> {
    const { store } = this.#options
    for (;;) {
      if (this.#closed) throw new SegueError('SHUTTING_DOWN', 'The server is stopping. Try again when it is back.')
      const job = await store.job(jobId)
      if (!job) throw notFound('job', jobId)
      const running = await store.runningRun(jobId)
      if (running) return { run: running, alreadyRunning: true }
      if (job.running !== null) continue
      const begun = beginByHand(job, this.#env.now(), this.#newIds())
      if (await this.#begin(begun)) return { run: begun.run, alreadyRunning: false }
    }
  }

  /** False when somebody else was faster. */
  async #begin(begun: Begun): Promise<boolean> {
    if (!(await this.#commit(begun))) return false
    void this.#awaited(this.#make(begun))
    return true
  }

  async #make({ job, run }: Begun): Promise<void> {
    const making = Promise.try(() => this.#options.run(job, run))
    const outcome = await making.catch((error: unknown) => this.#failed(error, run))
    const endedAt = this.#env.now()
    for (;;) {
      try {
        await this.#end(run, outcome, endedAt)
        break
      } catch (error) {
        this.#options.onProblem(error, `the end of the run ${run.id} could not be saved`)
        // The next start will find it.
        if (this.#closed) return
        await new Promise<void>((resolve) => this.#env.after(retryPause, resolve))
      }
    }
    this.wake()
  }

  async #end(run: JobRunRecord, outcome: RunOutcome, at: number): Promise<void> {
    for (;;) {
      const job = await this.#options.store.job(run.jobId)
      // Deleted meanwhile, its runs with it.
      if (!job || (await this.#commit(endRun({ job, run }, outcome, at)))) return
    }
  }

  async #review(): Promise<void> {
    for (const { id } of await this.#options.store.jobs()) {
      for (;;) {
        const job = await this.#options.store.job(id)
        const after = job && reviewed(job, this.#env.now())
        if (!after || (await this.#commit({ job: after }))) break
      }
    }
  }

  /** False when the job is no longer what the step was made from. */
  async #commit(write: JobWrite): Promise<boolean> {
    try {
      await this.#options.store.commit(write)
    } catch (error) {
      if (error instanceof JobConflict) return false
      throw error
    }
    if (write.run) this.#options.onChange?.()
    return true
  }

  #failed(error: unknown, run: JobRunRecord): RunOutcome {
    if (error instanceof SegueError) return { status: 'ERROR', output: null, error: error.message }
    this.#options.onProblem(error, `the run ${run.id} has failed`)
    return { status: 'ERROR', output: null, error: 'The run failed by a fault of the server.' }
  }

  #newIds(): RunIds {
    return { runId: this.#env.newId('jobRun'), sessionId: this.#env.newId('session') }
  }

  async #awaited<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }
}
