import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { yieldToEventLoop } from '../../../src/lib/async/yield-to-event-loop.ts'
import type { ChatEvent } from '../../../src/model/chat-event.ts'
import { getDeltaText, isDelta } from '../../../src/model/fold/delta.ts'
import { foldMessage } from '../../../src/model/fold/fold-message.ts'
import { toAnswerMessagePosition, toUserMessagePosition } from '../../../src/model/fold/message-position.ts'
import type { MessageRecord } from '../../../src/model/message.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import { hasToolCallEnded } from '../../../src/model/tool-call.ts'
import { assertContextInvariants } from './context-invariants.ts'
import { assertQueueInvariants } from './queue-invariants.ts'
import { assertRetryInvariants } from './retry-invariants.ts'
import type { SimulatedHome } from './simulated-home.ts'
import type { StoredChats } from '../storage/stored-chat.ts'

/** Whether a stream occupies its session. */
export const isActive = ({ status }: StreamRecord): boolean => status === 'RUNNING' || status === 'WAITING'

export const hasEnded = (stream: StreamRecord): boolean => stream.finishedAt !== null

/** Asserts everything that must hold between two commands. */
export async function assertInvariants(home: SimulatedHome): Promise<void> {
  // Let continuations of the last commit run first.
  await yieldToEventLoop()
  const stored = home.readStored()
  for (const session of stored.sessions) assertSession(home, stored, session)
  assertStreams(home, stored)
  for (const [id, started] of home.startedStreams) {
    expect(
      stored.streams.some((stream) => stream.id === id),
      'a started stream is stored',
    ).toBe(true)
    expect(stored.messages.some((message) => message.id === started.userMessageId)).toBe(true)
  }
  for (const [id, { stream, answer }] of home.endedStreams) {
    expect(stored.streams.find((row) => row.id === id)).toEqual(stream)
    const { inLog, ...row } = stored.messages.find(({ id: messageId }) => messageId === stream.messageId) ?? {}
    // The parts of a very long answer are only in the log.
    expect(row).toEqual(inLog ? { ...answer, parts: [] } : (answer ?? {}))
  }
  for (const event of home.deliveredEvents) assertDelivered(home, event)
  assertRetryInvariants(stored)
  await assertContextInvariants(home, stored)
}

/** The log has no gaps except where deltas were coalesced, and the counters of its session agree with it. */
function assertSession(home: SimulatedHome, stored: StoredChats, session: StoredChats['sessions'][number]): void {
  const log = stored.events.filter(({ sessionId }) => sessionId === session.id)
  const committedEvents = home.committedEvents.filter(({ sessionId }) => sessionId === session.id)
  expect(committedEvents.map(({ seq }) => seq)).toEqual(committedEvents.map((_, index) => index + 1))
  expect(session.head_seq).toBe(committedEvents.length)
  const storedEvents = new Map(log.map((event) => [event.seq, event]))
  const finished = new Set(stored.streams.filter(hasEnded).map(({ id }) => id))
  for (const event of committedEvents) {
    const found = storedEvents.get(event.seq)
    if (isDelta(event) && finished.has(event.streamId ?? '')) {
      if (found) expect(isDelta(found)).toBe(true)
    } else expect(isDeepStrictEqual(found, event)).toBe(true)
  }
  expect(log.length).toBeLessThanOrEqual(committedEvents.length)
  const messages = stored.messages.filter(({ sessionId }) => sessionId === session.id)
  expect(session.message_count).toBe(messages.filter(({ position }) => position !== null).length)
  const streams = stored.streams.filter(({ sessionId }) => sessionId === session.id)
  expect(streams.filter(isActive).length).toBeLessThanOrEqual(1)
  assertQueueInvariants(committedEvents, streams, home.sentStreamIds)
}

