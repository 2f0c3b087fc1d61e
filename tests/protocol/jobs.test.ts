import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { ask, follow, requireNonNull } from '../contract/support/typed-client.ts'
import { cancelStream } from '../contract/support/chat.ts'
import { connect } from '../contract/support/clients.ts'
import { FollowJobRunsDocument, JobRunsDocument } from '../contract/generated/graphql.ts'
import { loadJob, newJob, runJob, loadRun, loadRuns, pollUntil } from '../contract/support/job.ts'
import { formatResponseDocument, HermesCron, newHermesJob } from '../support/hermes/hermes-cron.ts'
import { newStatePath } from '../support/hermes/hermes-fixtures.ts'
import { newTempFolder, startTestSegue, startTestSegueWithFlags } from '../support/server/segue.ts'
import { moveJobsIntoPast } from '../support/storage/move-jobs.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { usesPostgres } from '../support/postgres/database-of-home.ts'

test(
  'J1 J2 a run that a crash interrupted is INTERRUPTED, the next one starts, and no due time runs twice',
  { timeout: 60_000 },
  async () => {
    const home = newTempFolder()
    const argv = ['--home', home, '--no-hermes', '--port', '0', '--model', 'offline/eliza']
    try {
      let interrupted = { jobId: '', runId: '' }
      {
        // One word per second, so that the run is active when the server is killed.
        await using server = await startServerProcess({ argv: [...argv, '--offline-delay', '1000'] })
        await using client = connect('http', server.url)
        const { id } = await newJob(client, { schedule: 'every 1s', prompt: 'Hello' })
        const [run] = await pollUntil(
          () => loadRuns(client, id),
          ([newest]) => (newest?.session ?? null) !== null,
        )
        expect(run).toMatchObject({ status: 'RUNNING' })
        interrupted = { jobId: id, runId: run?.id ?? '' }
        await server.stop('SIGKILL')
      }
      await using server = await startTestSegueWithFlags({ argv: [...argv, '--offline-delay', '0'] })
      await using client = connect('http', server.url)
      const { jobId, runId } = interrupted
      expect(await loadRun(client, runId)).toMatchObject({
        status: 'INTERRUPTED',
        error: 'The server stopped during the run.',
        finishedAt: expect.any(String),
        session: { activeStream: null },
      })
      const runs = await pollUntil(
        () => loadRuns(client, jobId),
        (all) => all.filter(({ status }) => status === 'OK').length >= 2,
      )
      const due = runs.map(({ scheduledFor }) => Date.parse(scheduledFor ?? ''))
      expect(new Set(due).size).toBe(due.length)
      expect(due).toEqual(due.toSorted((a, b) => b - a))
      // Every due time between the first and the last has had its run, or counts as skipped.
      const between = (Math.max(...due) - Math.min(...due)) / 1000 + 1
      expect(runs.length + (await loadJob(client, jobId)).skippedRuns).toBeGreaterThanOrEqual(between)
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
)

test.skipIf(usesPostgres)(
  'J1 of the due times that were missed while the server was down, the latest one runs once and the others are skipped',
  { timeout: 60_000 },
  async () => {
    const home = newTempFolder()
    const hourMs = 3_600_000
    try {
      let id = ''
      {
        await using segue = await startTestSegue({ settings: { home } })
        await using client = connect('http', segue.url)
        id = (await newJob(client, { schedule: 'every 1h', prompt: 'Hello' })).id
      }
      moveJobsIntoPast(home, 10 * hourMs)
      for (const starts of [1, 2]) {
        await using segue = await startTestSegue({ settings: { home } })
        await using client = connect('http', segue.url)
        const runs = await pollUntil(
          () => loadRuns(client, id),
          (all) => all.length > 0 && all.every(({ status }) => status === 'OK'),
        )
        expect(runs, `after ${starts} starts`).toHaveLength(1)
        const job = await loadJob(client, id)
        expect(job).toMatchObject({ skippedRuns: 9, completedRuns: 1, state: 'SCHEDULED' })
        expect(Date.parse(job.nextRunAt ?? '') - Date.parse(runs[0]?.scheduledFor ?? '')).toBe(hourMs)
      }
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
)

test('J3 jobRuns first delivers the active run, which runJob returns as well, and then its end', async () => {
  await using segue = await startTestSegue()
  await using client = connect('webSocket', segue.url)
  const { id } = await newJob(client, { prompt: '/ask Where?', model: 'offline/eliza' })
  const { run } = await runJob(client, id)
  expect(await runJob(client, id)).toMatchObject({ alreadyRunning: true, run: { id: run.id } })
  const jobRuns = follow(client, FollowJobRunsDocument, { jobId: id })
  const first = await jobRuns.next()
  expect(requireNonNull(first.value).jobRuns).toMatchObject({ id: run.id, status: 'RUNNING' })
  const active = await pollUntil(
    () => loadRun(client, run.id),
    ({ session }) => (session?.activeStream ?? null) !== null,
  )
  await cancelStream(client, requireNonNull(active.session?.activeStream).id)
  expect(requireNonNull((await jobRuns.next()).value).jobRuns).toMatchObject({ id: run.id, status: 'CANCELLED' })
  await jobRuns.return(undefined)
})

test.skipIf(usesPostgres)(
  'J4 a Hermes run keeps its id and its place when it starts and ends, and the id of its output file stays valid',
  async () => {
    const path = newStatePath()
    const cron = new HermesCron(dirname(path))
    cron.writeCombined([newHermesJob({ id: 'birds' })])
    await using segue = await startTestSegue({ settings: { hermesHome: dirname(path) } })
    await using client = connect('http', segue.url)
    const cursors: string[] = []
    for (const [status, expected] of [
      ['claimed', 'INTERRUPTED'],
      ['running', 'INTERRUPTED'],
      ['completed', 'OK'],
    ]) {
      const ended = status === 'completed' ? {} : { finished_at: null }
      const started = status === 'claimed' ? { started_at: null } : {}
      cron.writeExecutions([{ id: 'run', job_id: 'birds', status: status ?? '', ...started, ...ended }])
      const { node } = await ask(client, JobRunsDocument, { id: 'birds' })
      if (node?.__typename !== 'Job') throw new Error('There is no such job.')
      expect(node.runs.edges).toMatchObject([{ node: { id: 'birds:run', status: expected } }])
      cursors.push(...node.runs.edges.map(({ cursor }) => cursor))
    }
    expect(new Set(cursors).size).toBe(1)
    const name = '2026-11-22_13-00-07' // in the zone of the execution
    cron.writeOutput('birds', name, formatResponseDocument('The larks.'))
    expect(await loadRun(client, `birds:${name}`)).toMatchObject({ id: 'birds:run', output: 'The larks.' })
  },
)
