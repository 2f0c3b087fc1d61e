import { describe, expect, test } from 'vitest'
import {
  DeleteSessionDocument,
  ForkSessionDocument,
  RegenerateDocument,
  UsageDocument,
  type UsageQueryVariables,
} from '../generated/graphql.ts'
import { followStream, isEventOfType, streamToEnd } from '../support/chat.ts'
import { type Client, readingTransports, transports } from '../support/clients.ts'
import { newJob, runJob, waitForRunEnd } from '../support/job.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { ask, expectRefusal, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

const prices = { 'local/*': { input: 1, cached: 1, output: 1, reasoning: 1 } }
const finish = { finish: 'stop' }
const today = () => new Date().toISOString().slice(0, 10)

async function loadUsage(client: Client, variables: UsageQueryVariables = {}) {
  return (await ask(client, UsageDocument, variables)).usage
}

const answerWith = (input: number, output: number) => [{ text: 'Oaks.' }, finish, { usage: { input, output } }]

describe.each(transports)('The usage of a profile, over %s,', (transport) => {
  test('is summed by model, day, session and channel', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { prices } })
    const { client, provider } = environment
    expect(await loadUsage(client)).toEqual([])
    provider.enqueue(answerWith(100, 20))
    const first = (await streamToEnd(client, { text: 'Trees?' })).end.stream.session.id
    provider.enqueue(answerWith(1000, 200))
    const second = (await streamToEnd(client, { text: 'Birds?' })).end.stream.session.id
    const usage = {
      inputTokens: 1100,
      outputTokens: 220,
      cost: { amount: 0.00132, currency: 'USD', estimated: false },
    }
    expect(await loadUsage(client)).toMatchObject([{ group: 'local/test', answers: 2, usage }])
    expect(await loadUsage(client, { groupBy: 'DAY' })).toMatchObject([{ group: today(), answers: 2, usage }])
    expect(await loadUsage(client, { groupBy: 'CHANNEL' })).toMatchObject([{ group: 'SEGUE', answers: 2, usage }])
    expect(await loadUsage(client, { groupBy: 'SESSION' })).toMatchObject([
      { group: second, answers: 1, usage: { inputTokens: 1000 } },
      { group: first, answers: 1, usage: { inputTokens: 100 } },
    ])
    expect(await loadUsage(client, { groupBy: 'JOB' })).toEqual([])
    expect(await loadUsage(client, { profile: 'absent' })).toEqual([])
  })

  test('has the rest beyond first as one last group', async () => {
    await using environment = await newTestEnvironment(transport, { settings: { prices } })
    const { client, provider } = environment
    for (const input of [300, 100, 200]) {
      provider.enqueue(answerWith(input, 1))
      await streamToEnd(client, { text: 'Trees?' })
    }
    expect(await loadUsage(client, { groupBy: 'SESSION', first: 1 })).toMatchObject([
      { group: expect.stringMatching(/^ses_/), answers: 1, usage: { inputTokens: 300 } },
      { group: null, answers: 2, usage: { inputTokens: 300, cost: { amount: 0.000302 } } },
    ])
    expect(await loadUsage(client, { groupBy: 'SESSION', first: 3 })).toHaveLength(3)
  })

  test('counts copies once, and what was deleted still', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue(answerWith(100, 20))
    const { end } = await streamToEnd(client, { text: 'Trees?' })
    const sessionId = end.stream.session.id
    const { forkSession } = await mutate(client, ForkSessionDocument, { messageId: requireNonNull(end.message).id })
    provider.enqueue(answerWith(10, 2))
    const { regenerate } = await mutate(client, RegenerateDocument, { messageId: requireNonNull(end.message).id })
    await readUntil(followStream(client, regenerate.id), isEventOfType('StreamFinished'))
    for (const id of [forkSession.id, regenerate.session.id, sessionId])
      await mutate(client, DeleteSessionDocument, { id })
    expect(await loadUsage(client)).toMatchObject([
      { answers: 2, usage: { inputTokens: 110, outputTokens: 22, cost: null } },
    ])
    expect((await loadUsage(client, { groupBy: 'SESSION' })).map(({ group }) => group)).toEqual([
      sessionId,
      regenerate.session.id,
    ])
  })

  test('of a job is that of its runs', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue(answerWith(1, 1))
    await streamToEnd(client, { text: 'Not of the job.' })
    const job = await newJob(client)
    provider.enqueue(answerWith(100, 20))
    await waitForRunEnd(client, (await runJob(client, job.id)).run.id)
    expect(await loadUsage(client, { groupBy: 'JOB' })).toMatchObject([
      { group: job.id, answers: 1, usage: { inputTokens: 100, outputTokens: 20 } },
    ])
    const channels = await loadUsage(client, { groupBy: 'CHANNEL' })
    expect(channels.map(({ group }) => group)).toEqual(['CRON', 'SEGUE'])
  })
})

describe.each(readingTransports)('The span of usage, over %s,', (transport) => {
  test('is that of the days of from and to', async () => {
    await using environment = await newTestEnvironment(transport)
    const writer = environment.connect('http')
    await streamToEnd(writer, { text: 'Trees?' })
    const { client } = environment
    const day = today()
    expect(await loadUsage(client, { from: `${day}T23:59:59Z`, to: `${day}T23:59:59.999Z` })).toHaveLength(1)
    expect(await loadUsage(client, { from: `${day}T00:00:00Z`, to: `${day}T00:00:00Z` })).toHaveLength(1)
    expect(await loadUsage(client, { to: new Date(Date.parse(day) - 1).toISOString() })).toEqual([])
  })

  test('and the number of groups are checked', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    for (const first of [0, 1001, -1])
      expect(await expectRefusal(client, UsageDocument, { first })).toMatchObject({
        code: 'BAD_USER_INPUT',
        path: ['first'],
      })
    const reversed = { from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }
    expect(await expectRefusal(client, UsageDocument, reversed)).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['from'],
    })
  })
})

test.each(transports)('titles count, but are no answers, over %s', async (transport) => {
  await using environment = await newTestEnvironment(transport, { settings: { generateTitles: true, prices } })
  const { client, provider } = environment
  provider.enqueue(answerWith(100, 20))
  provider.enqueue([{ text: 'Trees' }, finish, { usage: { input: 30, output: 3 } }])
  await streamToEnd(client, { text: 'Trees?' })
  let sums = await loadUsage(client)
  while (sums[0]?.usage.inputTokens === 100) sums = await loadUsage(client)
  expect(sums).toMatchObject([
    { group: 'local/test', answers: 1, usage: { inputTokens: 130, outputTokens: 23, cost: { amount: 0.000153 } } },
  ])
})
