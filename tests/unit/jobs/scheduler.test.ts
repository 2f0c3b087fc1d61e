import { expect, test } from 'vitest'
import { SegueError } from '../../../src/lib/errors.ts'
import { updateJob, type RunOutcome } from '../../../src/jobs/job-state.ts'
import { Scheduler, type SchedulerOptions } from '../../../src/jobs/scheduler.ts'
import type { JobRunRecord, SegueJob } from '../../../src/model/job.ts'
import type { JobCommit } from '../../../src/storage/job-store.ts'
import type { SqliteJobStore } from '../../../src/storage/sqlite/sqlite-job-store.ts'
import { FakeClock } from '../../support/jobs/fake-clock.ts'
import { newTestJob, newJobsFolder, newStore } from '../../support/jobs/job-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const start = '2026-11-22T12:00:00Z'
const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
const ok: RunOutcome = { status: 'OK', output: 'The starlings.', error: null }
const newestFirst = { after: null, before: null, limit: 1_000, backwards: false }

interface Making {
  readonly run: JobRunRecord
  readonly end: (outcome: RunOutcome) => void
  readonly fail: (error: Error) => void
}

interface World extends Partial<SchedulerOptions> {
  readonly folder?: string
  readonly clock?: FakeClock
  /** Puts something between the scheduler and its store. */
  readonly between?: (store: SqliteJobStore) => SqliteJobStore
}

/** A scheduler with a clock that is turned by hand; its runs end when the test says so. */
function world({
  folder = newJobsFolder(),
  clock = new FakeClock(start),
  between = (store) => store,
  ...more
}: World = {}) {
  const { store, database } = newStore(folder)
  const making: Making[] = []
  const log = new RecordingLogger()
  const scheduler = new Scheduler({
    store: between(store),
    run: (_, run) => {
      const { promise, resolve, reject } = Promise.withResolvers<RunOutcome>()
      making.push({ run, end: resolve, fail: reject })
      return promise
    },
    log,
    runtime: clock,
    ...more,
  })
  const runs = (of: SegueJob): Promise<JobRunRecord[]> => store.listRuns(of.id, newestFirst)
  const add = async (changes: Parameters<typeof newTestJob>[1] = {}): Promise<SegueJob> => {
    const added = newTestJob(clock.now(), changes)
    await store.commit({ job: added })
    scheduler.requestPoll()
    return added
  }
  return { folder, clock, store, database, scheduler, making, log, runs, add }
}

/** The one run that is under way. */
function only(making: readonly Making[]): Making {
  expect(making).toHaveLength(1)
  const [first] = making
  if (!first) throw new Error('no run is under way')
  return first
}

test('a run begins at its due time, to the millisecond, and is recorded as it goes', async () => {
  const { clock, scheduler, making, runs, add, store } = world()
  await scheduler.start()
  const kept = await add({ schedule: 'in 2h' })
  await clock.advance(2 * hour - 1)
  expect(making).toEqual([])
  await clock.advance(1)
  const { run, end } = only(making)
  expect(run).toMatchObject({ status: 'RUNNING', scheduledFor: clock.now(), startedAt: clock.now() })
  expect(await runs(kept)).toEqual([run])
  await clock.advance(minute)
  end(ok)
  await clock.advance(0)
  expect(await runs(kept)).toEqual([{ ...run, ...ok, finishedAt: clock.now() }])
  expect(await store.findJob(kept.id)).toMatchObject({ state: 'COMPLETED', completedRuns: 1, nextRunAt: null })
})

test('of many jobs each has its turn at its own time, whenever it was made', async () => {
  const { clock, scheduler, making, add } = world()
  await scheduler.start()
  await add({ schedule: 'every 50s' })
  await clock.advance(20 * second)
  await add({ schedule: 'in 10s' })
  await add({ schedule: '* * * * *' })
  await clock.advance(30 * second)
  expect(making.map(({ run }) => run.scheduledFor)).toEqual(
    [30, 50].map((seconds) => Date.parse(start) + seconds * second),
  )
  await clock.advance(10 * second)
  expect(making.at(-1)?.run.scheduledFor).toBe(Date.parse(start) + minute)
})

