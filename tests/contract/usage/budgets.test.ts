import { rmSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { newTempFolder } from '../../support/server/segue.ts'
import { loadSession, loadTranscript, streamToEnd } from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import { UpdateJobDocument, type UpdateJobMutationVariables } from '../generated/graphql.ts'
import { loadJob, newJob, runJob, waitForRunEnd } from '../support/job.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { expectRefusal, mutate, requireNonNull } from '../support/typed-client.ts'

const call = { toolCall: { id: 'call_1', name: 'look', arguments: ['{}'] } }
const callStep = (input: number) => [call, { finish: 'tool_calls' }, { usage: { input, output: 10 } }]
const sumUp = [{ text: 'So far: oaks.' }, { finish: 'stop' }, { usage: { input: 5, output: 5 } }]

const answerBudget = { answer: { tokens: 100, cost: null }, day: null }
const dayBudget = { answer: null, day: { tokens: 100, cost: null } }

function nextMidnight(): string {
  const day = 86_400_000
  return new Date((Math.floor(Date.now() / day) + 1) * day).toISOString()
}

describe.each(transports)('The budget of an answer, over %s,', (transport) => {
  test('has its last step run without tools, sum up, and end as BUDGET', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { budgets: answerBudget } })
    const { client, provider } = environment
    for (const steps of [callStep(40), callStep(60), sumUp]) provider.enqueue(steps)
    const { events, end } = await streamToEnd(client, { text: 'Trees?' })
    expect(end).toMatchObject({ status: 'COMPLETED', finishReason: 'BUDGET' })
    expect(end.stream).toMatchObject({ finishReason: 'BUDGET', usage: { inputTokens: 105, outputTokens: 25 } })
    expect(requireNonNull(end.message)).toMatchObject({ status: 'PARTIAL', text: 'So far: oaks.' })
    const steps = events.filter(({ type }) => type === 'StepFinished')
    expect(steps).toMatchObject([
      { finishReason: 'TOOL_CALLS' },
      { finishReason: 'TOOL_CALLS' },
      { finishReason: 'BUDGET' },
    ])
    const [first, , last] = provider.requests
    expect(JSON.stringify(first?.body)).not.toContain('budget')
    expect(JSON.stringify(last?.body)).toContain('The budget of this answer is used up.')
  })

  test('does not cut an answer that ends by itself', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { budgets: answerBudget } })
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks.' }, { finish: 'stop' }, { usage: { input: 500, output: 5 } }])
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    expect(end).toMatchObject({ finishReason: 'STOP', message: { status: 'COMPLETE' } })
  })

  test('may be a cost', async () => {
    const settings = {
      budgets: { answer: { tokens: null, cost: 0.01 }, day: null },
      prices: { 'local/*': { input: 1000, cached: 1000, output: 0, reasoning: 0 } },
    }
    await using environment = await newTestEnvironment(transport, { settings })
    const { client, provider } = environment
    provider.enqueue(callStep(10))
    provider.enqueue(sumUp)
    expect((await streamToEnd(client, { text: 'Trees?' })).end.finishReason).toBe('BUDGET')
  })

  test('applies to the offline agent', async () => {
    const budgets = { answer: { tokens: 1, cost: null }, day: null }
    await using environment = await newTestEnvironment(transport, { settings: { budgets } })
    const { end } = await streamToEnd(environment.client, { text: '/tool look {}', model: 'offline/eliza' })
    expect(end).toMatchObject({
      finishReason: 'BUDGET',
      message: { status: 'PARTIAL', text: expect.stringMatching(/^The budget of this answer is used up\./) },
    })
  })
})

