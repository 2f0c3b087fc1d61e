import { beforeEach, describe, expect, test } from 'vitest'
import { finishJobRun, startManualJobRun } from '../../../src/jobs/job-state.ts'
import { Notifier } from '../../../src/lib/async/notifier.ts'
import type { JobRunRecord } from '../../../src/model/job.ts'
import { followJobRuns, type FollowJobRunsStorage } from '../../../src/services/follow-job-runs.ts'
import type { JobStore } from '../../../src/storage/job-store.ts'
import type { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'
import { newRunIds, newStore, newTestJob } from '../../support/jobs/job-fixtures.ts'

/** Notifies when a profile was opened. */
let profileNotifier: Notifier
let names: string[]
/** The profiles that can be opened. */
let sources: Map<string, FollowJobRunsStorage>
beforeEach(() => {
  profileNotifier = new Notifier()
  names = []
  sources = new Map()
})

const follow = (jobId: string | null = null): AsyncIterableIterator<JobRunRecord> =>
  followJobRuns({ listProfileNames: async () => names, openSources: async () => sources, profileNotifier }, jobId)

interface CreatedStore {
  readonly store: JobStore
  readonly database: SegueProfileDatabase
}

function addProfile(name: string, created: CreatedStore = newStore()): JobStore {
  names.push(name)
  openProfile(name, created)
  return created.store
}

function openProfile(name: string, { store, database }: CreatedStore): void {
  sources.set(name, { jobs: store, changes: database.changes })
  profileNotifier.notify()
}

/** Starts a run of a new job. */
async function startRun(store: JobStore): Promise<JobRunRecord> {
  const job = newTestJob(0)
  await store.commit({ job })
  const started = startManualJobRun(job, 0, newRunIds())
  await store.commit(started)
  return started.run
}

async function finish(store: JobStore, run: JobRunRecord): Promise<JobRunRecord> {
  const job = await store.findJob(run.jobId)
  if (!job) throw new Error('The job is gone.')
  const finished = finishJobRun({ job, run }, { status: 'OK', output: null, error: null }, 1)
  await store.commit(finished)
  return finished.run
}

describe('the runs of all profiles', () => {
  test('begin with those that are running, and continue with those that change', async () => {
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
    const created = newStore()
    const broken = addProfile('work', created)
    await finish(broken, await startRun(broken))
    sources.delete('work')
    const runs = follow()
    expect((await runs.next()).value).toEqual(running)

    const next = runs.next()
    openProfile('work', created)
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
      expect((await next).value).toEqual(finished)
    }
    await runs.return?.()
  })

  test('go on when one of the profiles is closed', async () => {
    const closed = newStore()
    addProfile('work', closed)
    const store = addProfile('default')
    const running = await startRun(store)
    const runs = follow()
    expect((await runs.next()).value).toEqual(running)
    const next = runs.next()
    closed.database.changes.jobRuns.close()
    closed.database.close()
    const finished = await finish(store, running)
    expect((await next).value).toEqual(finished)
    await runs.return?.()
  })
})
