import { rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { newTempFolder } from '../support/server/segue.ts'
import { ask, follow, requireNonNull, readUntil, expectRefusal, mutate } from './support/typed-client.ts'
import { cancelStream, followStream, isEventOfType, never, startChat, loadTranscript } from './support/chat.ts'
import { transports } from './support/clients.ts'
import {
  CreateJobDocument,
  DeleteJobDocument,
  DeleteSessionDocument,
  FollowJobRunsDocument,
  JobNodeDocument,
  JobsDocument,
  SessionsDocument,
  UpdateJobDocument,
} from './generated/graphql.ts'
import { waitForRunEnd, loadJob, newJob, runJob, loadRun, loadRuns, yearlySchedule, pollUntil } from './support/job.ts'
import { newTestEnvironment } from './support/test-environment.ts'

describe.each(transports)('A job, over %s,', (transport) => {
  test('shows how its schedule was understood', async () => {
    await using environment = await newTestEnvironment(transport)
    const job = await newJob(environment.client, { schedule: '0 9 1 1 *', timezone: 'Europe/Berlin', repeatLimit: 2 })
    expect(job).toMatchObject({
      id: expect.stringMatching(/^job_/),
      origin: 'SEGUE',
      profile: { name: 'default' },
      recurring: true,
      timezone: 'Europe/Berlin',
      state: 'SCHEDULED',
      enabled: true,
      repeatLimit: 2,
    })
    // There is no third due time.
    expect(job.nextRuns).toHaveLength(2)
    expect(job.nextRunAt).toBe(job.nextRuns[0])
    expect(job.nextRunAt).toMatch(/-01-01T08:00:00\.000Z$/)
    expect((await ask(environment.client, JobsDocument, {})).jobs).toMatchObject([{ id: job.id }])
  })

  test('runs at its due time in a session of the channel CRON, is emitted by jobRuns, and ends COMPLETED', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { promise: held, resolve } = Promise.withResolvers<void>()
    const usage = { input: 100, output: 50, reasoning: 20, cached: 30 }
    provider.enqueue([{ text: 'The larks' }, { wait: held }, { text: ' are.' }, { finish: 'stop' }, { usage }])
    const runs = follow(client, FollowJobRunsDocument, {})
    const first = runs.next()
    const job = await newJob(client, { schedule: 'in 1s' })
    expect(job).toMatchObject({ recurring: false, nextRuns: [job.nextRunAt] })
    const started = requireNonNull((await first).value).jobRuns
    expect(started).toMatchObject({
      trigger: 'SCHEDULE',
      status: 'RUNNING',
      scheduledFor: job.nextRunAt,
      job: { id: job.id },
    })
    resolve()
    const { last } = await readUntil(runs, (value): value is typeof value => value.jobRuns.status !== 'RUNNING')
    await runs.return(undefined)
    expect(last.jobRuns).toMatchObject({
      id: started.id,
      status: 'OK',
      output: 'The larks are.',
      error: null,
      session: { title: 'Birds', source: 'cron', channel: 'CRON', activeStream: null },
      usage: { estimated: false, inputTokens: 100, outputTokens: 50, reasoningTokens: 20, cachedInputTokens: 30 },
    })
    expect(await loadJob(client, job.id)).toMatchObject({ state: 'COMPLETED', completedRuns: 1, nextRunAt: null })

    const sessionId = requireNonNull(last.jobRuns.session).id
    const inChannel = async (channel: 'CRON' | 'SEGUE') =>
      (await ask(client, SessionsDocument, { channels: [channel] })).sessions.edges.map(({ node }) => node.id)
    expect(await inChannel('CRON')).toEqual([sessionId])
    expect(await inChannel('SEGUE')).toEqual([])

    const more = await startChat(client, { sessionId, text: 'Only they?' })
    await readUntil(followStream(client, more.id), isEventOfType('StreamFinished'))
    expect(await loadTranscript(client, sessionId)).toEqual([
      'USER Which birds are back?',
      'ASSISTANT The larks are.',
      'USER Only they?',
      'ASSISTANT Hello from the strict provider.',
    ])
    // The usage is that of the run, without what was said in its session later.
    expect((await loadRun(client, started.id)).usage).toEqual(last.jobRuns.usage)
  })

  test('can be run manually, once at a time, and its run can be followed and cancelled', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ text: 'The larks' }, { wait: never }])
    const { id } = await newJob(client, { repeatLimit: 1 })
    const answers = await Promise.all([runJob(client, id), runJob(client, id), runJob(client, id)])
    expect(new Set(answers.map(({ run }) => run.id)).size).toBe(1)
    expect(answers.filter(({ alreadyRunning }) => !alreadyRunning)).toHaveLength(1)
    const { run } = requireNonNull(answers[0])
    expect(await loadJob(client, id)).toMatchObject({ state: 'RUNNING' })
    const under = await pollUntil(
      () => loadRun(client, run.id),
      ({ session }) => (session?.activeStream ?? null) !== null,
    )
    const streamId = requireNonNull(under.session?.activeStream).id
    await readUntil(followStream(client, streamId), isEventOfType('TextDelta'))
    await cancelStream(client, streamId)
    expect(await waitForRunEnd(client, run.id)).toMatchObject({
      trigger: 'MANUAL',
      status: 'CANCELLED',
      scheduledFor: null,
      output: 'The larks',
    })
    expect(await loadJob(client, id)).toMatchObject({
      state: 'SCHEDULED',
      completedRuns: 0,
      nextRunAt: expect.any(String),
    })
  })
})

