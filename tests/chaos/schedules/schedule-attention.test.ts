import { expect, test } from 'vitest'
import { type AttentionLogEvent, deriveAttention } from './schedule-attention.ts'

const toTime = (second: number): string => `2026-01-01T00:00:0${second}.000Z`
const start = (second: number): AttentionLogEvent => ({ seq: second, started: { startedAt: toTime(second) } })
const steer = (second: number, steeringState: string): AttentionLogEvent => ({
  seq: second,
  steeringState,
  userMessage: { createdAt: toTime(second) },
})
const end = (second: number, status: string, message: { id: string } | null = { id: 'm' }): AttentionLogEvent => ({
  seq: second,
  finished: { status, finishedAt: toTime(second), message },
})

test.for<[string, AttentionLogEvent[], string | null, string, number | null]>([
  ['nothing was said', [], null, 'IDLE', null],
  ['an answer ended after its message', [start(1), end(2, 'COMPLETED')], null, 'UNREAD', 1],
  ['an answer was cut off by a crash', [start(1), end(2, 'INTERRUPTED', null)], null, 'UNREAD', 1],
  ['an answer failed', [start(1), end(2, 'FAILED', null)], null, 'FAILED', 1],
  ['an answer failed before the newest one', [start(1), end(2, 'FAILED'), end(3, 'COMPLETED')], null, 'UNREAD', 1],
  ['a person stopped the answer', [start(1), end(2, 'CANCELLED')], null, 'IDLE', 2],
  ['a person marked it', [start(1), end(2, 'COMPLETED')], toTime(3), 'IDLE', 3],
  ['a message joined the answer', [start(1), steer(2, 'PENDING'), end(3, 'COMPLETED')], null, 'UNREAD', 2],
  ['a message was queued', [start(1), steer(1, 'PENDING'), steer(5, 'QUEUED'), end(3, 'FAILED')], null, 'FAILED', 1],
])('a conversation in which %s', ([, events, markedAt, attention, readAt]) => {
  expect(deriveAttention(events, markedAt)).toEqual({ attention, readAt: readAt && toTime(readAt) })
})