/** Rows are projections of the events. */
function assertStreams(home: SimulatedHome, stored: StoredChats): void {
  for (const stream of stored.streams) {
    const all = home.committedEvents.filter(({ streamId }) => streamId === stream.id)
    const ends = all.filter(({ type }) => type === 'StreamFinished')
    expect(ends.length).toBe(hasEnded(stream) ? 1 : 0)
    expect(stream.lastSeq).toBe(all.at(-1)?.seq)
    expect(stream.firstSeq).toBe(all[0]?.seq)
    const newest = all.flatMap((event) => ('stream' in event ? [event.stream] : [])).at(-1)
    expect(stream.status).toBe(newest?.status)
    if (hasEnded(stream)) expect(stream).toEqual(newest)
    assertDecisions(stream, stored, all)

    const userMessage = stored.messages.find(({ id }) => id === stream.userMessageId)
    const turn = all.find(
      (event) =>
        (event.type === 'StreamStarted' && event.stream.status === 'RUNNING') ||
        (event.type === 'StreamChanged' && event.stream.status !== 'QUEUED') ||
        event.type === 'StreamFinished',
    )
    const isWithdrawn = turn?.type === 'StreamFinished'
    expect(userMessage?.withdrawn).toBe(isWithdrawn)
    // A withdrawn message waits for those before it, and is then placed by an event of its own.
    const placements = isWithdrawn
      ? [null, toUserMessagePosition(turn.seq), ...placedBySessionChanges(stored.events)]
      : [turn ? toUserMessagePosition(turn.seq) : null]
    expect(placements).toContain(userMessage?.position ?? null)
    if (!userMessage) continue
    const { turnId = '' } = userMessage
    const base = { position: toAnswerMessagePosition(userMessage), model: stream.model, turnId }
    const folded = (events: readonly ChatEvent[]): MessageRecord | null =>
      events.reduce<MessageRecord | null>((message, event) => foldMessage(base, message, event), null)
    const answer = folded(all)
    expect(isDeepStrictEqual(folded(stored.events.filter(({ streamId }) => streamId === stream.id)), answer)).toBe(true)
    const row = stored.messages.find(({ streamId, role }) => streamId === stream.id && role === 'ASSISTANT') ?? null
    if (!hasEnded(stream)) expect(row).toBeNull()
    else {
      // The parts of a very long answer are only in the log, which is compared above.
      const { inLog, ...plain } = row ?? {}
      const expected = inLog ? { ...answer, parts: [] } : answer
      expect(isDeepStrictEqual(row && plain, expected)).toBe(true)
      if (inLog) expect(JSON.stringify(answer?.parts).length).toBeGreaterThan(262_144)
      expect(stream.messageId).toBe(row?.id ?? null)
      expect((row?.parts ?? []).every((part) => part.type !== 'tool' || hasToolCallEnded(part.call))).toBe(true)
    }
  }
}

/** A stream is WAITING exactly while one of its decisions is pending. */
function assertDecisions({ id, status }: StreamRecord, stored: StoredChats, events: readonly ChatEvent[]): void {
  const changes = events.flatMap((event) => ('decision' in event ? [[event.decision.id, event.decision] as const] : []))
  const newest = [...new Map(changes).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const rows = stored.decisions.filter(({ streamId }) => streamId === id)
  expect(isDeepStrictEqual(rows, newest)).toBe(true)
  expect(rows.some(({ state }) => state === 'PENDING')).toBe(status === 'WAITING')
}

/** What a client has received was committed: the event itself, or its text. */
function assertDelivered(home: SimulatedHome, event: ChatEvent): void {
  const ownEvents = home.committedEvents.filter(({ streamId }) => streamId === event.streamId)
  if (!isDelta(event)) {
    expect(
      isDeepStrictEqual(
        ownEvents.find(({ seq, sessionId }) => seq === event.seq && sessionId === event.sessionId),
        event,
      ),
    ).toBe(true)
    return
  }
  const text = ownEvents
    .filter(isDelta)
    .filter(({ partIndex }) => partIndex === event.partIndex)
    .map(getDeltaText)
    .join('')
  expect(text.slice(event.offset, event.offset + getDeltaText(event).length) === getDeltaText(event)).toBe(true)
}

function placedBySessionChanges(events: readonly ChatEvent[]): number[] {
  return events.flatMap(({ type, seq }) => (type === 'SessionChanged' ? [toUserMessagePosition(seq)] : []))
}