describe('A run', () => {
  test('is an ERROR without an answer', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider } = environment
    provider.enqueue([{ text: ' \n\t' }, { finish: 'stop' }])
    const { id } = await newJob(client)
    const { run } = await runJob(client, id)
    const error = 'The agent finished without a response.'
    expect(await waitForRunEnd(client, run.id)).toMatchObject({ status: 'ERROR', output: null, error })
    expect(environment.segue.warnings).toEqual([])
  })

  test('keeps the partial output and the reason when it fails', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider } = environment
    provider.enqueue([{ text: 'The larks' }, { raw: 'data: {"error": {"message": "Out of order."}}' }])
    const { id } = await newJob(client)
    const { run } = await runJob(client, id)
    const ended = await waitForRunEnd(client, run.id)
    expect(ended).toMatchObject({
      status: 'ERROR',
      output: 'The larks',
      error: expect.stringContaining('Out of order'),
    })
    expect(await loadRuns(client, id)).toMatchObject([
      { id: ended.id, status: 'ERROR', output: 'The larks', error: ended.error },
    ])
  })

  test('stays when its session is deleted, and its session stays when the job is deleted', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const { id } = await newJob(client)
    const first = await waitForRunEnd(client, (await runJob(client, id)).run.id)
    const second = await waitForRunEnd(client, (await runJob(client, id)).run.id)
    await mutate(client, DeleteSessionDocument, { id: requireNonNull(first.session).id })
    expect(await loadRun(client, first.id)).toMatchObject({
      ...{ status: 'OK', session: null, output: first.output },
      usage: { ...first.usage, inputTokens: 10, outputTokens: 5 },
    })
    expect((await loadRuns(client, id)).map((run) => run.id)).toEqual([second.id, first.id])

    expect(await mutate(client, DeleteJobDocument, { id })).toEqual({ deleteJob: id })
    expect((await ask(client, JobsDocument, {})).jobs).toEqual([])
    const left = (await ask(client, SessionsDocument, {})).sessions.edges.map(({ node }) => node.id)
    expect(left).toEqual([requireNonNull(second.session).id])
  })

  test('belongs to the profile of its job, and is not visible in another one', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const { id } = await newJob(client, { profile: 'work', model: 'offline/eliza' })
    expect((await ask(client, JobsDocument, {})).jobs).toEqual([])
    expect((await ask(client, JobsDocument, { profile: 'work' })).jobs).toMatchObject([{ id }])
    expect(await waitForRunEnd(client, (await runJob(client, id)).run.id)).toMatchObject({ status: 'OK' })
    const inProfile = async (profile: string) =>
      (await ask(client, SessionsDocument, { profile })).sessions.edges.length
    expect([await inProfile('work'), await inProfile('default')]).toEqual([1, 0])
    expect(environment.provider.requests).toEqual([])
  })
})

describe('A schedule', () => {
  test('can be paused and resumed', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const { id, nextRunAt } = await newJob(client)
    const paused = (await mutate(client, UpdateJobDocument, { id, enabled: false })).updateJob
    expect(paused).toMatchObject({ enabled: false, state: 'PAUSED', nextRunAt: null, nextRuns: [] })
    const on = (await mutate(client, UpdateJobDocument, { id, enabled: true })).updateJob
    expect(on).toMatchObject({ enabled: true, state: 'SCHEDULED', nextRunAt })
  })

  test('ends with its repeatLimit, and the job is kept', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const { id } = await newJob(client, { schedule: 'every 1s', repeatLimit: 1 })
    const job = await pollUntil(
      () => loadJob(client, id),
      ({ state }) => state === 'COMPLETED',
    )
    expect(job).toMatchObject({ completedRuns: 1, nextRunAt: null, nextRuns: [], lastRun: { status: 'OK' } })
  })

  test('is refused if it is invalid, and so is an unknown model', async () => {
    await using environment = await newTestEnvironment('http')
    const job = { name: 'Birds', prompt: 'Hello', schedule: yearlySchedule, timezone: 'UTC' }
    const refused = (changes: object) => expectRefusal(environment.client, CreateJobDocument, { ...job, ...changes })
    expect(await refused({ schedule: '30m' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: '"30m" is ambiguous. Write "every 30m" or "in 30m".',
    })
    expect(await refused({ model: 'local/nobody' })).toMatchObject({ code: 'BAD_USER_INPUT' })
    expect((await ask(environment.client, JobsDocument, {})).jobs).toEqual([])
  })

  test('lists at most 1,000 due times', async () => {
    await using environment = await newTestEnvironment('http')
    const { id } = await newJob(environment.client, { schedule: 'every 1m' })
    expect((await ask(environment.client, JobNodeDocument, { id, first: 1000 })).node).toMatchObject({
      nextRuns: { length: 1000 },
    })
    const refusal = await expectRefusal(environment.client, JobNodeDocument, { id, first: 1001 })
    expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', path: ['first'] })
  })
})

test('A server that stops during a run records it as INTERRUPTED with its partial output', async () => {
  const home = newTempFolder()
  try {
    let runId = ''
    {
      await using environment = await newTestEnvironment('http', { settings: { home } })
      const { client, provider } = environment
      provider.enqueue([{ text: 'The larks' }, { wait: never }])
      const { run } = await runJob(client, (await newJob(client)).id)
      runId = run.id
      const { session } = await pollUntil(
        () => loadRun(client, runId),
        (now) => (now.session?.activeStream ?? null) !== null,
      )
      await readUntil(followStream(client, requireNonNull(session?.activeStream).id), isEventOfType('TextDelta'))
    }
    await using environment = await newTestEnvironment('http', { settings: { home } })
    expect(await loadRun(environment.client, runId)).toMatchObject({
      ...{ status: 'INTERRUPTED', output: 'The larks' },
      usage: { estimated: true, inputTokens: expect.any(Number) },
    })
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})
