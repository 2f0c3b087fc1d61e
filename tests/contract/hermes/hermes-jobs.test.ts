import { dirname, join } from 'node:path'
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
import { loadJob, loadRun, loadRuns, newJob, runJob } from '../support/job.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { ask, expectRefusal, follow, requireNonNull } from '../support/typed-client.ts'
import {
  DeleteJobDocument,
  FollowJobRunsDocument,
  type FollowJobRunsSubscription,
  JobRunsDocument,
  type JobRunsQueryVariables,
  JobsDocument,
  RunJobDocument,
  UpdateJobDocument,
} from '../generated/graphql.ts'

/** A home of Hermes, of a named profile if one is given, with a job that has five runs, and one that Hermes has removed. */
function newHermesHome(profile: string | null = null) {
  const rootPath = newStatePath()
  const path = profile === null ? rootPath : join(dirname(rootPath), 'profiles', profile, 'state.db')
  const cron = new HermesCron(dirname(path))
  cron.writeCombined([newHermesJob({ id: 'birds' })])
  const newExecution = (hour: number, fields: CronFields): CronFields => ({
    id: `run${hour}`,
    job_id: 'birds',
    claimed_at: `2026-11-22T${`${hour}`.padStart(2, '0')}:00:00.000001+00:00`,
    started_at: `2026-11-22T${`${hour}`.padStart(2, '0')}:00:01.000001+00:00`,
    finished_at: `2026-11-22T${`${hour}`.padStart(2, '0')}:00:09.000001+00:00`,
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
  return { hermesHome: dirname(rootPath), cron, sessionId }
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

describe.each(['sse', 'webSocket'] as const)('The runs of Hermes jobs, followed over %s,', (transport) => {
  const now = () => new Date().toISOString()
  const newRun = (id: string, fields: CronFields = {}) => ({
    ...{
      id,
      job_id: 'birds',
      status: 'completed',
      claimed_at: now(),
      started_at: now(),
      finished_at: now(),
      ...fields,
    },
  })
  const active = { ...readOwnExecutionOwner(), status: 'running', finished_at: null }
  type Run = FollowJobRunsSubscription['jobRuns']
  const toState = ({ id, status }: Run) => [id, status]

  test.each([null, 'work'])(
    'are those of the profile %s: under way, finished lately, then each change',
    async (profile) => {
      const { cron, hermesHome } = newHermesHome(profile)
      await using environment = await newTestEnvironment(transport, { settings: { hermesHome } })
      const { client } = environment
      const prefix = profile === null ? '' : `${profile}@`
      cron.writeExecutions([newRun('late', { status: 'failed', error: 'ValueError: no' })])
      const follower = follow(client, FollowJobRunsDocument, { profile })
      const next = async () => requireNonNull((await follower.next()).value).jobRuns
      expect([await next(), await next(), await next()].map(toState)).toEqual([
        [`${prefix}birds:run13`, 'RUNNING'],
        [`${prefix}birds:run12`, 'INTERRUPTED'],
        [`${prefix}birds:late`, 'ERROR'],
      ])
      cron.writeExecutions([newRun('new', active)])
      expect(await next()).toMatchObject({ id: `${prefix}birds:new`, status: 'RUNNING', job: { id: `${prefix}birds` } })
      cron.writeExecutions([newRun('new', { status: 'failed', error: 'ValueError: no' })])
      const failed = await next()
      expect(failed).toMatchObject({ id: `${prefix}birds:new`, status: 'ERROR', error: 'ValueError: no' })
      expect(await loadRun(client, failed.id)).toMatchObject(failed)
      await follower.return(undefined)
    },
  )

  test('are those of one job, and do not hide those of Segue', async () => {
    const { cron, hermesHome } = newHermesHome()
    await using environment = await newTestEnvironment(transport, { settings: { hermesHome } })
    const { client } = environment
    const ofJob = follow(client, FollowJobRunsDocument, { jobId: 'reminder', finishedSince: '2026-11-22T00:00:00Z' })
    const ofProfile = follow(client, FollowJobRunsDocument, {})
    const next = async (follower: typeof ofJob) => toState(requireNonNull((await follower.next()).value).jobRuns)
    expect(await next(ofJob)).toEqual(['reminder:run9', 'OK'])
    expect([await next(ofProfile), await next(ofProfile)]).toEqual([
      ['birds:run13', 'RUNNING'],
      ['birds:run12', 'INTERRUPTED'],
    ])
    cron.writeExecutions([newRun('other'), newRun('own', { job_id: 'reminder' })])
    expect(await next(ofJob)).toEqual(['reminder:own', 'OK'])
    expect([await next(ofProfile), await next(ofProfile)]).toEqual([
      ['birds:other', 'OK'],
      ['reminder:own', 'OK'],
    ])
    const job = await newJob(client, { prompt: '/ask Where?', model: 'offline/eliza' })
    const { run } = await runJob(client, job.id)
    expect(await next(ofProfile)).toEqual([run.id, 'RUNNING'])
    await ofJob.return(undefined)
    await ofProfile.return(undefined)
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
