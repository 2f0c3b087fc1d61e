import type { Logger } from '../lib/logger.ts'
import type { SegueJob } from '../model/job.ts'
import { logUnlessStorageProblem } from '../storage/health/log-unless-storage-problem.ts'
import type { JobStore } from '../storage/job-store.ts'
import { reevaluateJobDueTimes } from './job-state.ts'
import { tryCommit } from './try-commit.ts'

/** Computes the due times of all jobs again. What fails for one job is logged; rejects with a problem of the storage. */
export async function reevaluateJobs(store: JobStore, now: () => number, log: Logger): Promise<void> {
  const reevaluate = async (listed: SegueJob): Promise<void> => {
    for (let job: SegueJob | null = listed; job; job = await store.findJob(listed.id)) {
      const updated = reevaluateJobDueTimes(job, now())
      if (!updated || (await tryCommit(store, { job: updated }))) return
    }
  }
  for (const job of await store.listJobs()) {
    const message = `The due times of the job ${job.id} could not be computed again.`
    await reevaluate(job).catch(logUnlessStorageProblem(log, message))
  }
}
