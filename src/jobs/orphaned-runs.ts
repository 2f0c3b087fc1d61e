import type { JobRunRecord } from '../model/job.ts'
import type { JobStore } from '../storage/job-store.ts'

export interface OrphanedRunsOptions {
  readonly store: Pick<JobStore, 'claimOrphanedRuns'>
  /** Whether a run is active in this process. */
  readonly isActive: (runId: string) => boolean
  /** Stores that a run was interrupted, unless it has ended. */
  readonly interrupt: (run: JobRunRecord) => Promise<void>
}

/** Runs that this process has taken over, or could not start, and has to end: nobody else ends them now. */
export class OrphanedRuns {
  readonly #options: OrphanedRunsOptions
  readonly #runs = new Map<string, JobRunRecord>()

  constructor(options: OrphanedRunsOptions) {
    this.#options = options
  }

  add(run: JobRunRecord): void {
    this.#runs.set(run.id, run)
  }

  /** Takes over the runs whose process does not run any more. */
  async claim(): Promise<void> {
    // Where a home belongs to one process, those that are active in it are among them.
    for (const run of await this.#options.store.claimOrphanedRuns()) if (!this.#options.isActive(run.id)) this.add(run)
  }

  /** Returns how many runs it has ended. Rejects with the first error, after the runs without one. */
  async endAll(): Promise<number> {
    const runs = [...this.#runs.values()]
    const results = await Promise.allSettled(runs.map((run) => this.#end(run)))
    const failed = results.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
    return runs.length
  }

  async #end(run: JobRunRecord): Promise<void> {
    await this.#options.interrupt(run)
    this.#runs.delete(run.id)
  }
}
