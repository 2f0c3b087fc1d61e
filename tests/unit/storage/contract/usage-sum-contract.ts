import { expect, test } from 'vitest'
import { noUsage, type Usage } from '../../../../src/model/usage.ts'
import type { UsageDimension } from '../../../../src/storage/usage/usage-sum-store.ts'
import { LogVersionConflictError } from '../../../../src/storage/errors.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'
import { addSession, streamOf } from './records.ts'

const millisPerDay = 86_400_000
const usage: Usage = { ...noUsage, inputTokens: 10, outputTokens: 5, cost: { amount: 0.1, estimated: false } }

export function describeUsageSums(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  const list = (dimension: UsageDimension, fromDay = 0, toDay = 100, limit = 10) =>
    current().usageSums.listUsageSums({ dimension, fromDay, toDay, after: null, limit })

  test('a stream counts once, on the day of its end, and a title or summary without an answer', async () => {
    const { eventStore } = current()
    const session = await addSession(current())
    const running = streamOf(session, { usage })
    const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
    await eventStore.append({ ...write, streams: [running] })
    expect(await list('MODEL')).toEqual([])
    const finishedAt = 3 * millisPerDay + 5
    await eventStore.append({ ...write, streams: [{ ...running, status: 'COMPLETED', finishedAt }] })
    await eventStore.append({ ...write, additionalUsage: { usage, model: running.model, at: finishedAt } })
    const twice = { ...usage, inputTokens: 20, outputTokens: 10, cost: { amount: 0.2, estimated: false } }
    expect(await list('MODEL')).toEqual([{ day: 3, key: running.model, answers: 1, usage: twice }])
    expect(await list('SESSION')).toEqual([{ day: 3, key: session.id, answers: 1, usage: twice }])
    expect(await list('SOURCE')).toEqual([{ day: 3, key: session.source, answers: 1, usage: twice }])
    expect(await list('JOB')).toEqual([])
    await eventStore.deleteSessions([session.id])
    await opened().reopen()
    expect(await list('SESSION')).toEqual([{ day: 3, key: session.id, answers: 1, usage: twice }])
  })

  test('an append that fails counts nothing, and so does a stream that used nothing', async () => {
    const { eventStore } = current()
    const session = await addSession(current())
    const ended = { ...streamOf(session, { usage }), status: 'COMPLETED' as const, finishedAt: 5 }
    const write = { sessionId: session.id, events: [] }
    await expect(eventStore.append({ ...write, expectedHeadSeq: 7, streams: [ended] })).rejects.toThrow(
      LogVersionConflictError,
    )
    await eventStore.append({ ...write, expectedHeadSeq: 0, streams: [{ ...ended, usage: noUsage }] })
    expect(await list('MODEL')).toEqual([])
  })

  test('pages are in order of day and key', async () => {
    const { eventStore, usageSums } = current()
    for (const finishedAt of [2, 1, 3].map((day) => day * millisPerDay)) {
      const session = await addSession(current())
      const ended = { ...streamOf(session, { usage }), status: 'COMPLETED' as const, finishedAt }
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], streams: [ended] })
    }
    expect((await list('SESSION')).map(({ day }) => day)).toEqual([1, 2, 3])
    expect((await list('SESSION', 2, 2)).map(({ day }) => day)).toEqual([2])
    const [first] = await list('SESSION', 0, 100, 1)
    const rest = { dimension: 'SESSION', fromDay: 0, toDay: 100, after: first ?? null, limit: 10 } as const
    expect((await usageSums.listUsageSums(rest)).map(({ day }) => day)).toEqual([2, 3])
  })
}
