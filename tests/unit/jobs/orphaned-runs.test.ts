import { expect, test } from 'vitest'
import type { JobRunOutcome } from '../../../src/jobs/job-state.ts'
import { StorageError } from '../../../src/storage/errors.ts'
import type { SqliteJobStore } from '../../../src/storage/sqlite/sqlite-job-store.ts'
import { createScheduler, replaceMethod } from '../../support/jobs/test-scheduler.ts'

const minute = 60_000
const ok: JobRunOutcome = { status: 'OK', output: 'The starlings.', error: null }

/** A scheduler in the state that a killed process leaves, in which the end of one of two runs cannot be stored. */
async function newSchedulerAfterCrash(refusal: Error, wrapMore = (store: SqliteJobStore): SqliteJobStore => store) {
  const before = createScheduler()
  await before.scheduler.start()
  const jobs = [await before.addJob({ schedule: 'every 10m' }), await before.addJob({ schedule: 'every 10m' })]
  await before.clock.advance(10 * minute)
  expect(before.activeRuns).toHaveLength(2)
  before.clock.clearTimers()
  before.database.close()
  const { folder, clock } = before
  const refused = before.activeRuns[0]?.run.id
  const fault = { isPresent: true }
  const wrapStore = (store: SqliteJobStore): SqliteJobStore =>
    replaceMethod(wrapMore(store), 'commit', async (commit) => {
      if (fault.isPresent && commit.run?.id === refused) throw refusal
      await store.commit(commit)
    })
  const after = createScheduler({ folder, clock, wrapStore })
  const loadStatuses = () =>
    Promise.all(jobs.map(async (job) => (await after.listRuns(job)).map(({ status }) => status)))
  return { ...after, fault, loadStatuses }
}

/** As where several processes share a storage: what this one has claimed, it does not claim again. */
function claimOnce(store: SqliteJobStore): SqliteJobStore {
  let claimed = store.claimOrphanedRuns()
  return replaceMethod(store, 'claimOrphanedRuns', () => {
    const runs = claimed
    claimed = Promise.resolve([])
    return runs
  })
}

test('a run of another process that cannot be ended is ended later, and keeps no other one from its end', async () => {
  const refusal = new Error('The disk is full.')
  const { scheduler, fault, loadStatuses } = await newSchedulerAfterCrash(refusal, claimOnce)
  await expect(scheduler.endOrphanedRuns()).rejects.toThrow(refusal)
  expect(await loadStatuses()).toEqual([['RUNNING'], ['INTERRUPTED']])
  fault.isPresent = false
  expect(await scheduler.endOrphanedRuns()).toBe(1)
  expect(await loadStatuses()).toEqual([['INTERRUPTED'], ['INTERRUPTED']])
  expect(await scheduler.endOrphanedRuns()).toBe(0)
})

test('a run that cannot be ended keeps no scheduler from its start, and no other job from its runs', async () => {
  const error = new StorageError('CONSTRAINT', new Error('A value is missing.'))
  const { scheduler, clock, fault, loadStatuses, log } = await newSchedulerAfterCrash(error)
  await scheduler.start()
  await clock.advance(10 * minute)
  expect(await loadStatuses()).toEqual([['RUNNING'], ['RUNNING', 'INTERRUPTED']])
  expect(log.errors[0]).toBe(error)
  fault.isPresent = false
  await clock.advance(minute)
  expect(await loadStatuses()).toEqual([['INTERRUPTED'], ['RUNNING', 'INTERRUPTED']])
})

test('a scheduler does not start while the disk is full', async () => {
  const { scheduler, fault, loadStatuses } = await newSchedulerAfterCrash(new StorageError('FULL', new Error('Full.')))
  await expect(scheduler.start()).rejects.toMatchObject({ failure: 'FULL' })
  fault.isPresent = false
  expect(await scheduler.start()).toBe(1)
  expect(await loadStatuses()).toEqual([['INTERRUPTED'], ['INTERRUPTED']])
})

test('a run goes on while another one, which could not be started, is ended', async () => {
  let mustFail = false
  const wrapStore = (store: SqliteJobStore): SqliteJobStore =>
    replaceMethod(store, 'commit', async (commit) => {
      await store.commit(commit)
      // As if the connection broke after the commit.
      if (mustFail && commit.run?.status === 'RUNNING') {
        mustFail = false
        throw new Error('The connection is broken.')
      }
    })
  const { scheduler, clock, activeRuns, addJob, listRuns } = createScheduler({ wrapStore })
  await scheduler.start()
  const running = await addJob({ schedule: 'every 10m' })
  const failing = await addJob({ schedule: 'every 20m' })
  await clock.advance(10 * minute)
  mustFail = true
  await clock.advance(10 * minute)
  await scheduler.endOrphanedRuns()
  expect((await listRuns(failing)).map(({ status }) => status)).toContain('INTERRUPTED')
  activeRuns[0]?.end(ok)
  await clock.advance(0)
  expect((await listRuns(running)).map(({ status }) => status)).toContain('OK')
})
