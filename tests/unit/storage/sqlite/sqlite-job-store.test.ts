import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import {
  startManualJobRun,
  startDueRun,
  type JobRunTransition,
  finishJobRun,
  type JobRunOutcome,
} from '../../../../src/jobs/job-state.ts'
import type { JobRunRecord, SegueJob } from '../../../../src/model/job.ts'
import { recordSql } from '../../../support/storage/record-sql.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteJobStore } from '../../../../src/storage/sqlite/sqlite-job-store.ts'
import { newRunIds, newTestJob, newJobsFolder, newStore } from '../../../support/jobs/job-fixtures.ts'
import { JobRevisionConflictError } from '../../../../src/storage/errors.ts'

const noon = Date.parse('2026-11-22T12:00:00Z')
const minute = 60_000
const ok: JobRunOutcome = { status: 'OK', output: 'The starlings.', error: null }

/** Starts the run of the due time that is this many minutes after noon. */
function startRunOf(of: SegueJob, minutes: number): JobRunTransition {
  const newest = noon + minutes * minute
  return startDueRun(of, { latest: newest, count: 1 }, newest, newRunIds())
}

/** A job with this many runs that have ended. */
async function jobWithRuns(store: SqliteJobStore, count: number): Promise<{ job: SegueJob; runs: JobRunRecord[] }> {
  let job = newTestJob(noon)
  await store.commit({ job })
  const runs: JobRunRecord[] = []
  for (let i = 1; i <= count; i++) {
    const started = startRunOf(job, i * 30)
    await store.commit(started)
    const ended = finishJobRun(started, { ...ok, output: `Answer ${i}` }, started.run.startedAt + 1000)
    await store.commit(ended)
    job = ended.job
    runs.push(ended.run)
  }
  return { job, runs }
}

test('a job is read as it was written, and reading creates no file', async () => {
  const { store } = newStore()
  expect(await store.listJobs()).toEqual([])
  expect([await store.findNextDueAt(), await store.loadLatestChangeSeq()]).toEqual([null, 0])
  const first = newTestJob(noon, { repeatLimit: 3, model: 'local/llama', timezone: 'Europe/Stockholm' })
  const second = newTestJob(noon + 1, { schedule: '2030-01-01T00:00:00Z' })
  await store.commit({ job: second })
  await store.commit({ job: first })
  expect(await store.findJob(first.id)).toEqual(first)
  expect(await store.listJobs()).toEqual([first, second])
  expect(await store.findJob('job_nobody')).toBeNull()
})

test('a run and its job are written together, and read as they were written', async () => {
  const { store } = newStore()
  const job = newTestJob(noon)
  await store.commit({ job })
  const started = startRunOf(job, 30)
  await store.commit(started)
  expect(await store.findJob(job.id)).toEqual(started.job)
  expect(await store.findJobWithRunningRun(job.id)).toEqual({ job: started.job, runningRun: started.run })
  expect(await store.findRun(started.run.id)).toEqual(started.run)
  expect((await store.listRunningRuns()).map(({ run }) => run)).toEqual([started.run])
  const ended = finishJobRun(started, ok, noon + 31 * minute)
  await store.commit(ended)
  expect(await store.findJob(job.id)).toEqual(ended.job)
  expect(await store.findRun(started.run.id)).toEqual(ended.run)
  expect(await store.findJobWithRunningRun(job.id)).toEqual({ job: ended.job, runningRun: null })
  expect(await store.listRunningRuns()).toEqual([])
})

test('no due time has two runs', async () => {
  const { store } = newStore()
  const { job } = await jobWithRuns(store, 1)
  expect(await store.hasRunFor(job.id, noon + 30 * minute)).toBe(true)
  expect(await store.hasRunFor(job.id, noon + 60 * minute)).toBe(false)
  await expect(store.commit(startRunOf(job, 30))).rejects.toThrow(/UNIQUE.*scheduled_for/)
  expect(await store.findJob(job.id)).toEqual(job)
  const other = newTestJob(noon)
  await store.commit({ job: other })
  await store.commit(startRunOf(other, 30))
})

test('a job has at most one running run, and any number of manual ones later', async () => {
  const { store } = newStore()
  const job = newTestJob(noon)
  await store.commit({ job })
  const first = startManualJobRun(job, noon, newRunIds())
  await store.commit(first)
  await expect(store.commit(startManualJobRun(first.job, noon, newRunIds()))).rejects.toThrow(/UNIQUE.*job_id/)
  const ended = finishJobRun(first, ok, noon)
  await store.commit(ended)
  const second = startManualJobRun(ended.job, noon, newRunIds())
  await store.commit(second)
  await store.commit(finishJobRun(second, ok, noon))
  expect((await store.findJob(job.id))?.runCount).toBe(2)
})

test('of two changes of the same revision the second is refused as a whole', async () => {
  const { store } = newStore()
  const job = newTestJob(noon)
  await store.commit({ job })
  const [fast, slow] = [startRunOf(job, 30), startManualJobRun(job, noon, newRunIds())]
  await store.commit(fast)
  await expect(store.commit(slow)).rejects.toThrow(JobRevisionConflictError)
  expect(await store.findRun(slow.run.id)).toBeNull()
  expect(await store.findJob(job.id)).toEqual(fast.job)
})

test('a run ends once', async () => {
  const { store } = newStore()
  const job = newTestJob(noon)
  await store.commit({ job })
  const started = startRunOf(job, 30)
  await store.commit(started)
  const ended = finishJobRun(started, ok, noon)
  await store.commit(ended)
  const again = { ...ended, job: { ...ended.job, revision: ended.job.revision + 1 } }
  await expect(store.commit(again)).rejects.toThrow(JobRevisionConflictError)
  expect(await store.findJob(job.id)).toEqual(ended.job)
})

