import { describe, expect, test } from 'vitest'
import type { ProviderRequest } from '../../support/providers/strict-provider.ts'
import { CompactSessionDocument } from '../generated/graphql.ts'
import {
  followSession,
  followStream,
  isEventOfType,
  loadEvents,
  loadSession,
  startChat,
  streamToEnd,
} from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import {
  countTexts,
  isFinished,
  listStates,
  listUsers,
  loadEventsAtRest,
  startHeldAnswer,
  steer,
} from '../support/steering.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { expectRefusal, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

const isSummary = ({ body }: ProviderRequest): boolean =>
  JSON.stringify(body.messages).includes('It is about to be continued by an assistant')

const window = { contextWindow: 1000, settings: { autoCompactThreshold: 0.5 } }

describe.each(transports)('A message that joins an answer, over %s,', (transport) => {
  test('is applied once if a person asks for a compaction meanwhile, which is refused', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId, release } = await startHeldAnswer(environment, { finish: 'stop' })
    await steer(client, sessionId, 'One')
    const refusal = await expectRefusal(client, CompactSessionDocument, { id: sessionId })
    expect(refusal).toMatchObject({ code: 'SESSION_BUSY' })
    release()
    const { received, last } = await readUntil(followStream(client, streamId), isFinished)
    expect(last.status).toBe('COMPLETED')
    expect(listStates(received)).toEqual(['PENDING One', 'APPLIED One'])
    provider.enqueue('In short.')
    await mutate(client, CompactSessionDocument, { id: sessionId })
    expect(provider.requests.map(isSummary)).toEqual([false, false, true])
    expect(countTexts(provider.requests[2], ['One'])).toEqual([1])
    expect(provider.rejections).toEqual([])
  })

  test('waits for a compaction that is under way, as a message does that is queued', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { end } = await streamToEnd(client, { text: 'Begin' })
    const { sessionId } = end
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { cut: true }])
    const compaction = expectRefusal(environment.connect(transport), CompactSessionDocument, { id: sessionId })
    await provider.waitForRequest(1)
    const other = environment.connect(transport)
    const sent = Promise.all(
      (['STEER', 'QUEUE'] as const).map((ifBusy) => startChat(other, { sessionId, text: ifBusy, ifBusy })),
    )
    expect(await listUsers(client, sessionId)).toEqual(['USER Begin'])
    held.resolve()
    expect(await compaction).toMatchObject({ code: 'PROVIDER' })
    await sent
    const events = await loadEventsAtRest(client, sessionId)
    expect(events.filter(isFinished).map(({ status }) => status)).toEqual(Array(3).fill('COMPLETED'))
    expect((await listUsers(client, sessionId)).toSorted()).toEqual(['USER Begin', 'USER QUEUE', 'USER STEER'])
    expect(provider.rejections).toEqual([])
  })
})

describe('A message that joins an answer', () => {
  test('is in the request once if the turns before are summarised within the answer for it', async () => {
    await using environment = await newTestEnvironment('webSocket', window)
    const { client, provider } = environment
    provider.defaultAnswer = (request) => (isSummary(request) ? 'Oaks, in short.' : 'Fine.')
    provider.enqueue('leaf '.repeat(200))
    const { end } = await streamToEnd(client, { text: 'Which trees?' })
    const { sessionId } = end
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
    const { id } = await startChat(client, { sessionId, text: 'Next' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    await steer(client, sessionId, `These? ${'oak '.repeat(450)}`)
    const summary = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Oaks, in short.' }, { wait: summary.promise }, { finish: 'stop' }])
    held.resolve()
    const index = provider.requests.length
    expect(isSummary(await provider.waitForRequest(index))).toBe(true)
    // While the summary is written, another one comes: it is for the step after.
    await steer(client, sessionId, 'Birches')
    summary.resolve()
    const { received, last } = await readUntil(followStream(client, id), isFinished)
    expect(last.status).toBe('COMPLETED')
    expect(listStates(received).map((state) => state.slice(0, 14))).toEqual([
      'PENDING These?',
      'APPLIED These?',
      'PENDING Birche',
      'APPLIED Birche',
    ])
    const [first, second] = provider.requests.slice(index + 1)
    expect(countTexts(first, ['Oaks, in', 'Which trees', 'Next', 'These?', 'Birches'])).toEqual([1, 1, 1, 1, 0])
    expect(countTexts(second, ['Oaks, in', 'Next', 'These?', 'Birches'])).toEqual([1, 1, 1, 1])
    const { last: continued } = await readUntil(
      followSession(client, sessionId, last.seq),
      isEventOfType('SessionContinued'),
    )
    const next = await streamToEnd(client, { sessionId: requireNonNull(continued.to).id, text: 'On' })
    expect(next.end.status).toBe('COMPLETED')
    expect(countTexts(provider.requests.at(-1), ['These?', 'Birches']).map((count) => count <= 1)).toEqual([true, true])
    expect(provider.rejections).toEqual([])
  })

  test('is in the context once if the session is summarised in the background while it waits', async () => {
    await using environment = await newTestEnvironment('webSocket', window)
    const { client, provider } = environment
    const summary = Promise.withResolvers<void>()
    provider.defaultAnswer = (request) =>
      isSummary(request) ? [{ text: 'Oaks, in short.' }, { wait: summary.promise }, { finish: 'stop' }] : 'Fine.'
    for (let count = 0; count < 2; count += 1) provider.enqueue('leaf '.repeat(200))
    const { end } = await streamToEnd(client, { text: 'Which trees?' })
    const { sessionId } = end
    await streamToEnd(client, { sessionId, text: 'And more?' })
    await provider.waitForRequest(2)
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
    const { id } = await startChat(client, { sessionId, text: 'Next' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    await steer(client, sessionId, 'Birches')
    summary.resolve()
    held.resolve()
    const { received, last } = await readUntil(followStream(client, id), isFinished)
    expect(listStates(received)).toEqual(['PENDING Birches', 'APPLIED Birches'])
    expect(countTexts(provider.requests.at(-1), ['Birches', 'Next'])).toEqual([1, 1])
    const { last: continued } = await readUntil(
      followSession(client, sessionId, last.seq),
      isEventOfType('SessionContinued'),
    )
    const { modelContext } = await loadSession(client, continued.toId)
    expect(JSON.stringify(modelContext).split('Birches')).toHaveLength(2)
    expect(listStates(await loadEvents(client, sessionId))).toEqual(['PENDING Birches', 'APPLIED Birches'])
    expect(provider.rejections).toEqual([])
  })
})