test('a job never overlaps itself: what is due meanwhile is passed over and counted', async () => {
  const { clock, scheduler, making, runs, add, store } = world()
  await scheduler.start()
  const kept = await add({ schedule: 'every 10m' })
  await clock.advance(35 * minute)
  expect(await store.findJob(kept.id)).toMatchObject({ state: 'RUNNING', skippedRuns: 2 })
  only(making).end(ok)
  await clock.advance(5 * minute)
  expect((await runs(kept)).map(({ scheduledFor }) => scheduledFor)).toEqual([
    Date.parse(start) + 40 * minute,
    Date.parse(start) + 10 * minute,
  ])
})

test('a job whose only time comes while it runs by hand has its run right after that', async () => {
  const { clock, scheduler, making, runs, add } = world()
  await scheduler.start()
  const kept = await add({ schedule: 'in 10m' })
  const { run } = await scheduler.runNow(kept.id)
  await clock.advance(hour)
  only(making).end(ok)
  await clock.advance(0)
  expect(await runs(kept)).toMatchObject([
    { status: 'RUNNING', trigger: 'SCHEDULE', scheduledFor: Date.parse(start) + 10 * minute, startedAt: clock.now() },
    { id: run.id, status: 'OK', trigger: 'MANUAL', scheduledFor: null },
  ])
})

test('a machine that slept, or a clock that was put forward, is noticed within half a minute: the newest missed run is made', async () => {
  const { clock, scheduler, runs, add, store } = world()
  await scheduler.start()
  const kept = await add({ schedule: '0 * * * *' })
  await clock.advance(10 * second)
  clock.adjustWallClock(5 * hour + minute)
  await clock.advance(30 * second)
  expect(await runs(kept)).toMatchObject([{ scheduledFor: Date.parse('2026-11-22T17:00:00Z') }])
  expect((await store.findJob(kept.id))?.skippedRuns).toBe(4)
})

test('a clock that is put back runs nothing twice', async () => {
  const { clock, scheduler, making, runs, add } = world()
  await scheduler.start()
  const kept = await add({ schedule: '0 * * * *' })
  await clock.advance(hour)
  only(making).end(ok)
  clock.adjustWallClock(-30 * minute)
  await clock.advance(89 * minute)
  expect(await runs(kept)).toHaveLength(1)
  await clock.advance(minute)
  expect(await runs(kept)).toHaveLength(2)
})

test('a clock that was years ahead is forgotten, apart from the runs that were made', async () => {
  const { clock, scheduler, making, runs, add, store, log } = world()
  await scheduler.start()
  const kept = await add({ schedule: '0 * * * *' })
  const passAnHour = async (): Promise<void> => {
    await clock.advance(hour)
    making.pop()?.end(ok)
    await clock.advance(0)
  }
  await passAnHour()
  clock.adjustWallClock(3 * 365 * day)
  await passAnHour()
  clock.adjustWallClock(-3 * 365 * day - 3 * hour)
  await clock.advance(minute)
  expect((await store.findJob(kept.id))?.nextRunAt).toBe(Date.parse(start))
  for (let i = 0; i < 3; i++) await passAnHour()
  // 13:00 has had its run; 12:00 and 14:00 have not.
  const times = (await runs(kept)).map(({ scheduledFor }) => new Date(scheduledFor ?? 0).toISOString().slice(0, 13))
  expect(times).toEqual(['2026-11-22T14', '2026-11-22T12', '2029-11-21T13', '2026-11-22T13'])
  expect(log.errors).toEqual([])
})

test('the wall clock is looked at every half minute, and a due time is waited for in one go', async () => {
  const { clock, scheduler, add } = world()
  await scheduler.start()
  await clock.advance(0)
  expect(clock.msUntilNextTimer).toBe(30 * second)
  await add({ schedule: 'in 12s' })
  await clock.advance(0)
  expect(clock.msUntilNextTimer).toBe(12 * second)
})

