import { expect, onTestFinished, test } from 'vitest'
import { JobService, type JobServiceOptions } from '../../../src/jobs/job-service.ts'
import { JobRunSlots } from '../../../src/jobs/job-run-slots.ts'
import { Scheduler } from '../../../src/jobs/scheduler.ts'
import type { JobRecord, JobRunRecord } from '../../../src/model/job.ts'
import type { ForeignJobReader } from '../../../src/storage/job-store.ts'
import { FakeClock } from '../../support/jobs/fake-clock.ts'
import { newJobInput, newTestJob, newStore } from '../../support/jobs/job-fixtures.ts'
import { parseTime } from '../../support/jobs/times.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const start = '2026-11-22T12:00:00Z'
const minute = 60_000
const page = { after: null, before: null, limit: 9, backwards: false }

const hermesJob: JobRecord = { ...newTestJob(parseTime(start)), id: 'a1b2c3d4e5f6', origin: 'HERMES', name: 'Owls' }
const hermesRun: JobRunRecord = {
  id: 'a1b2c3d4e5f6:2026-11-22_09-00-00',
  jobId: hermesJob.id,
  position: 20261122090000,
  trigger: 'SCHEDULE',
  status: 'OK',
  scheduledFor: null,
  startedAt: 1,
  finishedAt: 2,
  output: 'Two owls.',
  error: null,
  sessionId: null,
  usage: null,
}

const hermes: ForeignJobReader = {
  origin: 'HERMES',
  listJobs: async () => [hermesJob],
  findJob: async (id) => (id === hermesJob.id ? hermesJob : null),
  listRuns: async () => [hermesRun],
  findRun: async (id) => (id === hermesRun.id ? hermesRun : null),
  runChanges: {
    watch: () => ({ [Symbol.dispose]: () => undefined }),
    loadLatestChangeSeq: async () => 0,
    listRunningRuns: async () => [],
    listChangedRuns: async () => [],
    listFinishedRuns: async () => [{ changeSeq: 0, run: hermesRun }],
  },
}

/** The jobs of a profile, whose runs end immediately. */
async function createJobService(options: Partial<JobServiceOptions> = {}) {
  const clock = new FakeClock(start)
  const { store, database } = newStore()
  const scheduler = new Scheduler({
    store,
    run: async () => ({ outcome: Promise.resolve({ status: 'OK', output: 'The starlings.', error: null }) }),
    slots: new JobRunSlots(100),
    log: new RecordingLogger((entry) => expect(entry).toBeNull()),
    runtime: clock,
  })
  const jobs = new JobService({
    store,
    notifier: database.changes.jobRuns,
    hermes,
    scheduler,
    profile: 'default',
    runtime: clock,
    timezone: 'Europe/Stockholm',
    ...options,
  })
  await scheduler.start()
  onTestFinished(() => scheduler.close())
  return { clock, store, jobs, scheduler }
}

test('a new job shows its next run, and runs when it is due', async () => {
  const { jobs, clock } = await createJobService()
  const job = await jobs.create(newJobInput({ schedule: 'every 10m' }))
  expect(job).toMatchObject({ recurring: true, state: 'SCHEDULED', nextRunAt: parseTime(start) + 10 * minute })
  expect(await jobs.find(job.id)).toEqual(job)
  await clock.advance(25 * minute)
  const runs = await jobs.runPage(job, page)
  expect(runs.map(({ startedAt }) => (startedAt - parseTime(start)) / minute)).toEqual([20, 10])
  expect(await jobs.lastRun(job)).toEqual(runs[0])
  expect(await jobs.findRun(runs[1]?.id ?? '')).toEqual(runs[1])
  expect(await jobs.find(job.id)).toMatchObject({ completedRuns: 2, nextRunAt: parseTime(start) + 30 * minute })
})

test('a job without a time zone gets the default time zone', async () => {
  const { jobs } = await createJobService()
  const input = { ...newJobInput({ schedule: '0 9 * * *' }), timezone: null }
  expect(await jobs.create(input)).toMatchObject({
    timezone: 'Europe/Stockholm',
    nextRunAt: parseTime('2026-11-23T08:00:00Z'),
  })
  const { jobs: jobsInNewYork } = await createJobService({ timezone: 'America/New_York' })
  expect(await jobsInNewYork.create(input)).toMatchObject({ nextRunAt: parseTime('2026-11-22T14:00:00Z') })
})