test('runs are listed in pages, newest first, in both directions', async () => {
  const { store } = newStore()
  const { job, runs } = await jobWithRuns(store, 5)
  await jobWithRuns(store, 2)
  const newestFirst = runs.toReversed()
  const page = { after: null, before: null, limit: 9, backwards: false }
  expect(await store.listRuns(job.id, page)).toEqual(newestFirst)
  expect(await store.listRuns(job.id, { ...page, limit: 2 })).toEqual(newestFirst.slice(0, 2))
  expect(await store.listRuns(job.id, { ...page, limit: 2, after: 4 })).toEqual(newestFirst.slice(2, 4))
  expect(await store.listRuns(job.id, { ...page, limit: 2, backwards: true })).toEqual(newestFirst.slice(3))
  expect(await store.listRuns(job.id, { ...page, limit: 2, backwards: true, before: 2 })).toEqual(
    newestFirst.slice(1, 3),
  )
  expect(await store.listRuns(job.id, { ...page, after: 5, before: 1 })).toEqual(newestFirst.slice(1, 4))
  expect(await store.listRuns('job_nobody', page)).toEqual([])
})

test('due jobs are listed, without those that are paused, completed or waiting for a run', async () => {
  const { store } = newStore()
  const soon = newTestJob(noon)
  const later = newTestJob(noon, { schedule: 'in 2h' })
  const paused = { ...newTestJob(noon), enabled: false, nextRunAt: null, state: 'PAUSED' as const }
  for (const each of [later, paused, soon]) await store.commit({ job: each })
  expect(await store.findNextDueAt()).toBe(noon + 30 * minute)
  expect(await store.listDueJobs(noon + 30 * minute - 1)).toEqual([])
  expect(await store.listDueJobs(noon + 180 * minute)).toEqual([soon, later])
  const byHand = startManualJobRun(later, noon, newRunIds())
  await store.commit(byHand)
  await store.commit(startManualJobRun(soon, noon, newRunIds()))
  expect((await store.listDueJobs(noon + 180 * minute)).map(({ id }) => id)).toEqual([soon.id])
  await store.commit(finishJobRun(byHand, ok, noon))
  expect(await store.listDueJobs(noon + 180 * minute)).toHaveLength(2)
})

test('a reader of changes gets each run once, as it is now, and loses none when a job is deleted', async () => {
  const { store } = newStore()
  const { job, runs } = await jobWithRuns(store, 2)
  const other = newTestJob(noon)
  await store.commit({ job: other })
  const started = startManualJobRun(other, noon, newRunIds())
  await store.commit(started)
  const all = await store.listChangedRuns({ after: 0, limit: 9, jobId: null })
  expect(all.map(({ run }) => run)).toEqual([...runs, started.run])
  const cursor = await store.loadLatestChangeSeq()
  expect(all.at(-1)?.changeSeq).toBe(cursor)
  expect((await store.listChangedRuns({ after: 0, limit: 9, jobId: job.id })).map(({ run }) => run)).toEqual(runs)
  expect(await store.listChangedRuns({ after: 0, limit: 1, jobId: null })).toEqual(all.slice(0, 1))
  await store.delete(other.id)
  expect(await store.loadLatestChangeSeq()).toBe(cursor)
  const next = startRunOf(job, 90)
  await store.commit(next)
  expect((await store.listChangedRuns({ after: cursor, limit: 9, jobId: null })).map(({ run }) => run)).toEqual([
    next.run,
  ])
})

test('deleting a job deletes its runs, and no others', async () => {
  const { store } = newStore()
  const { job, runs } = await jobWithRuns(store, 2)
  const { runs: others } = await jobWithRuns(store, 1)
  expect(await store.delete(job.id)).toBe(true)
  expect(await store.delete(job.id)).toBe(false)
  expect([await store.findJob(job.id), await store.findRun(runs[0]?.id ?? '')]).toEqual([null, null])
  expect(await store.findRun(others[0]?.id ?? '')).toEqual(others[0])
})

test('jobs and runs outlive the process', async () => {
  const folder = newJobsFolder()
  const { store, database } = newStore(folder)
  const { job, runs } = await jobWithRuns(store, 3)
  const change = await store.loadLatestChangeSeq()
  database.close()
  const { store: again } = newStore(folder)
  expect(await again.listJobs()).toEqual([job])
  expect(await again.findRun(runs[2]?.id ?? '')).toEqual(runs[2])
  expect(await again.loadLatestChangeSeq()).toBe(change)
})

test('due jobs, recovery and pages are answered by indexes', async () => {
  const folder = newJobsFolder()
  const { store, database } = newStore(folder)
  const { job } = await jobWithRuns(store, 1)
  database.close()
  const statements = recordSql()
  const watched = new SegueProfileDatabase(`${folder}/segue.db`)
  const reader = new SqliteJobStore(watched)
  statements.length = 0
  await reader.listDueJobs(noon)
  await reader.findNextDueAt()
  await reader.listRunningRuns()
  await reader.findJobWithRunningRun(job.id)
  await reader.listRuns(job.id, { after: 9, before: 1, limit: 9, backwards: false })
  await reader.listChangedRuns({ after: 0, limit: 9, jobId: null })
  await reader.loadLatestChangeSeq()
  watched.close()
  expect(statements).toHaveLength(7)
  const file = new Database(`${folder}/segue.db`, { readonly: true })
  for (const { sql } of statements) {
    const plan = file.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all()
    for (const { detail } of plan)
      expect(detail, sql).toMatch(/^(SEARCH|CORRELATED|SCAN .* USING .*INDEX (running_job_runs|jobs_by_due_time))/)
  }
  file.close()
})
