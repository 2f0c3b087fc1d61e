import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { follow, found } from '../contract/support/typed-client.ts'
import { cancelStream } from '../contract/support/chat.ts'
import { connect } from '../contract/support/clients.ts'
import { FollowJobRunsDocument } from '../contract/generated/graphql.ts'
import { jobOf, newJob, runJob, runOf, runsOf, untilIs } from '../contract/support/job.ts'
import { newFolder, newSegue, segueWith } from '../support/server/segue.ts'
import { startProcess } from '../support/server/server-process.ts'

test('J1 J2 a run that a kill cut off is INTERRUPTED; the next one comes, and no due time is run twice', async () => {
  const home = newFolder()
  const argv = ['--home', home, '--no-hermes', '--port', '0', '--model', 'offline/eliza']
  try {
    let killed = { jobId: '', runId: '' }
    {
      // A second between two words: the run is under way when the end comes.
      await using server = await startProcess({ argv: [...argv, '--offline-delay', '1000'] })
      await using client = connect('http', server.url)
      const { id } = await newJob(client, { schedule: 'every 1s', prompt: 'Hello' })
      const [run] = await untilIs(
        () => runsOf(client, id),
        ([newest]) => (newest?.session ?? null) !== null,
      )
      expect(run).toMatchObject({ status: 'RUNNING' })
      killed = { jobId: id, runId: run?.id ?? '' }
      await server.end('SIGKILL')
    }
    await using server = await segueWith({ argv: [...argv, '--offline-delay', '0'] })
    await using client = connect('http', server.url)
    const { jobId, runId } = killed
    expect(await runOf(client, runId)).toMatchObject({
      status: 'INTERRUPTED',
      error: 'The server stopped during the run.',
      finishedAt: expect.any(String),
      session: { activeStream: null },
    })
    const runs = await untilIs(
      () => runsOf(client, jobId),
      (all) => all.filter(({ status }) => status === 'OK').length >= 2,
    )
    const due = runs.map(({ scheduledFor }) => Date.parse(scheduledFor ?? ''))
    expect(new Set(due).size).toBe(due.length)
    expect(due).toEqual(due.toSorted((a, b) => b - a))
    // Every due time between the first and the last had its run, or counts as skipped.
    const between = (Math.max(...due) - Math.min(...due)) / 1000 + 1
    expect(runs.length + (await jobOf(client, jobId)).skippedRuns).toBeGreaterThanOrEqual(between)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('J1 of the times that were missed while the server was down the newest is made, once; the older ones are counted', async () => {
  const home = newFolder()
  const hour = 3_600_000 // milliseconds
  try {
    let id = ''
    {
      await using segue = await newSegue({ settings: { home } })
      await using client = connect('http', segue.url)
      id = (await newJob(client, { schedule: 'every 1h', prompt: 'Hello' })).id
    }
    // As if that had been ten hours ago.
    const database = new Database(join(home, 'segue.db'))
    const columns = ['anchor', 'settled_until', 'created_at', 'next_run_at']
    database.exec(`UPDATE jobs SET ${columns.map((name) => `${name} = ${name} - ${10 * hour}`).join(', ')}`)
    database.close()
    for (const starts of [1, 2]) {
      await using segue = await newSegue({ settings: { home } })
      await using client = connect('http', segue.url)
      const runs = await untilIs(
        () => runsOf(client, id),
        (all) => all.length > 0 && all.every(({ status }) => status === 'OK'),
      )
      expect(runs, `after ${starts} starts`).toHaveLength(1)
      const job = await jobOf(client, id)
      expect(job).toMatchObject({ skippedRuns: 9, completedRuns: 1, state: 'SCHEDULED' })
      expect(Date.parse(job.nextRunAt ?? '') - Date.parse(runs[0]?.scheduledFor ?? '')).toBe(hour)
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('J3 jobRuns begins with what is under way, which is what runJob returns; then it tells of the end', async () => {
  await using segue = await newSegue()
  await using client = connect('webSocket', segue.url)
  const { id } = await newJob(client, { prompt: '/ask Where?', model: 'offline/eliza' })
  const { run } = await runJob(client, id)
  expect(await runJob(client, id)).toMatchObject({ alreadyRunning: true, run: { id: run.id } })
  const told = follow(client, FollowJobRunsDocument, { jobId: id })
  const under = await told.next()
  expect(found(under.value).jobRuns).toMatchObject({ id: run.id, status: 'RUNNING' })
  const held = await untilIs(
    () => runOf(client, run.id),
    ({ session }) => (session?.activeStream ?? null) !== null,
  )
  await cancelStream(client, found(held.session?.activeStream).id)
  expect(found((await told.next()).value).jobRuns).toMatchObject({ id: run.id, status: 'CANCELLED' })
  await told.return(undefined)
})