test('an empty answer, a fault and a fault of the server are recorded as errors', async () => {
  const { clock, scheduler, making, runs, add, log } = world()
  await scheduler.start()
  const kept = await add({ schedule: 'every 10m' })
  const ends: ((making: Making) => void)[] = [
    ({ end }) => end({ status: 'OK', output: ' \n', error: null }),
    ({ end }) => end({ status: 'ERROR', output: 'The star', error: 'The provider is gone.' }),
    ({ fail }) => fail(new SegueError('PROVIDER', 'There is no such model.')),
    ({ fail }) => fail(new Error('secret: /home/me')),
  ]
  for (const end of ends) {
    await clock.advance(10 * minute)
    end(making.at(-1) ?? only([]))
    await clock.advance(0)
  }
  expect((await runs(kept)).map(({ status, output, error }) => [status, output, error]).toReversed()).toEqual([
    ['ERROR', null, 'The agent finished without a response.'],
    ['ERROR', 'The star', 'The provider is gone.'],
    ['ERROR', null, 'There is no such model.'],
    ['ERROR', null, 'The run failed by a fault of the server.'],
  ])
  expect(log.errors).toHaveLength(1)
})

test('what a crash killed is INTERRUPTED, and the next run comes', async () => {
  const before = world()
  await before.scheduler.start()
  const kept = await before.add({ schedule: 'every 10m' })
  await before.clock.advance(10 * minute)
  expect(before.making).toHaveLength(1)
  before.clock.clearTimers()
  before.database.close()

  const { folder, clock } = before
  clock.adjustWallClock(27 * minute)
  const { scheduler, making, runs, store } = world({ folder, clock })
  expect(await scheduler.start()).toBe(1)
  await clock.advance(0)
  expect(await runs(kept)).toMatchObject([
    { status: 'RUNNING', scheduledFor: Date.parse(start) + 30 * minute },
    { status: 'INTERRUPTED', finishedAt: clock.now(), error: 'The server stopped during the run.' },
  ])
  expect(making).toHaveLength(1)
  expect(await store.findJob(kept.id)).toMatchObject({ skippedRuns: 1, completedRuns: 1 })
})

test('of many calls for a run by hand at once one begins it, and all get the same', async () => {
  const { clock, scheduler, making, add } = world()
  await scheduler.start()
  const kept = await add()
  const answers = await Promise.all(Array.from({ length: 20 }, () => scheduler.runNow(kept.id)))
  expect(answers.filter(({ alreadyRunning }) => !alreadyRunning)).toHaveLength(1)
  expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1)
  only(making).end(ok)
  await clock.advance(0)
  expect(await scheduler.runNow(kept.id)).toMatchObject({ alreadyRunning: false, run: { position: 2 } })
})

test('a run by hand that meets a due time: one of them begins, and no run is lost', async () => {
  const { clock, scheduler, making, add, runs } = world()
  await scheduler.start()
  const kept = await add({ schedule: 'in 10m' })
  await clock.advance(10 * minute - 1)
  const passing = clock.advance(1)
  const { run, alreadyRunning } = await scheduler.runNow(kept.id)
  await passing
  expect(making).toHaveLength(1)
  expect(making[0]?.run.id).toBe(run.id)
  only(making).end(ok)
  await clock.advance(0)
  making[1]?.end(ok)
  await clock.advance(0)
  const made = await runs(kept)
  expect(made.filter(({ trigger }) => trigger === 'SCHEDULE')).toHaveLength(1)
  expect(made).toHaveLength(alreadyRunning ? 1 : 2)
})

