import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type CronFields,
  formatResponseDocument,
  HermesCron,
  newHermesJob,
  readOwnExecutionOwner,
} from '../../support/hermes/hermes-cron.ts'
import { addCronSession } from '../../support/hermes/hermes-cron-home.ts'
import { newDb, newStatePath } from '../../support/hermes/hermes-fixtures.ts'
import { transports } from '../support/clients.ts'
import { loadJob, loadRun, loadRuns, newJob } from '../support/job.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { ask, expectRefusal } from '../support/typed-client.ts'
import {
  DeleteJobDocument,
  JobRunsDocument,
  type JobRunsQueryVariables,
  JobsDocument,
  RunJobDocument,
  UpdateJobDocument,
} from '../generated/graphql.ts'

/** A home of Hermes with a job that has five runs, and one that Hermes has removed. */
function newHermesHome() {
  const path = newStatePath()
  const cron = new HermesCron(dirname(path))
  cron.writeCombined([newHermesJob({ id: 'birds' })])
  const newExecution = (hour: number, fields: CronFields): CronFields => ({
    id: `run${hour}`,
    job_id: 'birds',
    claimed_at: `2026-11-22T${hour}:00:00.000001+00:00`,
    started_at: `2026-11-22T${hour}:00:01.000001+00:00`,
    finished_at: `2026-11-22T${hour}:00:09.000001+00:00`,
    ...fields,
  })
  cron.writeExecutions([
    newExecution(10, {}),
    newExecution(11, { status: 'failed', error: 'ValueError: no' }),
    newExecution(12, { status: 'running', finished_at: null }),
    newExecution(13, { status: 'running', finished_at: null, ...readOwnExecutionOwner() }),
    newExecution(9, { job_id: 'reminder' }),
  ])
  const hermes = newDb(path)
  const startedAt = '2026-11-22T10:00:02Z'
  const sessionId = addCronSession(hermes, { jobId: 'birds', stamp: '20261122_100002', startedAt })
  addCronSession(hermes, {
    jobId: 'birds',
    stamp: '20261121_100002',
    startedAt: '2026-11-21T10:00:02Z',
    endedAt: startedAt,
    row: { input_tokens: 100, cache_read_tokens: 30, output_tokens: 50 },
  })
  cron.writeOutput('birds', '2026-11-22_10-00-07', formatResponseDocument('The larks.'))
  return { hermesHome: dirname(path), cron, sessionId }
}

describe.each(transports)('Hermes jobs, over %s,', (transport) => {
  test('are listed with the runs that Hermes recorded', async () => {
    const { hermesHome, sessionId } = newHermesHome()
    await using environment = await newTestEnvironment(transport, { settings: { hermesHome } })
    const { client } = environment
    const segueJob = await newJob(client)
    expect((await ask(client, JobsDocument, {})).jobs).toMatchObject([
      { id: segueJob.id },
      { id: 'birds', origin: 'HERMES', name: 'Birds', state: 'RUNNING', enabled: true },
      {
        id: 'reminder',
        ...{ origin: 'HERMES', name: 'reminder', prompt: '', schedule: '', enabled: false, state: 'COMPLETED' },
        ...{ recurring: false, nextRunAt: null, completedRuns: 1 },
      },
    ])
    const runs = await loadRuns(client, 'birds')
    expect(runs).toMatchObject([
      { id: 'birds:run13', status: 'RUNNING', startedAt: '2026-11-22T13:00:01.000Z', finishedAt: null, error: null },
      { id: 'birds:run12', status: 'INTERRUPTED', finishedAt: null },
      { id: 'birds:run11', status: 'ERROR', error: 'ValueError: no', finishedAt: '2026-11-22T11:00:09.000Z' },
      { id: 'birds:run10', status: 'OK', output: 'The larks.', session: { id: sessionId, channel: 'CRON' } },
      { id: 'birds:20261121_100002', status: 'OK', output: null, finishedAt: '2026-11-22T10:00:02.000Z' },
    ])
    expect(runs.slice(2).map(({ usage }) => usage && [usage.inputTokens, usage.outputTokens])).toEqual([
      null,
      [0, 0],
      [130, 50],
    ])
    for (const run of runs) expect(await loadRun(client, run.id)).toMatchObject(run)
    expect(await loadRun(client, 'birds:2026-11-22_10-00-07')).toMatchObject({
      id: 'birds:run10',
      job: { id: 'birds' },
    })
    expect(await loadJob(client, 'birds')).toMatchObject({ lastRun: { id: 'birds:run13' } })
    expect(await loadJob(client, 'reminder')).toMatchObject({ lastRun: { id: 'reminder:run9' }, nextRuns: [] })
  })

  test('have pages of runs, also after a cursor of an earlier version', async () => {
    const { hermesHome } = newHermesHome()
    await using environment = await newTestEnvironment(transport, { settings: { hermesHome } })
    const read = async (variables: Omit<JobRunsQueryVariables, 'id'>) => {
      const { node } = await ask(environment.client, JobRunsDocument, { id: 'birds', ...variables })
      if (node?.__typename !== 'Job') throw new Error('There is no such job.')
      const { edges, pageInfo } = node.runs
      return { keys: edges.map((edge) => edge.node.id.slice('birds:'.length)), ...pageInfo }
    }
    const first = await read({ first: 2 })
    expect(first).toMatchObject({ keys: ['run13', 'run12'], hasNextPage: true, hasPreviousPage: false })
    const second = await read({ first: 2, after: first.endCursor })
    expect(second).toMatchObject({ keys: ['run11', 'run10'], hasNextPage: true, hasPreviousPage: true })
    expect(await read({ first: 2, after: second.endCursor })).toMatchObject({
      keys: ['20261121_100002'],
      hasNextPage: false,
    })
    expect(await read({ last: 2, before: second.startCursor })).toMatchObject({ keys: ['run13', 'run12'] })
    const cursorOfOutputFile = Buffer.from('20261122100007').toString('base64url')
    expect(await read({ first: 2, after: cursorOfOutputFile })).toMatchObject({ keys: ['20261121_100002'] })
  })
})

test('Hermes jobs can neither be run nor changed', async () => {
  const { hermesHome } = newHermesHome()
  await using environment = await newTestEnvironment('http', { settings: { hermesHome } })
  const { client } = environment
  const code = 'JOB_READ_ONLY'
  for (const id of ['birds', 'reminder']) {
    expect(await expectRefusal(client, RunJobDocument, { id })).toMatchObject({ code })
    expect(await expectRefusal(client, UpdateJobDocument, { id, name: 'Bees' })).toMatchObject({ code })
    expect(await expectRefusal(client, DeleteJobDocument, { id })).toMatchObject({ code })
  }
})
