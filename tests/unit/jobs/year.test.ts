import { Cron } from 'croner'
import { describe, expect, test } from 'vitest'
import type { RunOutcome } from '../../../src/jobs/job-state.ts'
import { Scheduler } from '../../../src/jobs/scheduler.ts'
import type { JobRunRecord, SegueJob } from '../../../src/model/job.ts'
import type { JobCommit } from '../../../src/storage/job-store.ts'
import { SqliteDatabase } from '../../../src/storage/sqlite/database/sqlite-database.ts'
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

const plans = [
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

/** Every due time of a plan up to a moment, without the code that is tested. */
function reference({ schedule, timezone }: SegueJob, until: number): number[] {
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

/** A server whose process may end at any moment, before a commit and after it; runs take their time and end as they will. */
class World {
  readonly clock = new FakeClock(start)
  readonly #path: string
  readonly #dice: SeededRandom
  #database: SqliteDatabase | null = null
  /** The process that lives now; null after its end. What an earlier one had still to do is never done. */
  #process: object | null = null
  crashes = 0

  constructor(dice: SeededRandom) {
    this.#path = `${newJobsFolder()}/segue.db`
    this.#dice = dice
  }

  get isDown(): boolean {
    return this.#process === null
  }

  get store(): SqliteJobStore {
    this.#database ??= new SqliteDatabase(this.#path)
    return new SqliteJobStore(this.#database, 'default')
  }

  async boot(): Promise<void> {
    const process = {}
    this.#process = process
    const { store } = this
    const commit = async (write: JobCommit): Promise<void> => {
      if (process !== this.#process) return never
      if (this.#dice.chance(0.005)) return this.crash()
      await store.commit(write)
      return this.#dice.chance(0.005) ? this.crash() : undefined
    }
    const scheduler = new Scheduler({
      store: new Proxy(store, { get: (target, name) => (name === 'commit' ? commit : bound(target, name)) }),
      run: () => this.#make(),
      log: new RecordingLogger(({ message }) => {
        if (process === this.#process) throw new Error(message)
      }),
      runtime: this.clock,
      // Half a minute would be a million looks a year.
      maxPollIntervalMs: 6 * hour,
    })
    void scheduler.start()
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

  #make(): Promise<RunOutcome> {
    const { promise, resolve } = Promise.withResolvers<RunOutcome>()
    const text = this.#dice.pick(['Done.', ' '])
    const takes = this.#dice.pick([0, minute, this.#dice.between(0, 20 * hour)])
    this.clock.setTimer(takes, () => resolve({ status: 'OK', output: text, error: null }))
    return promise
  }
}

describe('in a year of jobs in many zones, with crashes and clocks that jump', () => {
  test('each due time has exactly one run, or is counted as skipped', async () => {
    const dice = new SeededRandom(2026)
    const world = new World(dice)
    for (const plan of plans) await world.store.commit({ job: newTestJob(parseTime(start), plan) })
    await world.boot()
    while (world.clock.now() < parseTime(end)) {
      await world.clock.advance(dice.between(0, 3 * day))
      if (dice.chance(0.2)) world.clock.adjustWallClock(dice.between(-3 * hour, 8 * hour))
      if (dice.chance(0.05)) void world.crash()
      if (world.isDown) await world.boot()
    }
    while (world.isDown) await world.boot()
    await world.clock.advance(day)
    if (world.isDown) await world.boot()

    expect(world.crashes).toBeGreaterThan(10)
    for (const kept of await world.store.listJobs()) {
      const runs = await allRuns(world.store, kept.id)
      const due = reference(kept, kept.processedUntil)
      const made = runs.map(({ scheduledFor }) => scheduledFor ?? 0)
      const label = `${kept.schedule} in ${kept.timezone}`
      expect(made, label).toEqual([...new Set(made)].sort((a, b) => a - b))
      expect(made.filter((time) => !due.includes(time)).map(toIso), label).toEqual([])
      expect(made.length + kept.skippedRuns, label).toBe(due.length)
      expect(kept.completedRuns + (kept.runningTrigger === null ? 0 : 1), label).toBe(made.length)
      // Nothing is left behind: what comes next is to come.
      if (kept.nextRunAt !== null) expect(kept.nextRunAt, label).toBeGreaterThan(world.clock.now())
      else expect(made.length, label).toBe(kept.repeatLimit ?? 1)
      expect(new Set(runs.slice(0, -1).map(({ status }) => status)), label).not.toContain('RUNNING')
      if (made.length > 200) expect(new Set(runs.map(({ status }) => status)), label).toContain('INTERRUPTED')
    }
    await world.close()
  }, 60_000)
})

async function allRuns(store: SqliteJobStore, jobId: string): Promise<JobRunRecord[]> {
  const runs = await store.listRuns(jobId, { after: null, before: null, limit: 2_000, backwards: true })
  return runs.reverse()
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name)
  return typeof value === 'function' ? value.bind(target) : value
}
