import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { follow, requireNonNull } from '../contract/support/typed-client.ts'
import { cancelStream } from '../contract/support/chat.ts'
import { connect } from '../contract/support/clients.ts'
import { FollowJobRunsDocument } from '../contract/generated/graphql.ts'
import { loadJob, newJob, runJob, loadRun, loadRuns, pollUntil } from '../contract/support/job.ts'
import { newTempFolder, startTestSegue, startTestSegueWithFlags } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'

test('J1 J2 a run that a kill cut off is INTERRUPTED; the next one comes, and no due time is run twice', async () => {
  const home = newTempFolder()
  const argv = ['--home', home, '--no-hermes', '--port', '0', '--model', 'offline/eliza']
  try {
    let killed = { jobId: '', runId: '' }
    {
      // A second between two words: the run is under way when the end comes.
      await using server = await startServerProcess({ argv: [...argv, '--offline-delay', '1000'] })
      await using client = connect('http', server.url)
      const { id } = await newJob(client, { schedule: 'every 1s', prompt: 'Hello' })
      const [run] = await pollUntil(
        () => loadRuns(client, id),
        ([newest]) => (newest?.session ?? null) !== null,
      )
      expect(run).toMatchObject({ status: 'RUNNING' })
      killed = { jobId: id, runId: run?.id ?? '' }
      await server.stop('SIGKILL')
    }
    await using server = await startTestSegueWithFlags({ argv: [...argv, '--offline-delay', '0'] })
    await using client = connect('http', server.url)
    const { jobId, runId } = killed
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
    // Every due time between the first and the last had its run, or counts as skipped.
    const between = (Math.max(...due) - Math.min(...due)) / 1000 + 1
    expect(runs.length + (await loadJob(client, jobId)).skippedRuns).toBeGreaterThanOrEqual(between)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('J1 of the times that were missed while the server was down the newest is made, once; the older ones are counted', async () => {
  const home = newTempFolder()
  const hour = 3_600_000 // milliseconds
  try {
    let id = ''
    {
      await using segue = await startTestSegue({ settings: { home } })
      await using client = connect('http', segue.url)
      id = (await newJob(client, { schedule: 'every 1h', prompt: 'Hello' })).id
    }
    // As if that had been ten hours ago.
    const database = new Database(join(home, 'segue.db'))
    const columns = ['anchor', 'settled_until', 'created_at', 'next_run_at']
    database.exec(`UPDATE jobs SET ${columns.map((name) => `${name} = ${name} - ${10 * hour}`).join(', ')}`)
    database.close()
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
      expect(Date.parse(job.nextRunAt ?? '') - Date.parse(runs[0]?.scheduledFor ?? '')).toBe(hour)
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('J3 jobRuns begins with what is under way, which is what runJob returns; then it tells of the end', async () => {
  await using segue = await startTestSegue()
  await using client = connect('webSocket', segue.url)
  const { id } = await newJob(client, { prompt: '/ask Where?', model: 'offline/eliza' })
  const { run } = await runJob(client, id)
  expect(await runJob(client, id)).toMatchObject({ alreadyRunning: true, run: { id: run.id } })
  const told = follow(client, FollowJobRunsDocument, { jobId: id })
  const under = await told.next()
  expect(requireNonNull(under.value).jobRuns).toMatchObject({ id: run.id, status: 'RUNNING' })
  const held = await pollUntil(
    () => loadRun(client, run.id),
    ({ session }) => (session?.activeStream ?? null) !== null,
  )
  await cancelStream(client, requireNonNull(held.session?.activeStream).id)
  expect(requireNonNull((await told.next()).value).jobRuns).toMatchObject({ id: run.id, status: 'CANCELLED' })
  await told.return(undefined)
})
