import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../../src/config/limits.ts'
import type { ProviderStep } from '../../support/providers/strict-provider.ts'
import { followStream, isEventOfType, startChat } from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import {
  countTexts,
  isFinished,
  listStates,
  listUsers,
  loadEventsAtRest,
  loadSteered,
  startHeldAnswer,
  steer,
} from '../support/steering.ts'
import { newTestEnvironment, type TestEnvironment, type TestEnvironmentOptions } from '../support/test-environment.ts'
import { readUntil } from '../support/typed-client.ts'

const budgets = { answer: { tokens: 100, cost: null }, day: null }
const expensive = { usage: { input: 500, output: 5 } }
const look = { toolCall: { id: 'call_1', name: 'look', arguments: ['{}'] } }
const settings = { withBudget: { budgets }, withOneStep: { limits: { ...defaultLimits, stepsPerAnswer: 1 } } }

/** Has two messages join an answer, whose first request then does the rest. Resolves to its events and those at rest. */
async function runSteered(environment: TestEnvironment, ...rest: readonly ProviderStep[]) {
  const { client, provider } = environment
  const { streamId, sessionId, release } = await startHeldAnswer(environment, ...rest)
  await startChat(client, { sessionId, text: 'Queued', ifBusy: 'QUEUE' })
  for (const text of ['One', 'Two']) await steer(client, sessionId, text)
  release()
  const { received, last } = await readUntil(followStream(client, streamId), isFinished)
  const events = await loadEventsAtRest(client, sessionId)
  expect(provider.rejections).toEqual([])
  return { sessionId, received, last, events }
}

describe.each(transports)('A message that is to join an answer, over %s,', (transport) => {
  test.for<[string, TestEnvironmentOptions, ProviderStep[]]>([
    ['LENGTH', {}, [{ finish: 'length' }]],
    ['CONTENT_FILTER', {}, [{ finish: 'content_filter' }]],
    ['STOP', { settings: settings.withBudget }, [{ finish: 'stop' }, expensive]],
    ['STOP', { settings: settings.withOneStep }, [{ finish: 'stop' }]],
  ])(
    'is answered by itself, before the queue, if the answer ends with %s and has no room for it (%o)',
    async ([finishReason, options, rest]) => {
      await using environment = await newTestEnvironment(transport, options)
      const { client, provider } = environment
      const { sessionId, received, last, events } = await runSteered(environment, ...rest)
      expect(last).toMatchObject({ status: 'COMPLETED', finishReason })
      expect(listStates(received)).toEqual(['PENDING One', 'PENDING Two', 'QUEUED One', 'QUEUED Two'])
      expect(events.filter(isFinished).map(({ status }) => status)).toEqual(Array(4).fill('COMPLETED'))
      expect(await listUsers(client, sessionId)).toEqual(['USER Begin', 'USER One', 'USER Two', 'USER Queued'])
      expect(provider.requests.map(({ body }) => body.messages.at(-1)?.content)).toEqual([
        'Begin',
        'One',
        'Two',
        'Queued',
      ])
      expect(countTexts(provider.requests.at(-1), ['One', 'Two'])).toEqual([1, 1])
    },
  )

  test('is in the last step of an answer whose budget is used up, which sums up', async () => {
    await using environment = await newTestEnvironment(transport, { settings: settings.withBudget })
    const { provider } = environment
    const { received, last } = await runSteered(environment, look, { finish: 'tool_calls' }, expensive)
    expect(last).toMatchObject({ status: 'COMPLETED', finishReason: 'BUDGET' })
    expect(listStates(received)).toEqual(['PENDING One', 'PENDING Two', 'APPLIED One', 'APPLIED Two'])
    expect(countTexts(provider.requests[1], ['One', 'Two'])).toEqual([1, 1])
  })

  test('is answered by itself if it comes in the last step', async () => {
    await using environment = await newTestEnvironment(transport, { settings: settings.withBudget })
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([look, { finish: 'tool_calls' }, expensive])
    provider.enqueue([{ text: 'In sum' }, { wait: held.promise }, { finish: 'stop' }])
    const { id, session } = await startChat(client, { text: 'Begin' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    await steer(client, session.id, 'One')
    held.resolve()
    const { received, last } = await readUntil(followStream(client, id), isFinished)
    expect(last).toMatchObject({ status: 'COMPLETED', finishReason: 'BUDGET' })
    expect(listStates(received)).toEqual(['PENDING One', 'QUEUED One'])
    await loadEventsAtRest(client, session.id)
    expect(await listUsers(client, session.id)).toEqual(['USER Begin', 'USER One'])
    expect(provider.requests.at(-1)?.body.messages.at(-1)?.content).toBe('One')
  })

  test('is in one answer, whether it comes just before or just after the end of another', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    for (let round = 0; round < 6; round += 1) {
      const { streamId, sessionId, release } = await startHeldAnswer(environment, { finish: 'stop' })
      const other = environment.connect(transport)
      const end = readUntil(followStream(client, streamId), isFinished)
      release()
      for (let turn = 0; turn < round; turn += 1) await loadSteered(client, streamId)
      const answering = await steer(other, sessionId, 'One')
      await end
      const events = await loadEventsAtRest(client, sessionId)
      expect(await listUsers(client, sessionId)).toEqual(['USER Begin', 'USER One'])
      const states = listStates(events)
      if (answering.id === streamId) expect(states).toHaveLength(2)
      else expect(states).toEqual([])
      expect(countTexts(provider.requests.at(-1), ['One'])).toEqual([1])
      expect(
        events
          .filter(isFinished)
          .map(({ status }) => status)
          .every((status) => status === 'COMPLETED'),
      ).toBe(true)
    }
    expect(provider.rejections).toEqual([])
  })
})
