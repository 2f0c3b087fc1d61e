import { describe, expect, test } from 'vitest'
import { SegueError } from '../../../src/lib/errors.ts'
import {
  finishJobRun,
  interruptedJobRunOutcome,
  type JobRunOutcome,
  applyJobPatch,
} from '../../../src/jobs/job-state.ts'
import { JobRunSlots } from '../../../src/jobs/job-run-slots.ts'
import { Scheduler } from '../../../src/jobs/scheduler.ts'
import type { JobRunRecord } from '../../../src/model/job.ts'
import { noUsage } from '../../../src/model/usage.ts'
import type { SqliteJobStore } from '../../../src/storage/sqlite/sqlite-job-store.ts'
import { FakeClock } from '../../support/jobs/fake-clock.ts'
import { newTestJob, newStore } from '../../support/jobs/job-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { type ActiveRun, createScheduler, replaceMethod, start } from '../../support/jobs/test-scheduler.ts'
import { JobRevisionConflictError, StorageError } from '../../../src/storage/errors.ts'

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
const ok: JobRunOutcome = { status: 'OK', output: 'The starlings.', error: null }

/** The only active run. */
function requireSingle(activeRuns: readonly ActiveRun[]): ActiveRun {
  expect(activeRuns).toHaveLength(1)
  const [first] = activeRuns
  if (!first) throw new Error('No run is active.')
  return first
}

test('a run starts at its due time, to the millisecond, and is recorded when it starts and when it ends', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob, store } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: 'in 2h' })
  await clock.advance(2 * hour - 1)
  expect(activeRuns).toEqual([])
  await clock.advance(1)
  const { run, end } = requireSingle(activeRuns)
  expect(run).toMatchObject({ status: 'RUNNING', scheduledFor: clock.now(), startedAt: clock.now() })
  expect(await listRuns(job)).toEqual([run])
  await clock.advance(minute)
  end(ok)
  await clock.advance(0)
  expect(await listRuns(job)).toEqual([{ ...run, ...ok, finishedAt: clock.now() }])
  expect(await store.findJob(job.id)).toMatchObject({ state: 'COMPLETED', completedRuns: 1, nextRunAt: null })
})

test('each of several jobs runs at its own due time, whenever it was created', async () => {
  const { clock, scheduler, activeRuns, addJob } = createScheduler()
  await scheduler.start()
  await addJob({ schedule: 'every 50s' })
  await clock.advance(20 * second)
  await addJob({ schedule: 'in 10s' })
  await addJob({ schedule: '* * * * *' })
  await clock.advance(30 * second)
  expect(activeRuns.map(({ run }) => run.scheduledFor)).toEqual(
    [30, 50].map((seconds) => Date.parse(start) + seconds * second),
  )
  await clock.advance(10 * second)
  expect(activeRuns.at(-1)?.run.scheduledFor).toBe(Date.parse(start) + minute)
})

test('a job never overlaps itself, and due times during a run are skipped', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob, store } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: 'every 10m' })
  await clock.advance(35 * minute)
  expect(await store.findJob(job.id)).toMatchObject({ state: 'RUNNING', skippedRuns: 2 })
  requireSingle(activeRuns).end(ok)
  await clock.advance(5 * minute)
  expect((await listRuns(job)).map(({ scheduledFor }) => scheduledFor)).toEqual([
    Date.parse(start) + 40 * minute,
    Date.parse(start) + 10 * minute,
  ])
})

test('a one-time job that is due during a manual run starts right after it', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: 'in 10m' })
  const { run } = await scheduler.runNow(job.id)
  await clock.advance(hour)
  requireSingle(activeRuns).end(ok)
  await clock.advance(0)
  expect(await listRuns(job)).toMatchObject([
    { status: 'RUNNING', trigger: 'SCHEDULE', scheduledFor: Date.parse(start) + 10 * minute, startedAt: clock.now() },
    { id: run.id, status: 'OK', trigger: 'MANUAL', scheduledFor: null },
  ])
})

