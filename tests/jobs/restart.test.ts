import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { connect } from '../contract/clients.ts'
import { jobOf, newJob, runOf, runsOf, untilIs } from '../contract/job.ts'
import { newFolder } from '../support/segue.ts'
import { startProcess } from '../support/server-process.ts'

test('a run that a kill cut off is INTERRUPTED; the next one comes, and no due time is run twice', async () => {
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
    await using server = await startProcess({ argv: [...argv, '--offline-delay', '0'] })
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