test('nobody runs by hand what is not there', async () => {
  const { scheduler } = world()
  await expect(scheduler.runNow('job_nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a job that is deleted, paused or changed while it runs takes its run to the end', async () => {
  const { clock, scheduler, making, runs, add, store, log } = world()
  await scheduler.start()
  const gone = await add({ schedule: 'in 1s' })
  const kept = await add({ schedule: 'in 2s' })
  await clock.advance(2 * second)
  expect(making).toHaveLength(2)
  await store.delete(gone.id)
  const running = await store.findJob(kept.id)
  if (running) await store.commit({ job: updateJob(running, { enabled: false, schedule: 'every 1h' }, clock.now()) })
  for (const { end } of making) end(ok)
  await clock.advance(0)
  expect(await runs(gone)).toEqual([])
  expect(await runs(kept)).toMatchObject([{ status: 'OK' }])
  expect(await store.findJob(kept.id)).toMatchObject({ state: 'PAUSED', completedRuns: 1 })
  expect(log.errors).toEqual([])
})

test('a disk that is full delays and loses nothing: other jobs run, and what failed is tried again', async () => {
  let full = false
  const between = (store: SqliteJobStore): SqliteJobStore =>
    failing(store, async (write) => {
      if (full && write.job.name === 'Unlucky') throw new Error('database or disk is full')
      return store.commit(write)
    })
  const { clock, scheduler, making, runs, add, log } = world({ between })
  await scheduler.start()
  const unlucky = await add({ name: 'Unlucky', schedule: 'in 10s' })
  await add({ name: 'Lucky', schedule: 'in 10s' })
  full = true
  await clock.advance(20 * second)
  expect(only(making).run.jobId).not.toBe(unlucky.id)
  expect(log.errors).toHaveLength(11)
  full = false
  await clock.advance(second)
  const late = making.at(-1)
  expect(late?.run).toMatchObject({ jobId: unlucky.id, scheduledFor: Date.parse(start) + 10 * second })
  full = true
  late?.end(ok)
  await clock.advance(5 * second)
  const endedAt = clock.now() - 5 * second
  full = false
  await clock.advance(second)
  expect(await runs(unlucky)).toMatchObject([{ status: 'OK', finishedAt: endedAt }])
})

test('closing begins nothing more, and waits until what runs has ended and is recorded', async () => {
  const { clock, scheduler, making, runs, add } = world()
  await scheduler.start()
  const kept = await add({ schedule: 'every 10m' })
  const other = await add({ schedule: 'every 15m' })
  await clock.advance(10 * minute)
  let closed = false
  const closing = scheduler.close().then(() => (closed = true))
  await clock.advance(hour)
  expect(closed).toBe(false)
  expect(clock.msUntilNextTimer).toBeNull()
  await expect(scheduler.runNow(other.id)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  only(making).end({ status: 'INTERRUPTED', output: 'The star', error: null })
  await closing
  expect(await runs(kept)).toMatchObject([{ status: 'INTERRUPTED', output: 'The star' }])
  expect(await runs(other)).toEqual([])
  scheduler.requestPoll()
  await clock.advance(hour)
  expect(making).toHaveLength(1)
})

test('who follows the runs is told when there is more to read', async () => {
  let told = 0
  const { clock, scheduler, making, add, store } = world({ onChange: () => (told += 1) })
  await scheduler.start()
  await add({ schedule: 'in 10s' })
  await clock.advance(10 * second)
  expect(told).toBe(1)
  only(making).end(ok)
  await clock.advance(0)
  expect(told).toBe(2)
  expect(await store.listChangedRuns({ after: 0, limit: 9, jobId: null })).toMatchObject([{ run: { status: 'OK' } }])
})

test('by the clock on the wall and with timers of the machine it is the same', async () => {
  const { store } = newStore()
  const begun = Promise.withResolvers<JobRunRecord>()
  const scheduler = new Scheduler({
    store,
    run: async (_, run) => {
      begun.resolve(run)
      return ok
    },
    log: new RecordingLogger(({ message }) => begun.reject(new Error(message))),
  })
  await scheduler.start()
  await store.commit({ job: newTestJob(Date.now(), { schedule: new Date(Date.now() + 50).toISOString() }) })
  scheduler.requestPoll()
  const run = await begun.promise
  expect(run.startedAt).toBeGreaterThanOrEqual(run.scheduledFor ?? Number.POSITIVE_INFINITY)
  await scheduler.close()
  expect(await store.findRun(run.id)).toMatchObject({ status: 'OK', output: 'The starlings.' })
})

/** A store whose commits go another way. */
function failing(store: SqliteJobStore, commit: (write: JobCommit) => Promise<void>): SqliteJobStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'commit') return commit
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