test('after the clock was set forward, the latest missed run starts within 30 s', async () => {
  const { clock, scheduler, listRuns, addJob, store } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: '0 * * * *' })
  await clock.advance(10 * second)
  clock.adjustWallClock(5 * hour + minute)
  await clock.advance(30 * second)
  expect(await listRuns(job)).toMatchObject([{ scheduledFor: Date.parse('2026-11-22T17:00:00Z') }])
  expect((await store.findJob(job.id))?.skippedRuns).toBe(4)
})

test('nothing runs twice when the clock is set back', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: '0 * * * *' })
  await clock.advance(hour)
  requireSingle(activeRuns).end(ok)
  clock.adjustWallClock(-30 * minute)
  await clock.advance(89 * minute)
  expect(await listRuns(job)).toHaveLength(1)
  await clock.advance(minute)
  expect(await listRuns(job)).toHaveLength(2)
})

test('after a clock that was years ahead, due times are open again unless they have had a run', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob, store, log } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: '0 * * * *' })
  const passAnHour = async (): Promise<void> => {
    await clock.advance(hour)
    activeRuns.pop()?.end(ok)
    await clock.advance(0)
  }
  await passAnHour()
  clock.adjustWallClock(3 * 365 * day)
  await passAnHour()
  clock.adjustWallClock(-3 * 365 * day - 3 * hour)
  await clock.advance(minute)
  expect((await store.findJob(job.id))?.nextRunAt).toBe(Date.parse(start))
  for (let i = 0; i < 3; i++) await passAnHour()
  // 13:00 has had its run. 12:00 and 14:00 have not.
  const times = (await listRuns(job)).map(({ scheduledFor }) => new Date(scheduledFor ?? 0).toISOString().slice(0, 13))
  expect(times).toEqual(['2026-11-22T14', '2026-11-22T12', '2029-11-21T13', '2026-11-22T13'])
  expect(log.errors).toEqual([])
})

test('the scheduler polls every 30 s, or when the next job is due', async () => {
  const { clock, scheduler, addJob } = createScheduler()
  await scheduler.start()
  await clock.advance(0)
  expect(clock.msUntilNextTimer).toBe(30 * second)
  await addJob({ schedule: 'in 12s' })
  await clock.advance(0)
  expect(clock.msUntilNextTimer).toBe(12 * second)
})

test('a blank output, a reported error and an unexpected error are recorded as errors', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob, log } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: 'every 10m' })
  const ends: ((activeRun: ActiveRun) => void)[] = [
    ({ end }) => end({ status: 'OK', output: ' \n', error: null }),
    ({ end }) => end({ status: 'ERROR', output: 'The star', error: 'The provider is gone.' }),
    ({ fail }) => fail(new SegueError('PROVIDER', 'There is no such model.')),
    ({ fail }) => fail(new Error('secret: /home/me')),
  ]
  for (const end of ends) {
    await clock.advance(10 * minute)
    end(activeRuns.at(-1) ?? requireSingle([]))
    await clock.advance(0)
  }
  expect((await listRuns(job)).map(({ status, output, error }) => [status, output, error]).toReversed()).toEqual([
    ['ERROR', null, 'The agent finished without a response.'],
    ['ERROR', 'The star', 'The provider is gone.'],
    ['ERROR', null, 'There is no such model.'],
    ['ERROR', null, 'The run failed. See the log of the server for details.'],
  ])
  expect(log.errors).toHaveLength(1)
})

