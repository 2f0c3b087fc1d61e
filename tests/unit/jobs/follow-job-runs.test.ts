import { describe, expect, test } from 'vitest'
import { followJobRuns } from '../../../src/jobs/follow-job-runs.ts'
import { finishJobRun, startManualJobRun } from '../../../src/jobs/job-state.ts'
import type { JobRunRecord } from '../../../src/model/job.ts'
import type { JobStore } from '../../../src/storage/job-store.ts'
import { newRunIds, newStore, newTestJob } from '../../support/jobs/job-fixtures.ts'

/** Starts a run of a new job. */
async function startRun(store: JobStore): Promise<JobRunRecord> {
  const job = newTestJob(0)
  await store.commit({ job })
  const started = startManualJobRun(job, 0, newRunIds())
  await store.commit(started)
  return started.run
}

async function finish(store: JobStore, run: JobRunRecord, at: number): Promise<JobRunRecord> {
  const job = await store.findJob(run.jobId)
  if (!job) throw new Error('The job is gone.')
  const finished = finishJobRun({ job, run }, { status: 'OK', output: null, error: null }, at)
  await store.commit(finished)
  return finished.run
}

describe('a follower of job runs', () => {
  test('receives those in progress, then those that finished lately, then each that changes, until the end', async () => {
    const { store, database } = newStore()
    const notifier = database.changes.jobRuns
    await finish(store, await startRun(store), 10)
    const recent = [await finish(store, await startRun(store), 11), await finish(store, await startRun(store), 12)]
    const running = await startRun(store)
    const runs = followJobRuns({
      sources: [store],
      findRun: (id) => store.findRun(id),
      notifier,
      jobId: null,
      finishedAfter: 10,
    })
    const next = async () => (await runs.next()).value
    expect([await next(), await next(), await next()]).toEqual([running, ...recent])
    const change = next()
    const finished = await finish(store, running, 20)
    expect(await change).toEqual(finished)
    const end = runs.next()
    notifier.close()
    expect(await end).toEqual({ done: true, value: undefined })
  })

  test('receives those of one job if its id is given', async () => {
    const { store, database } = newStore()
    await finish(store, await startRun(store), 10)
    await startRun(store)
    const running = await startRun(store)
    const notifier = database.changes.jobRuns
    const runs = followJobRuns({
      sources: [store],
      findRun: (id) => store.findRun(id),
      notifier,
      jobId: running.jobId,
      finishedAfter: 0,
    })
    expect((await runs.next()).value).toEqual(running)
    const next = runs.next()
    await startRun(store)
    const finished = await finish(store, running, 20)
    expect((await next).value).toEqual(finished)
    await runs.return?.()
  })
})
