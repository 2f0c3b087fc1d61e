import { expect, test } from 'vitest'
import { newId } from '../../../../src/lib/ids.ts'
import { newSegueJob, finishJobRun, startManualJobRun } from '../../../../src/jobs/job-state.ts'
import type { SegueJob } from '../../../../src/model/job.ts'
import { addUsage } from '../../../../src/model/usage.ts'
import { JobLimitError, JobRevisionConflictError } from '../../../../src/storage/errors.ts'
import { newJobInput, newRunIds } from '../../../support/jobs/job-fixtures.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'
import { addSession, firstPage, streamOf, usage } from './records.ts'

const minute = 60_000

export function describeJobStore(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  async function addJob(now = 0): Promise<SegueJob> {
    const job = newSegueJob(newJobInput(), { id: newId('job'), profile: 'work', now })
    await current().jobs.commit({ job })
    return job
  }

  /** Runs a job by hand, to its end, and returns it as it is then. */
  async function runOnce(job: SegueJob, now: number): Promise<SegueJob> {
    const started = startManualJobRun(job, now, newRunIds())
    await current().jobs.commit(started)
    const outcome = { status: 'OK', output: 'Done', error: null } as const
    const ended = finishJobRun(started, outcome, now + 1)
    await current().jobs.commit(ended)
    return ended.job
  }

  test('jobs are found, listed by age, and due by their next time', async () => {
    const { jobs } = current()
    const [first, second] = [await addJob(0), await addJob(minute)]
    expect(jobs.origin).toBe('SEGUE')
    expect(await jobs.listJobs()).toEqual([first, second])
    expect(await jobs.findJob(first.id)).toEqual(first)
    expect(await jobs.findJob('job_unknown')).toBeNull()
    expect(await jobs.findNextDueAt()).toBe(first.nextRunAt)
    expect(await jobs.listDueJobs(0)).toEqual([])
    expect(await jobs.listDueJobs(40 * minute)).toEqual([first, second])
  })

  test('a new job beyond the number that is allowed is refused', async () => {
    const { jobs } = current()
    const [first, second] = [await addJob(), { ...(await addJob()), id: newId('job') }]
    await expect(jobs.commit({ job: second, maxJobs: 2 })).rejects.toThrow(JobLimitError)
    await jobs.commit({ job: second, maxJobs: 3 })
    expect(await jobs.countJobs()).toBe(3)
    // A change of a job is none.
    await jobs.commit({ job: { ...first, name: 'Owls', revision: 2 }, maxJobs: 2 })
  })

  test('a write that has read another revision is refused, with its run', async () => {
    const { jobs } = current()
    const job = await addJob()
    const stale = startManualJobRun(job, minute, newRunIds())
    await jobs.commit({ job: { ...job, name: 'Owls', revision: 2 } })
    await expect(jobs.commit(stale)).rejects.toThrow(JobRevisionConflictError)
    expect((await jobs.findJob(job.id))?.name).toBe('Owls')
    expect(await jobs.findRun(stale.run.id)).toBeNull()
  })

  test('a job has at most one running run', async () => {
    const { jobs } = current()
    const job = await addJob()
    const started = startManualJobRun(job, minute, newRunIds())
    await jobs.commit(started)
    expect(await jobs.findJobWithRunningRun(job.id)).toEqual({ job: started.job, runningRun: started.run })
    expect((await jobs.listRunningRuns()).map(({ run }) => run)).toEqual([started.run])
    const second = startManualJobRun(started.job, minute, newRunIds())
    await expect(jobs.commit(second)).rejects.toMatchObject({ name: 'StorageError', failure: 'CONSTRAINT' })
    const ended = finishJobRun(started, { status: 'OK', output: 'Done', error: null }, 2 * minute)
    await jobs.commit(ended)
    expect(await jobs.findJobWithRunningRun(job.id)).toEqual({ job: ended.job, runningRun: null })
    expect(await jobs.findJobWithRunningRun('job_unknown')).toBeNull()
    expect(await jobs.listRunningRuns()).toEqual([])
    expect(await jobs.findRun(ended.run.id)).toEqual(ended.run)
    expect(await jobs.hasRunFor(job.id, minute)).toBe(false)
    const again = jobs.commit({ ...ended, job: { ...ended.job, revision: ended.job.revision + 1 } })
    await expect(again).rejects.toThrow(JobRevisionConflictError)
  })

  test('a run in progress has the usage of the first stream of its session; once it has ended, the usage that it was stored with', async () => {
    const { jobs, eventStore } = current()
    const job = await addJob()
    const started = startManualJobRun(job, minute, newRunIds())
    await jobs.commit(started)
    const loadUsages = async (): Promise<unknown[]> => [
      (await jobs.findRun(started.run.id))?.usage,
      (await jobs.findJobWithRunningRun(job.id))?.runningRun?.usage,
      ...(await jobs.listRuns(job.id, firstPage)).map((run) => run.usage),
      ...(await jobs.listRunningRuns()).map(({ run }) => run.usage),
      ...(await jobs.listChangedRuns({ after: 0, limit: 10, jobId: null })).map(({ run }) => run.usage),
    ]
    expect(await loadUsages()).toEqual([null, null, null, null, null])
    const session = await addSession(current(), { id: started.run.sessionId ?? '' })
    // The clock was set back before a person continued the session.
    const first = streamOf(session, { usage, startedAt: 9_000, status: 'COMPLETED', finishedAt: 9_001 })
    const second = streamOf(session, { usage: addUsage(usage, usage), startedAt: 5_000 })
    await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], streams: [first] })
    await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], streams: [second] })
    expect(await loadUsages()).toEqual([usage, usage, usage, usage, usage])
    const runningRun = (await jobs.findJobWithRunningRun(job.id))?.runningRun ?? started.run
    const outcome = { status: 'OK', output: 'Done', error: null } as const
    await jobs.commit(finishJobRun({ job: started.job, run: runningRun }, outcome, 2 * minute))
    await eventStore.deleteSessions([session.id])
    const finished = await jobs.listFinishedRuns({ finishedAfter: 0, limit: 10, jobId: null })
    expect(finished.map(({ run }) => run.usage)).toEqual([usage])
    expect((await jobs.findRun(started.run.id))?.usage).toEqual(usage)
  })

  test('runs are listed in pages, newest first, in both directions', async () => {
    const { jobs } = current()
    let job = await addJob()
    for (let count = 1; count <= 4; count += 1) job = await runOnce(job, count * minute)
    const positions = async (page: object) =>
      (await jobs.listRuns(job.id, { ...firstPage, ...page })).map(({ position }) => position)
    expect(await positions({})).toEqual([4, 3, 2, 1])
    expect(await positions({ after: 4, limit: 2 })).toEqual([3, 2])
    expect(await positions({ limit: 2, backwards: true })).toEqual([2, 1])
    expect(await positions({ before: 1, limit: 1, backwards: true })).toEqual([2])
  })

  test('runs that finished after a time are listed by their changes, the newest ones of one job or of all', async () => {
    const { jobs } = current()
    const [job, other] = [await addJob(), await addJob()]
    const later = await runOnce(await runOnce(job, minute), 5 * minute)
    await runOnce(other, 3 * minute)
    await jobs.commit(startManualJobRun(later, 9 * minute, newRunIds()))
    const list = async (query: object) =>
      (await jobs.listFinishedRuns({ finishedAfter: 0, limit: 10, jobId: null, ...query })).map(
        ({ run }) => run.startedAt,
      )
    expect(await list({})).toEqual([minute, 5 * minute, 3 * minute])
    expect(await list({ limit: 2 })).toEqual([5 * minute, 3 * minute])
    expect(await list({ jobId: other.id })).toEqual([3 * minute])
    expect(await list({ finishedAfter: 4 * minute })).toEqual([5 * minute])
  })

  test('changes of runs are numbered; the numbers are never used again, also after a restart', async () => {
    const { jobs, changes } = current()
    const [remaining, deleted] = [await addJob(), await addJob()]
    const { version } = changes.jobRuns
    await runOnce(remaining, minute)
    await runOnce(deleted, minute)
    expect(changes.jobRuns.version).toBe(version + 4)
    const list = async (jobId: string | null) =>
      (await jobs.listChangedRuns({ after: 0, limit: 10, jobId })).map(({ changeSeq }) => changeSeq)
    expect([await list(null), await list(remaining.id)]).toEqual([[2, 4], [2]])
    expect(await jobs.delete(deleted.id)).toBe(true)
    expect(await jobs.delete(deleted.id)).toBe(false)
    const reopened = (await opened().reopen()).jobs
    expect(await reopened.loadLatestChangeSeq()).toBe(4)
    const job = await reopened.findJob(remaining.id)
    if (job) await runOnce(job, 5 * minute)
    const after = await reopened.listChangedRuns({ after: 4, limit: 10, jobId: null })
    expect(after.map(({ changeSeq }) => changeSeq)).toEqual([6])
  })
}