test('a run that a crash interrupted is INTERRUPTED, and the next one starts', async () => {
  const before = createScheduler()
  await before.scheduler.start()
  const job = await before.addJob({ schedule: 'every 10m' })
  await before.clock.advance(10 * minute)
  expect(before.activeRuns).toHaveLength(1)
  before.clock.clearTimers()
  before.database.close()

  const { folder, clock } = before
  clock.adjustWallClock(27 * minute)
  const { scheduler, activeRuns, listRuns, store } = createScheduler({ folder, clock })
  expect(await scheduler.start()).toBe(1)
  await clock.advance(0)
  expect(await listRuns(job)).toMatchObject([
    { status: 'RUNNING', scheduledFor: Date.parse(start) + 30 * minute },
    { status: 'INTERRUPTED', finishedAt: clock.now(), error: 'The server stopped during the run.' },
  ])
  expect(activeRuns).toHaveLength(1)
  expect(await store.findJob(job.id)).toMatchObject({ skippedRuns: 1, completedRuns: 1 })
})

test('a run ends with the usage that is known then, which is none if it has failed before it began', async () => {
  const usage = { ...noUsage, inputTokens: 10 }
  const usages = [null, usage]
  const wrapStore = (store: SqliteJobStore): SqliteJobStore =>
    replaceMethod(store, 'findJobWithRunningRun', async (id: string) => {
      const found = await store.findJobWithRunningRun(id)
      if (!found?.runningRun) return found
      return { ...found, runningRun: { ...found.runningRun, usage: usages.pop() ?? null } }
    })
  const { clock, scheduler, activeRuns, listRuns, addJob } = createScheduler({ wrapStore })
  await scheduler.start()
  const job = await addJob()
  await scheduler.runNow(job.id)
  activeRuns.pop()?.end(ok)
  await clock.advance(0)
  await scheduler.runNow(job.id)
  activeRuns.pop()?.fail(new SegueError('SESSION_BUSY', 'No.'))
  await clock.advance(0)
  expect((await listRuns(job)).map((run) => run.usage)).toEqual([null, usage])
})

test('one of many concurrent requests starts a manual run, and all return it', async () => {
  const { clock, scheduler, activeRuns, addJob } = createScheduler()
  await scheduler.start()
  const job = await addJob()
  const answers = await Promise.all(Array.from({ length: 20 }, () => scheduler.runNow(job.id)))
  expect(answers.filter(({ alreadyRunning }) => !alreadyRunning)).toHaveLength(1)
  expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1)
  requireSingle(activeRuns).end(ok)
  await clock.advance(0)
  expect(await scheduler.runNow(job.id)).toMatchObject({ alreadyRunning: false, run: { position: 2 } })
})

test('a manual run at a due time excludes the scheduled run or delays it, but loses neither', async () => {
  const { clock, scheduler, activeRuns, addJob, listRuns } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: 'in 10m' })
  await clock.advance(10 * minute - 1)
  const passing = clock.advance(1)
  const { run, alreadyRunning } = await scheduler.runNow(job.id)
  await passing
  expect(activeRuns).toHaveLength(1)
  expect(activeRuns[0]?.run.id).toBe(run.id)
  requireSingle(activeRuns).end(ok)
  await clock.advance(0)
  activeRuns[1]?.end(ok)
  await clock.advance(0)
  const all = await listRuns(job)
  expect(all.filter(({ trigger }) => trigger === 'SCHEDULE')).toHaveLength(1)
  expect(all).toHaveLength(alreadyRunning ? 1 : 2)
})