test('a job that is rejected is not stored', async () => {
  const { jobs } = await createJobService({ hermes: null })
  await expect(jobs.create(newJobInput({ schedule: '30m' }))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  await expect(jobs.create(newJobInput({ prompt: '' }))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  expect(await jobs.list()).toEqual([])
})

test('an update takes effect immediately', async () => {
  const { jobs, clock } = await createJobService()
  const job = await jobs.create(newJobInput({ schedule: 'every 1d' }))
  await clock.advance(minute)
  const changed = await jobs.update(job.id, { schedule: 'every 1m', repeatLimit: 2 })
  expect(changed).toMatchObject({ nextRunAt: parseTime(start) + 2 * minute, repeatLimit: 2 })
  await clock.advance(10 * minute)
  expect(await jobs.find(job.id)).toMatchObject({ state: 'COMPLETED', completedRuns: 2 })
  await jobs.update(job.id, { repeatLimit: null, enabled: false })
  await clock.advance(10 * minute)
  expect(await jobs.find(job.id)).toMatchObject({ state: 'PAUSED', completedRuns: 2, nextRunAt: null })
})

test('concurrent updates and runs do not overwrite each other', async () => {
  const { jobs, clock } = await createJobService()
  const job = await jobs.create(newJobInput({ schedule: 'every 10m' }))
  const advancing = clock.advance(10 * minute)
  await Promise.all([
    jobs.update(job.id, { name: 'Jays' }),
    jobs.runNow(job.id),
    jobs.update(job.id, { prompt: 'Jays?' }),
    jobs.update(job.id, { model: 'local/llama' }),
  ])
  await advancing
  await clock.advance(0)
  expect(await jobs.find(job.id)).toMatchObject({
    name: 'Jays',
    prompt: 'Jays?',
    model: 'local/llama',
    state: 'SCHEDULED',
  })
  const runs = await jobs.runPage(job, page)
  expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['OK']))
})

test('a deleted job is gone with its runs, and does not run again', async () => {
  const { jobs, clock } = await createJobService()
  const job = await jobs.create(newJobInput({ schedule: 'every 10m' }))
  await clock.advance(10 * minute)
  const run = await jobs.lastRun(job)
  await jobs.delete(job.id)
  await clock.advance(30 * minute)
  expect(await jobs.find(job.id)).toBeNull()
  expect(await jobs.findRun(run?.id ?? '')).toBeNull()
})

test('of two jobs that are created at once, one gets the last place', async () => {
  const { jobs, store } = await createJobService()
  for (let count = 0; count < 999; count += 1) await store.commit({ job: newTestJob(parseTime(start)) })
  const results = await Promise.allSettled([jobs.create(newJobInput()), jobs.create(newJobInput())])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(results[1]).toMatchObject({
    reason: { code: 'TOO_LARGE', message: 'The profile has 1000 jobs, the maximum. Delete one first.' },
  })
  expect(await store.countJobs()).toBe(1000)
})

test('at most 1,000 jobs are listed, those of Segue first', async () => {
  const listJobs = async () =>
    Array.from({ length: 1200 }, (_, index) => ({ ...hermesJob, id: `${hermesJob.id}${index}` }))
  const { jobs } = await createJobService({ hermes: { ...hermes, listJobs } })
  const segueJob = await jobs.create(newJobInput())
  const listed = await jobs.list()
  expect([listed.length, listed[0]]).toEqual([1000, segueJob])
  expect(listed.at(-1)?.id).toBe(`${hermesJob.id}998`)
})

test('jobs of Hermes are listed with the others, and are read-only', async () => {
  const { jobs } = await createJobService()
  const segueJob = await jobs.create(newJobInput())
  expect(await jobs.list()).toEqual([segueJob, hermesJob])
  expect(await jobs.find(hermesJob.id)).toEqual(hermesJob)
  expect(await jobs.runPage(hermesJob, page)).toEqual([hermesRun])
  expect(await jobs.findRun(hermesRun.id)).toEqual(hermesRun)
  const rejection = { code: 'JOB_READ_ONLY' }
  await expect(jobs.update(hermesJob.id, { name: 'Mine' })).rejects.toMatchObject(rejection)
  await expect(jobs.delete(hermesJob.id)).rejects.toMatchObject(rejection)
  await expect(jobs.runNow(hermesJob.id)).rejects.toMatchObject(rejection)
})

test('an unknown job is NOT_FOUND', async () => {
  const { jobs } = await createJobService()
  const rejection = { code: 'NOT_FOUND' }
  await expect(jobs.update('job_nobody', {})).rejects.toMatchObject(rejection)
  await expect(jobs.delete('job_nobody')).rejects.toMatchObject(rejection)
  await expect(jobs.runNow('nobody')).rejects.toMatchObject(rejection)
  expect([await jobs.find('job_nobody'), await jobs.findRun('jrn_nobody')]).toEqual([null, null])
})

test('while the server stops, jobs can be read, and creating, changing and deleting them is refused', async () => {
  const { jobs, scheduler } = await createJobService()
  const job = await jobs.create(newJobInput({ schedule: 'every 10m' }))
  scheduler.stopStarting()
  const changes = [
    () => jobs.create(newJobInput({ schedule: 'every 10m' })),
    () => jobs.update(job.id, { name: 'Late' }),
    () => jobs.delete(job.id),
    () => jobs.runNow(job.id),
  ]
  for (const change of changes) await expect(change()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  expect(await jobs.list()).toEqual([job, hermesJob])
})

test('the scheduler closes when the changes that have begun are stored', async () => {
  const { jobs, scheduler, store } = await createJobService()
  const creation = jobs.create(newJobInput({ schedule: 'every 10m' }))
  await scheduler.close()
  expect(await store.countJobs()).toBe(1)
  await creation
})
