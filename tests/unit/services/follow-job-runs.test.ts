import { beforeEach, describe, expect, test } from 'vitest'
import { finishRun, startManualRun } from '../../../src/jobs/job-state.ts'
import { Notifier } from '../../../src/lib/async/notifier.ts'
import type { JobRunRecord } from '../../../src/model/job.ts'
import { followJobRuns } from '../../../src/services/follow-job-runs.ts'
import type { JobStore } from '../../../src/storage/job-store.ts'
import { newRunIds, newStore, newTestJob } from '../../support/jobs/job-fixtures.ts'

let notifier: Notifier
let names: string[]
/** The profiles that can be opened. */
let stores: Map<string, JobStore>
beforeEach(() => {
  notifier = new Notifier()
  names = []
  stores = new Map()
})

const follow = (jobId: string | null = null): AsyncIterableIterator<JobRunRecord> =>
  followJobRuns({ listProfileNames: async () => names, openJobStores: async () => stores, notifier }, jobId)

function addProfile(name: string, { store } = newStore()): JobStore {
  names.push(name)
  stores.set(name, store)
  return store
}

/** Starts a run of a new job. */
async function startRun(store: JobStore): Promise<JobRunRecord> {
  const job = newTestJob(0)
  await store.commit({ job })
  const started = startManualRun(job, 0, newRunIds())
  await store.commit(started)
  notifier.notify()
  return started.run
}

async function finish(store: JobStore, run: JobRunRecord): Promise<JobRunRecord> {
  const job = await store.findJob(run.jobId)
  if (!job) throw new Error('The job is gone.')
  const finished = finishRun({ job, run }, { status: 'OK', output: null, error: null }, 1)
  await store.commit(finished)
  notifier.notify()
  return finished.run
}

describe('the runs of all profiles', () => {
  test('begin with those that are running, and go on with those that change', async () => {
    const store = addProfile('default')
    await finish(store, await startRun(store))
    const running = await startRun(store)
    const runs = follow()
    expect((await runs.next()).value).toEqual(running)
    const next = runs.next()
    const finished = await finish(store, running)
    expect((await next).value).toEqual(finished)
    await runs.return?.()
  })

  test('are those of one job if its id is given', async () => {
    const store = addProfile('default')
    await startRun(store)
    const running = await startRun(store)
    const runs = follow(running.jobId)
    expect((await runs.next()).value).toEqual(running)
    await runs.return?.()
  })

  test('leave out the history of a profile that can be opened only later', async () => {
    const first = addProfile('default')
    const running = await startRun(first)
    const broken = addProfile('work')
    await finish(broken, await startRun(broken))
    stores.delete('work')
    const runs = follow()
    expect((await runs.next()).value).toEqual(running)

    const next = runs.next()
    stores.set('work', broken)
    const later = await startRun(broken)
    expect((await next).value).toEqual(later)
    const finished = await finish(broken, later)
    // A run that starts while the profile is first read may be delivered twice.
    for await (const run of runs) {
      expect(run.id).toBe(later.id)
      if (run.status !== 'RUNNING') {
        expect(run).toEqual(finished)
        break
      }
    }
  })

  test('include every run of a profile that is created later, and of one that is created again', async () => {
    const first = addProfile('work')
    const running = await startRun(first)
    const runs = follow()
    expect((await runs.next()).value).toEqual(running)
    for (const name of ['play', 'work']) {
      const next = runs.next()
      const created = newStore()
      const finished = await finish(created.store, await startRun(created.store))
      addProfile(name, created)
      notifier.notify()
      expect((await next).value).toEqual(finished)
    }
    await runs.return?.()
  })
})