test('a manual run of an unknown job is NOT_FOUND', async () => {
  const { scheduler } = createScheduler()
  await expect(scheduler.runNow('job_nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a manual run of a job whose active run is lost fails, and does not read the job again and again', async () => {
  let reads = 0
  const wrapStore = (store: SqliteJobStore): SqliteJobStore =>
    replaceMethod(store, 'findJobWithRunningRun', async (jobId: string) => {
      reads += 1
      const job = await store.findJob(jobId)
      return job && { job: { ...job, runningTrigger: 'MANUAL' as const }, runningRun: null }
    })
  const { scheduler, addJob, activeRuns } = createScheduler({ wrapStore })
  await scheduler.start()
  const job = await addJob()
  await expect(scheduler.runNow(job.id)).rejects.toThrow('is RUNNING, but has no active run')
  expect(reads).toBe(1)
  expect(activeRuns).toEqual([])
})

test('a manual run that always meets another change gives up', async () => {
  const wrapStore = (store: SqliteJobStore): SqliteJobStore =>
    replaceMethod(store, 'commit', async () => {
      throw new JobRevisionConflictError('The job has changed.')
    })
  const { scheduler, addJob, activeRuns } = createScheduler({ wrapStore })
  await scheduler.start()
  const job = await addJob()
  await expect(scheduler.runNow(job.id)).rejects.toThrow('changed during each of 10 attempts')
  expect(activeRuns).toEqual([])
})

test('a run that was ended by something else stays as it is, and close does not wait for it', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob, store } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: 'in 10s' })
  await clock.advance(10 * second)
  const { run, end } = requireSingle(activeRuns)
  const running = await store.findJob(job.id)
  if (running) await store.commit(finishJobRun({ job: running, run }, interruptedJobRunOutcome, clock.now()))
  end(ok)
  await clock.advance(0)
  await scheduler.close()
  expect(await listRuns(job)).toMatchObject([{ status: 'INTERRUPTED' }])
})

test('a start reads all jobs with one query, and reads again only a job that has changed', async () => {
  const reads: string[] = []
  const wrapStore = (store: SqliteJobStore): SqliteJobStore =>
    replaceMethod(store, 'findJob', async (id: string) => {
      reads.push(id)
      return store.findJob(id)
    })
  const { scheduler, addJob } = createScheduler({ wrapStore })
  for (let count = 0; count < 5; count += 1) await addJob()
  await scheduler.start()
  expect(reads).toEqual([])
})

test('a job whose due times cannot be stored keeps no other one from its next run, after the clock was ahead', async () => {
  const refusedIds: string[] = []
  const wrapStore = (store: SqliteJobStore): SqliteJobStore =>
    replaceMethod(store, 'commit', async (commit) => {
      if (refusedIds.includes(commit.job.id)) throw new StorageError('CONSTRAINT', new Error('A value is missing.'))
      await store.commit(commit)
    })
  const { scheduler, clock, store, log } = createScheduler({ wrapStore })
  const jobs = ['One', 'Two', 'Three'].map((name) => newTestJob(clock.now() + 3 * day, { name }))
  for (const job of jobs) await store.commit({ job })
  const [first, , third] = (await store.listJobs()).map(({ id }) => id)
  refusedIds.push(first ?? '')
  await scheduler.start()
  expect((await store.findJob(third ?? ''))?.nextRunAt).toBe(clock.now() + 30 * minute)
  expect(log.lines).toEqual([`error: The due times of the job ${first} could not be computed again.`])
})

test('an active run continues when its job is deleted, paused or changed', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob, store, log } = createScheduler()
  await scheduler.start()
  const deletedJob = await addJob({ schedule: 'in 1s' })
  const job = await addJob({ schedule: 'in 2s' })
  await clock.advance(2 * second)
  expect(activeRuns).toHaveLength(2)
  await store.delete(deletedJob.id)
  const running = await store.findJob(job.id)
  if (running)
    await store.commit({ job: applyJobPatch(running, { enabled: false, schedule: 'every 1h' }, clock.now()) })
  for (const { end } of activeRuns) end(ok)
  await clock.advance(0)
  expect(await listRuns(deletedJob)).toEqual([])
  expect(await listRuns(job)).toMatchObject([{ status: 'OK' }])
  expect(await store.findJob(job.id)).toMatchObject({ state: 'PAUSED', completedRuns: 1 })
  expect(log.errors).toEqual([])
})

