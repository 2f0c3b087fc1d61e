import type { JobRunOutcome } from '../../../src/jobs/job-state.ts'
import { JobRunSlots } from '../../../src/jobs/job-run-slots.ts'
import { Scheduler, type JobSchedulerOptions } from '../../../src/jobs/scheduler.ts'
import type { JobRunRecord, SegueJob } from '../../../src/model/job.ts'
import type { SqliteJobStore } from '../../../src/storage/sqlite/sqlite-job-store.ts'
import { RecordingLogger } from '../recording-logger.ts'
import { FakeClock } from './fake-clock.ts'
import { newJobsFolder, newStore, newTestJob } from './job-fixtures.ts'

/** The time at which the fake clock begins. */
export const start = '2026-11-22T12:00:00Z'
const newestFirst = { after: null, before: null, limit: 1_000, backwards: false }

/** An active run, which the test ends. */
export interface ActiveRun {
  readonly run: JobRunRecord
  readonly end: (outcome: JobRunOutcome) => void
  readonly fail: (error: Error) => void
}

interface TestOptions extends Partial<JobSchedulerOptions> {
  readonly folder?: string
  readonly clock?: FakeClock
  /** Wraps the store that the scheduler uses. */
  readonly wrapStore?: (store: SqliteJobStore) => SqliteJobStore
}

/** A scheduler with a fake clock, whose runs end when the test says so. */
export function createScheduler({
  folder = newJobsFolder(),
  clock = new FakeClock(start),
  wrapStore = (store) => store,
  ...options
}: TestOptions = {}) {
  const { store, database } = newStore(folder)
  const activeRuns: ActiveRun[] = []
  const log = new RecordingLogger()
  const scheduler = new Scheduler({
    store: wrapStore(store),
    run: async (_, run) => {
      const { promise: outcome, resolve, reject } = Promise.withResolvers<JobRunOutcome>()
      activeRuns.push({ run, end: resolve, fail: reject })
      return { outcome }
    },
    log,
    slots: new JobRunSlots(100),
    runtime: clock,
    ...options,
  })
  const listRuns = (job: SegueJob): Promise<JobRunRecord[]> => store.listRuns(job.id, newestFirst)
  const addJob = async (changes: Parameters<typeof newTestJob>[1] = {}): Promise<SegueJob> => {
    const job = newTestJob(clock.now(), changes)
    await store.commit({ job })
    scheduler.requestPoll()
    return job
  }
  return { folder, clock, store, database, scheduler, activeRuns, log, listRuns, addJob }
}

/** A store with another implementation of one method. */
export function replaceMethod<Name extends keyof SqliteJobStore>(
  store: SqliteJobStore,
  name: Name,
  method: SqliteJobStore[Name],
): SqliteJobStore {
  return new Proxy(store, {
    get(target, key) {
      if (key === name) return method
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
