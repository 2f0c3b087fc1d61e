import { Cron } from 'croner'
import { describe, expect, test } from 'vitest'
import type { JobRunOutcome } from '../../../src/jobs/job-state.ts'
import { JobRunSlots } from '../../../src/jobs/job-run-slots.ts'
import { Scheduler } from '../../../src/jobs/scheduler.ts'
import type { JobRunRecord, SegueJob } from '../../../src/model/job.ts'
import type { JobCommit } from '../../../src/storage/job-store.ts'
import { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteJobStore } from '../../../src/storage/sqlite/sqlite-job-store.ts'
import { SeededRandom } from '../../chaos/seeded-random.ts'
import { FakeClock } from '../../support/jobs/fake-clock.ts'
import { newTestJob, newJobsFolder } from '../../support/jobs/job-fixtures.ts'
import { parseTime, toIso } from '../../support/jobs/times.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const start = '2026-01-01T00:00:00Z'
const end = '2027-01-01T00:00:00Z'
const never = new Promise<never>(() => undefined)

const jobInputs = [
  { schedule: '0 9 * * 1-5', timezone: 'Europe/Stockholm' },
  { schedule: '30 2 * * 0,1', timezone: 'America/New_York' },
  { schedule: '0,30 1-2 * * 0', timezone: 'Europe/Stockholm' },
  { schedule: '45 1 * * 0', timezone: 'Australia/Lord_Howe' },
  { schedule: '0 0 * * 0,1', timezone: 'America/Santiago' },
  { schedule: '0 */12 * * 1', timezone: 'Asia/Kolkata' },
  { schedule: '0 12 L * *', timezone: 'Pacific/Auckland' },
  { schedule: '15 6 * * *', timezone: 'Europe/Stockholm', repeatLimit: 60 },
  { schedule: 'every 31h', timezone: 'UTC' },
  { schedule: 'in 200 days', timezone: 'UTC' },
  { schedule: '2026-10-25T02:30:00+02:00', timezone: 'UTC' },
]

/** The due times of a job until an instant, computed without the code under test. */
function computeDueTimes({ schedule, timezone }: SegueJob, until: number): number[] {
  const times: number[] = []
  if (schedule === 'in 200 days') times.push(parseTime(start) + 200 * day)
  else if (schedule.startsWith('2026')) times.push(parseTime(schedule))
  else if (schedule === 'every 31h')
    for (let time = parseTime(start) + 31 * hour; time <= until; time += 31 * hour) times.push(time)
  else {
    const cron = new Cron(schedule, { timezone })
    for (let time = cron.nextRun(new Date(start)); time; time = cron.nextRun(time)) {
      if (time.getTime() > until) break
      times.push(time.getTime())
    }
  }
  return times.filter((time) => time <= until)
}

/** A scheduler whose process may crash before or after any commit. Its runs take a random time. */
class CrashingScheduler {
  readonly clock = new FakeClock(start)
  readonly #path: string
  readonly #random: SeededRandom
  #database: SegueProfileDatabase | null = null
  /** Identifies the current process; null after a crash. An earlier process can no longer commit. */
  #process: object | null = null
  crashes = 0

  constructor(random: SeededRandom) {
    this.#path = `${newJobsFolder()}/segue.db`
    this.#random = random
  }

  get isDown(): boolean {
    return this.#process === null
  }

  get store(): SqliteJobStore {
    this.#database ??= new SegueProfileDatabase(this.#path)
    return new SqliteJobStore(this.#database)
  }

  async boot(): Promise<void> {
    const process = {}
    this.#process = process
    const { store } = this
    const commit = async (write: JobCommit): Promise<void> => {
      if (process !== this.#process) return never
      if (this.#random.chance(0.005)) return this.crash()
      await store.commit(write)
      return this.#random.chance(0.005) ? this.crash() : undefined
    }
    const inner = new Scheduler({
      store: new Proxy(store, { get: (target, name) => (name === 'commit' ? commit : getBound(target, name)) }),
      run: async () => ({ outcome: this.#startRun() }),
      slots: new JobRunSlots(100),
      log: new RecordingLogger(({ message }) => {
        if (process === this.#process) throw new Error(message)
      }),
      runtime: this.clock,
      // With the default there would be a million polls per year.
      maxPollIntervalMs: 6 * hour,
    })
    void inner.start()
    await this.clock.advance(0)
  }

  crash(): Promise<never> {
    this.crashes += 1
    this.#process = null
    this.clock.clearTimers()
    return never
  }

  async close(): Promise<void> {
    this.#process = null
    this.clock.clearTimers()
    this.#database?.close()
  }

  #startRun(): Promise<JobRunOutcome> {
    const { promise, resolve } = Promise.withResolvers<JobRunOutcome>()
    const text = this.#random.pick(['Done.', ' '])
    const durationMs = this.#random.pick([0, minute, this.#random.between(0, 20 * hour)])
    this.clock.setTimer(durationMs, () => resolve({ status: 'OK', output: text, error: null }))
    return promise
  }
}

describe('in a year with crashes and clock changes', () => {
  test('each due time of a job has exactly one run or is skipped', async () => {
    const random = new SeededRandom(2026)
    const scheduler = new CrashingScheduler(random)
    for (const input of jobInputs) await scheduler.store.commit({ job: newTestJob(parseTime(start), input) })
    await scheduler.boot()
    while (scheduler.clock.now() < parseTime(end)) {
      await scheduler.clock.advance(random.between(0, 3 * day))
      if (random.chance(0.2)) scheduler.clock.adjustWallClock(random.between(-3 * hour, 8 * hour))
      if (random.chance(0.05)) void scheduler.crash()
      if (scheduler.isDown) await scheduler.boot()
    }
    while (scheduler.isDown) await scheduler.boot()
    await scheduler.clock.advance(day)
    if (scheduler.isDown) await scheduler.boot()

    expect(scheduler.crashes).toBeGreaterThan(10)
    for (const job of await scheduler.store.listJobs()) {
      const runs = await listAllRuns(scheduler.store, job.id)
      const due = computeDueTimes(job, job.processedUntil)
      const runTimes = runs.map(({ scheduledFor }) => scheduledFor ?? 0)
      const label = `${job.schedule} in ${job.timezone}`
      expect(runTimes, label).toEqual([...new Set(runTimes)].sort((a, b) => a - b))
      expect(runTimes.filter((time) => !due.includes(time)).map(toIso), label).toEqual([])
      expect(runTimes.length + job.skippedRuns, label).toBe(due.length)
      expect(job.completedRuns + (job.runningTrigger === null ? 0 : 1), label).toBe(runTimes.length)
      // No due time is left open: the next one is in the future.
      if (job.nextRunAt !== null) expect(job.nextRunAt, label).toBeGreaterThan(scheduler.clock.now())
      else expect(runTimes.length, label).toBe(job.repeatLimit ?? 1)
      expect(new Set(runs.slice(0, -1).map(({ status }) => status)), label).not.toContain('RUNNING')
      if (runTimes.length > 200) expect(new Set(runs.map(({ status }) => status)), label).toContain('INTERRUPTED')
    }
    await scheduler.close()
  }, 60_000)
})

async function listAllRuns(store: SqliteJobStore, jobId: string): Promise<JobRunRecord[]> {
  const runs = await store.listRuns(jobId, { after: null, before: null, limit: 2_000, backwards: true })
  return runs.reverse()
}

function getBound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name)
  return typeof value === 'function' ? value.bind(target) : value
}