test('a full disk delays only the jobs that could not be saved, and loses no run', async () => {
  let isDiskFull = false
  const wrapStore = (store: SqliteJobStore): SqliteJobStore =>
    replaceMethod(store, 'commit', async (commit) => {
      if (isDiskFull && commit.job.name === 'Unlucky') throw new Error('database or disk is full')
      return store.commit(commit)
    })
  const { clock, scheduler, activeRuns, listRuns, addJob, log } = createScheduler({ wrapStore })
  await scheduler.start()
  const unlucky = await addJob({ name: 'Unlucky', schedule: 'in 10s' })
  await addJob({ name: 'Lucky', schedule: 'in 10s' })
  isDiskFull = true
  await clock.advance(20 * second)
  expect(requireSingle(activeRuns).run.jobId).not.toBe(unlucky.id)
  expect(log.errors).toHaveLength(11)
  isDiskFull = false
  await clock.advance(second)
  const late = activeRuns.at(-1)
  expect(late?.run).toMatchObject({ jobId: unlucky.id, scheduledFor: Date.parse(start) + 10 * second })
  isDiskFull = true
  late?.end(ok)
  await clock.advance(5 * second)
  const endedAt = clock.now() - 5 * second
  isDiskFull = false
  await clock.advance(second)
  expect(await listRuns(unlucky)).toMatchObject([{ status: 'OK', finishedAt: endedAt }])
})

