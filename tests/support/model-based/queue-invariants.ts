import { expect } from 'vitest'
import type { ChatEvent } from '../../../src/model/chat-event.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'

/**
 * Each change of the queue of a session is told by a QueueChanged behind it, streams start in the order of the queue unless a client has sent them, and
 * what is stored as queued is what the newest QueueChanged names.
 */
export function assertQueueInvariants(
  log: readonly ChatEvent[],
  streams: readonly StreamRecord[],
  sentStreamIds: ReadonlySet<string>,
): void {
  let told: readonly string[] = []
  const queued = new Set<string>()
  for (const event of log) {
    if (event.type === 'StreamStarted' && event.stream.status === 'QUEUED') queued.add(event.stream.id)
    if (event.type === 'StreamChanged' && event.stream.status === 'RUNNING' && queued.delete(event.stream.id))
      expect(sentStreamIds.has(event.stream.id) || event.stream.id === told[0]).toBe(true)
    if (event.type === 'StreamFinished') queued.delete(event.stream.id)
    if (event.type !== 'QueueChanged') continue
    expect(event.streamIds.toSorted()).toEqual([...queued].toSorted())
    told = event.streamIds
  }
  expect(told.toSorted()).toEqual([...queued].toSorted())
  const stored = streams.filter(({ status }) => status === 'QUEUED').map(({ id }) => id)
  expect(stored.toSorted()).toEqual(told.toSorted())
}