describe.each(transports)('The budget of the day, over %s,', (transport) => {
  test('has a start accepted, its message kept, and its stream end with QUOTA', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { budgets: dayBudget } })
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks.' }, { finish: 'stop' }, { usage: { input: 90, output: 10 } }])
    const first = (await streamToEnd(client, { text: 'Trees?' })).end
    expect(first.finishReason).toBe('STOP')
    const sessionId = first.stream.session.id
    const { end } = await streamToEnd(client, { sessionId, text: 'More?' })
    const retryAt = nextMidnight()
    expect(end).toMatchObject({ status: 'FAILED', message: null })
    expect(end.stream.error).toEqual({
      code: 'QUOTA',
      message: `The budget of the day is used up. Try again after ${retryAt}, or raise limits.dayBudget.`,
      retryAt,
    })
    expect(await loadTranscript(client, sessionId)).toEqual(['USER Trees?', 'ASSISTANT Oaks.', 'USER More?'])
    expect((await loadSession(client, sessionId)).usage.inputTokens).toBe(90)
    expect(provider.requests).toHaveLength(1)
  })

  test('stays used up after a restart, until the day ends in UTC', async () => {
    const home = newTempFolder()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const start = () => newTestEnvironment(transport, { settings: { home, budgets: dayBudget } })
    const askAt = async (time: string, { client, provider }: TestEnvironment) => {
      vi.setSystemTime(time)
      provider.enqueue([{ text: 'Oaks.' }, { finish: 'stop' }, { usage: { input: 90, output: 10 } }])
      const { status, stream } = (await streamToEnd(client, { text: 'Trees?' })).end
      return { status, retryAt: stream.error?.retryAt ?? null, requests: provider.requests.length }
    }
    vi.setSystemTime('2026-03-01T00:00:00.000Z')
    await using before = await start()
    expect(await askAt('2026-03-01T00:00:00.000Z', before)).toMatchObject({ status: 'COMPLETED' })
    const refused = { status: 'FAILED', retryAt: '2026-03-02T00:00:00.000Z' }
    expect(await askAt('2026-03-01T00:00:01.000Z', before)).toEqual({ ...refused, requests: 1 })
    await before[Symbol.asyncDispose]()
    await using after = await start()
    expect(await askAt('2026-03-01T23:59:59.999Z', after)).toEqual({ ...refused, requests: 0 })
    const answered = { status: 'COMPLETED', retryAt: null, requests: 1 }
    expect(await askAt('2026-03-02T00:00:00.000Z', after)).toEqual(answered)
  })

  test('has a running answer sum up', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { budgets: dayBudget } })
    const { client, provider } = environment
    provider.enqueue(callStep(100))
    provider.enqueue(sumUp)
    expect((await streamToEnd(client, { text: 'Trees?' })).end.finishReason).toBe('BUDGET')
  })

  test('has the run of a job end with ERROR and the same sentence', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { budgets: dayBudget } })
    const { client, provider } = environment
    provider.enqueue([{ text: 'Oaks.' }, { finish: 'stop' }, { usage: { input: 90, output: 10 } }])
    await streamToEnd(client, { text: 'Trees?' })
    const job = await newJob(client)
    const run = await waitForRunEnd(client, (await runJob(client, job.id)).run.id)
    expect(run).toMatchObject({
      status: 'ERROR',
      error: `The budget of the day is used up. Try again after ${nextMidnight()}, or raise limits.dayBudget.`,
    })
  })
})

describe.each(transports)('The budget of a job, over %s,', (transport) => {
  test('is given, changed limit by limit, and taken away with 0', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { id, budget } = await newJob(client, { budget: { tokens: 100, cost: 0.5 } })
    expect(budget).toEqual({ tokens: 100, cost: 0.5 })
    const update = async (changed: UpdateJobMutationVariables['budget']) =>
      (await mutate(client, UpdateJobDocument, { id, budget: changed })).updateJob.budget
    expect(await update(null)).toEqual({ tokens: 100, cost: 0.5 })
    expect(await update({ tokens: 2 ** 40 })).toEqual({ tokens: 2 ** 40, cost: 0.5 })
    expect(await update({ cost: 0 })).toEqual({ tokens: 2 ** 40, cost: null })
    expect(await update({ tokens: 0, cost: null })).toBeNull()
    expect(await loadJob(client, id)).toMatchObject({ budget: null })
    expect((await newJob(client, { budget: { tokens: 0 } })).budget).toBeNull()
  })

  test('needs a limit that can be one', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { id } = await newJob(client)
    for (const budget of [{}, { tokens: null }, { tokens: -1 }, { tokens: 1.5 }, { tokens: 2 ** 53 }, { cost: -0.1 }])
      expect(await expectRefusal(client, UpdateJobDocument, { id, budget }), JSON.stringify(budget)).toMatchObject({
        code: 'BAD_USER_INPUT',
      })
  })

  test('applies to each of its runs', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const job = await newJob(client, { budget: { tokens: 50 } })
    for (const _ of [1, 2]) {
      provider.enqueue(callStep(40))
      provider.enqueue(sumUp)
      const run = await waitForRunEnd(client, (await runJob(client, job.id)).run.id)
      expect(run).toMatchObject({ status: 'OK', output: 'So far: oaks.', usage: { inputTokens: 45 } })
    }
  })
})