test('close starts no more runs, and resolves when the active ones are recorded', async () => {
  const { clock, scheduler, activeRuns, listRuns, addJob } = createScheduler()
  await scheduler.start()
  const job = await addJob({ schedule: 'every 10m' })
  const other = await addJob({ schedule: 'every 15m' })
  await clock.advance(10 * minute)
  let isClosed = false
  const closing = scheduler.close().then(() => (isClosed = true))
  await clock.advance(hour)
  expect(isClosed).toBe(false)
  expect(clock.msUntilNextTimer).toBeNull()
  await expect(scheduler.runNow(other.id)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  requireSingle(activeRuns).end({ status: 'INTERRUPTED', output: 'The star', error: null })
  await closing
  expect(await listRuns(job)).toMatchObject([{ status: 'INTERRUPTED', output: 'The star' }])
  expect(await listRuns(other)).toEqual([])
  scheduler.requestPoll()
  await clock.advance(hour)
  expect(activeRuns).toHaveLength(1)
})

test('followers of job runs are notified when a run has started and when it has ended', async () => {
  const { clock, scheduler, activeRuns, addJob, store, database } = createScheduler()
  await scheduler.start()
  await addJob({ schedule: 'in 10s' })
  await clock.advance(10 * second)
  expect(database.changes.jobRuns.version).toBe(1)
  requireSingle(activeRuns).end(ok)
  await clock.advance(0)
  expect(database.changes.jobRuns.version).toBe(2)
  expect(await store.listChangedRuns({ after: 0, limit: 9, jobId: null })).toMatchObject([{ run: { status: 'OK' } }])
})

describe('with one slot for runs', () => {
  const everyMinute = { schedule: '* * * * *' }

  test('due runs wait for each other, and none is skipped', async () => {
    const { clock, scheduler, activeRuns, addJob, listRuns } = createScheduler({ slots: new JobRunSlots(1) })
    await scheduler.start()
    const jobs = [await addJob(everyMinute), await addJob(everyMinute), await addJob(everyMinute)]
    await clock.advance(60 * second)
    const started: JobRunRecord[] = []
    for (const _ of jobs) {
      const active = requireSingle(activeRuns)
      started.push(active.run)
      activeRuns.length = 0
      active.end(ok)
      await clock.advance(1 * second)
    }
    expect(new Set(started.map(({ jobId }) => jobId)).size).toBe(3)
    expect(new Set(started.map(({ scheduledFor }) => scheduledFor)).size).toBe(1)
    for (const job of jobs) expect(await listRuns(job)).toMatchObject([{ status: 'OK' }])
    await scheduler.close()
  })

  test('a manual run does not wait, and scheduled ones wait for it', async () => {
    const { clock, scheduler, activeRuns, addJob } = createScheduler({ slots: new JobRunSlots(1) })
    await scheduler.start()
    const [first, last] = [await addJob(everyMinute), await addJob(everyMinute)]
    await clock.advance(60 * second)
    const scheduled = requireSingle(activeRuns)
    const other = scheduled.run.jobId === first.id ? last : first
    const manual = await scheduler.runNow(other.id)
    expect(manual.alreadyRunning).toBe(false)
    expect(activeRuns).toHaveLength(2)
    for (const { end } of activeRuns.splice(0)) end(ok)
    await clock.advance(0)
    // The scheduled run of that job was delayed.
    expect(requireSingle(activeRuns).run).toMatchObject({ jobId: other.id, trigger: 'SCHEDULE' })
    requireSingle(activeRuns).end(ok)
    await scheduler.close()
  })

  test('the runs of several schedulers share it', async () => {
    const slots = new JobRunSlots(1)
    const clock = new FakeClock(start)
    const [one, two] = [createScheduler({ slots, clock }), createScheduler({ slots, clock })]
    for (const { scheduler, addJob } of [one, two]) {
      await scheduler.start()
      await addJob(everyMinute)
    }
    await clock.advance(60 * second)
    const [active, waiting] = one.activeRuns.length > 0 ? [one, two] : [two, one]
    expect(waiting.activeRuns).toHaveLength(0)
    requireSingle(active.activeRuns).end(ok)
    await clock.advance(1)
    requireSingle(waiting.activeRuns).end(ok)
    await Promise.all([one.scheduler.close(), two.scheduler.close()])
  })

  test('a run that waits starts after a restart', async () => {
    const before = createScheduler({ slots: new JobRunSlots(0) })
    await before.scheduler.start()
    const job = await before.addJob(everyMinute)
    await before.clock.advance(60 * second)
    expect(before.activeRuns).toHaveLength(0)
    await before.scheduler.close()
    const after = createScheduler({ folder: before.folder, clock: before.clock, slots: new JobRunSlots(1) })
    await after.scheduler.start()
    await before.clock.advance(0)
    expect(requireSingle(after.activeRuns).run).toMatchObject({ jobId: job.id, trigger: 'SCHEDULE' })
    requireSingle(after.activeRuns).end(ok)
    await after.scheduler.close()
  })
})

test('a due job runs with the real clock and real timers', async () => {
  const { store } = newStore()
  const started = Promise.withResolvers<JobRunRecord>()
  const scheduler = new Scheduler({
    store,
    run: async (_, run) => {
      started.resolve(run)
      return { outcome: Promise.resolve(ok) }
    },
    slots: new JobRunSlots(1),
    log: new RecordingLogger(({ message }) => started.reject(new Error(message))),
  })
  await scheduler.start()
  await store.commit({ job: newTestJob(Date.now(), { schedule: new Date(Date.now() + 50).toISOString() }) })
  scheduler.requestPoll()
  const run = await started.promise
  expect(run.startedAt).toBeGreaterThanOrEqual(run.scheduledFor ?? Number.POSITIVE_INFINITY)
  await scheduler.close()
  expect(await store.findRun(run.id)).toMatchObject({ status: 'OK', output: 'The starlings.' })
})

test('a run that a client starts has its session when the client learns of it, or could not begin', async () => {
  const begun = Promise.withResolvers<{ readonly outcome: Promise<JobRunOutcome> }>()
  const { scheduler, addJob, listRuns, log } = createScheduler({ run: () => begun.promise })
  await scheduler.start()
  const job = await addJob()
  let isAnswered = false
  const request = scheduler.runNow(job.id).then(() => (isAnswered = true))
  while ((await listRuns(job)).length === 0) await Promise.resolve()
  expect(isAnswered).toBe(false)
  begun.resolve({ outcome: Promise.resolve(ok) })
  await request
  await scheduler.close()
  expect(log.entries).toEqual([])
})
