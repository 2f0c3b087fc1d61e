import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../src/config/limits.ts'
import type { StatusStep } from '../support/providers/openai-chunks.ts'
import { ask, requireNonNull, readUntil } from './support/typed-client.ts'
import { cancelStream, followStream, isEventOfType, loadEvents, startChat, streamToEnd } from './support/chat.ts'
import { transports } from './support/clients.ts'
import { StreamDocument } from './generated/graphql.ts'
import { loadJob, newJob, pollUntil } from './support/job.ts'
import { newTestEnvironment } from './support/test-environment.ts'

const newBusyStep = (headers: Readonly<Record<string, string>>, status = 429): StatusStep => ({
  status,
  body: { error: { message: 'Try again shortly.', type: 'rate_limit_error' } },
  headers,
})

describe.each(transports)('A provider that asks to be asked again, over %s,', (transport) => {
  test('is asked again at that time, which clients can see meanwhile', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([newBusyStep({ 'retry-after-ms': '200' })])
    provider.enqueue([newBusyStep({ 'retry-after-ms': '300' }, 503)])
    provider.enqueue('Here.')
    const startedAt = Date.now()
    const { events, end } = await streamToEnd(client, { text: 'Hi' })
    const changes = events.filter(isEventOfType('StreamChanged')).map(({ stream, at }) => ({ stream, at }))
    expect(changes.map(({ stream }) => [stream.status, stream.retryAt !== null])).toEqual([
      ['RUNNING', true],
      ['RUNNING', true],
      ['RUNNING', false],
    ])
    const [first, second] = changes.map(({ stream }) => Date.parse(stream.retryAt ?? ''))
    expect(first).toBeGreaterThanOrEqual(startedAt + 200)
    expect(second).toBeGreaterThanOrEqual((first ?? 0) + 200)
    // It is cleared together with the first delta.
    const clearedAt = events.findLastIndex(isEventOfType('StreamChanged'))
    expect(events[clearedAt + 1]).toMatchObject({ type: 'TextDelta', seq: (events[clearedAt]?.seq ?? 0) + 1 })
    expect(end.stream).toMatchObject({ status: 'COMPLETED', retryAt: null, error: null })
    expect(Date.now()).toBeGreaterThanOrEqual(second ?? 0)
    expect(provider.requests).toHaveLength(3)
    // The log leads to the stream as it is now.
    const stored = (await loadEvents(client, end.sessionId)).filter(isEventOfType('StreamChanged'))
    expect(stored.map(({ status, stream }) => [status, stream.status, stream.retryAt])).toEqual(
      changes.map(() => ['RUNNING', 'COMPLETED', null]),
    )
  })

  test('after longer than the limit fails the answer at once, with the time', async () => {
    const limits = { ...defaultLimits, retrySeconds: 1 }
    await using environment = await newTestEnvironment(transport, { settings: { limits } })
    const { client, provider } = environment
    provider.enqueue([newBusyStep({ 'retry-after': '3600' })])
    const { events, end } = await streamToEnd(client, { text: 'Hi' })
    expect(end.stream).toMatchObject({ status: 'FAILED', retryAt: null, error: { code: 'RATE_LIMIT' } })
    const retryAt = Date.parse(requireNonNull(end.stream.error?.retryAt))
    expect(retryAt - Date.now()).toBeGreaterThan(3_500_000)
    expect(events.map(({ type }) => type)).toEqual(['StreamStarted', 'StreamFinished'])
    expect(provider.requests).toHaveLength(1)
    expect((await ask(client, StreamDocument, { id: end.stream.id })).stream).toMatchObject({
      error: { retryAt: end.stream.error?.retryAt },
    })
  })

  test('is not asked again once the answer is stopped, which ends the wait at once', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([newBusyStep({ 'retry-after': '50' })])
    const { id } = await startChat(client, { text: 'Hi' })
    const follower = followStream(client, id)
    await readUntil(follower, isEventOfType('StreamChanged'))
    expect((await ask(client, StreamDocument, { id })).stream?.retryAt).not.toBeNull()
    const { stream } = requireNonNull(await cancelStream(client, id))
    expect(stream).toMatchObject({ status: 'CANCELLED', retryAt: null })
    expect((await loadEvents(client, stream.session.id)).map(({ type }) => type)).toEqual([
      'StreamStarted',
      'StreamChanged',
      'StreamChanged',
      'StreamFinished',
    ])
    expect(provider.requests).toHaveLength(1)
  })

  test('delays scheduled runs as well, and those that wait for a slot start later', async () => {
    const limits = { ...defaultLimits, concurrentJobs: 1 }
    await using environment = await newTestEnvironment(transport, { settings: { limits } })
    const { client, provider } = environment
    provider.enqueue([newBusyStep({ 'retry-after-ms': '500' })])
    const jobs = [await newJob(client, { schedule: 'in 1s' }), await newJob(client, { schedule: 'in 1s' })]
    const runs = await Promise.all(
      jobs.map(({ id }) =>
        pollUntil(
          () => loadJob(client, id),
          (job) => job.state === 'COMPLETED',
        ),
      ),
    )
    expect(runs.map(({ lastRun, skippedRuns }) => [lastRun?.status, skippedRuns])).toEqual([
      ['OK', 0],
      ['OK', 0],
    ])
    const [first, second] = runs
      .map(({ lastRun }) => lastRun)
      .toSorted((a, b) => (a?.startedAt ?? '').localeCompare(b?.startedAt ?? ''))
    expect(Date.parse(second?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.finishedAt ?? ''))
    expect(provider.requests).toHaveLength(3)
  })
})
