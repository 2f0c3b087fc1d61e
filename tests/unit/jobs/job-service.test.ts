import { expect, onTestFinished, test } from 'vitest'
import { JobService, type JobServiceOptions } from '../../../src/jobs/job-service.ts'
import type { JobRecord, JobRunRecord } from '../../../src/model/job.ts'
import type { JobReader } from '../../../src/storage/job-store.ts'
import { FakeClock } from '../../support/jobs/fake-clock.ts'
import { newJobInput, newTestJob, newStore } from '../../support/jobs/job-fixtures.ts'
import { parseTime } from '../../support/jobs/times.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const start = '2026-11-22T12:00:00Z'
const minute = 60_000
const page = { after: null, before: null, limit: 9, backwards: false }

const theirs: JobRecord = { ...newTestJob(parseTime(start)), id: 'a1b2c3d4e5f6', origin: 'HERMES', name: 'Owls' }
const theirRun: JobRunRecord = {
  id: 'a1b2c3d4e5f6:2026-11-22_09-00-00',
  jobId: theirs.id,
  position: 20261122090000,
  trigger: 'SCHEDULE',
  status: 'OK',
  scheduledFor: null,
  startedAt: 1,
  finishedAt: 2,
  output: 'Two owls.',
  error: null,
  sessionId: null,
}

const hermes: JobReader = {
  origin: 'HERMES',
  listJobs: async () => [theirs],
  findJob: async (id) => (id === theirs.id ? theirs : null),
  listRuns: async () => [theirRun],
  findRun: async (id) => (id === theirRun.id ? theirRun : null),
}

/** The jobs of a profile, whose runs end at once. */
async function world(more: Partial<JobServiceOptions> = {}) {
  const clock = new FakeClock(start)
  const { store } = newStore()
  const jobs = new JobService({
    store,
    hermes,
    profile: 'default',
    run: async () => ({ status: 'OK', output: 'The starlings.', error: null }),
    log: new RecordingLogger((entry) => expect(entry).toBeNull()),
    runtime: clock,
    timezone: 'Europe/Stockholm',
    ...more,
  })
  await jobs.start()
  onTestFinished(() => jobs.close())
  return { clock, store, jobs }
}

test('what is created says what was understood, and runs when it is due', async () => {
  const { jobs, clock } = await world()
  const made = await jobs.create(newJobInput({ schedule: 'every 10m' }))
  expect(made).toMatchObject({ recurring: true, state: 'SCHEDULED', nextRunAt: parseTime(start) + 10 * minute })
  expect(await jobs.find(made.id)).toEqual(made)
  await clock.advance(25 * minute)
  const runs = await jobs.runPage(made, page)
  expect(runs.map(({ startedAt }) => (startedAt - parseTime(start)) / minute)).toEqual([20, 10])
  expect(await jobs.lastRun(made)).toEqual(runs[0])
  expect(await jobs.findRun(runs[1]?.id ?? '')).toEqual(runs[1])
  expect(await jobs.find(made.id)).toMatchObject({ completedRuns: 2, nextRunAt: parseTime(start) + 30 * minute })
})

test('a job without a time zone has the one of the server', async () => {
  const { jobs } = await world()
  const nine = { ...newJobInput({ schedule: '0 9 * * *' }), timezone: null }
  expect(await jobs.create(nine)).toMatchObject({
    timezone: 'Europe/Stockholm',
    nextRunAt: parseTime('2026-11-23T08:00:00Z'),
  })
  const { jobs: others } = await world({ timezone: 'America/New_York' })
  expect(await others.create(nine)).toMatchObject({ nextRunAt: parseTime('2026-11-22T14:00:00Z') })
})

test('a job that is refused is not kept', async () => {
  const { jobs } = await world({ hermes: null })
  await expect(jobs.create(newJobInput({ schedule: '30m' }))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  await expect(jobs.create(newJobInput({ prompt: '' }))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  expect(await jobs.list()).toEqual([])
})

test('a change is heeded at once', async () => {
  const { jobs, clock } = await world()
  const made = await jobs.create(newJobInput({ schedule: 'every 1d' }))
  await clock.advance(minute)
  const changed = await jobs.update(made.id, { schedule: 'every 1m', repeatLimit: 2 })
  expect(changed).toMatchObject({ nextRunAt: parseTime(start) + 2 * minute, repeatLimit: 2 })
  await clock.advance(10 * minute)
  expect(await jobs.find(made.id)).toMatchObject({ state: 'COMPLETED', completedRuns: 2 })
  await jobs.update(made.id, { repeatLimit: null, enabled: false })
  await clock.advance(10 * minute)
  expect(await jobs.find(made.id)).toMatchObject({ state: 'PAUSED', completedRuns: 2, nextRunAt: null })
})

test('changes and runs at the same time lose nothing of each other', async () => {
  const { jobs, clock } = await world()
  const made = await jobs.create(newJobInput({ schedule: 'every 10m' }))
  const passing = clock.advance(10 * minute)
  await Promise.all([
    jobs.update(made.id, { name: 'Jays' }),
    jobs.runNow(made.id),
    jobs.update(made.id, { prompt: 'Jays?' }),
    jobs.update(made.id, { model: 'local/llama' }),
  ])
  await passing
  await clock.advance(0)
  expect(await jobs.find(made.id)).toMatchObject({
    name: 'Jays',
    prompt: 'Jays?',
    model: 'local/llama',
    state: 'SCHEDULED',
  })
  const runs = await jobs.runPage(made, page)
  expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['OK']))
})

test('what is deleted is gone with its runs, and does not come again', async () => {
  const { jobs, clock } = await world()
  const made = await jobs.create(newJobInput({ schedule: 'every 10m' }))
  await clock.advance(10 * minute)
  const run = await jobs.lastRun(made)
  await jobs.delete(made.id)
  await clock.advance(30 * minute)
  expect(await jobs.find(made.id)).toBeNull()
  expect(await jobs.findRun(run?.id ?? '')).toBeNull()
})

test('jobs of Hermes are listed and read with the others, and refuse everything else', async () => {
  const { jobs } = await world()
  const own = await jobs.create(newJobInput())
  expect(await jobs.list()).toEqual([own, theirs])
  expect(await jobs.find(theirs.id)).toEqual(theirs)
  expect(await jobs.runPage(theirs, page)).toEqual([theirRun])
  expect(await jobs.findRun(theirRun.id)).toEqual(theirRun)
  const refusal = { code: 'JOB_READ_ONLY' }
  await expect(jobs.update(theirs.id, { name: 'Mine' })).rejects.toMatchObject(refusal)
  await expect(jobs.delete(theirs.id)).rejects.toMatchObject(refusal)
  await expect(jobs.runNow(theirs.id)).rejects.toMatchObject(refusal)
})

test('what is not there is NOT_FOUND', async () => {
  const { jobs } = await world()
  const refusal = { code: 'NOT_FOUND' }
  await expect(jobs.update('job_nobody', {})).rejects.toMatchObject(refusal)
  await expect(jobs.delete('job_nobody')).rejects.toMatchObject(refusal)
  await expect(jobs.runNow('nobody')).rejects.toMatchObject(refusal)
  expect([await jobs.find('job_nobody'), await jobs.findRun('jrn_nobody')]).toEqual([null, null])
})
