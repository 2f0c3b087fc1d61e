import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { type Delta, getDeltaText, isDelta } from '../../../../src/model/fold/delta.ts'
import { foldMessage } from '../../../../src/model/fold/fold-message.ts'
import { type CoalescedEvent, DeltaCoalescer } from '../../../../src/chat/log/delta-coalescer.ts'
import { maxEventTextCodeUnits } from '../../../../src/lib/text/unicode.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { anyAgentEvents, anyEnding, newStream, assignSeqs, playTurn } from '../../../support/fixtures/generators.ts'

const answerBase = { position: 3, model: 'test/model' }

function folded(events: readonly ChatEvent[], answer: MessageRecord | null = null): MessageRecord | null {
  return events.reduce((message, event) => foldMessage(answerBase, message, event), answer)
}

function coalesce(events: readonly ChatEvent[]): CoalescedEvent[] {
  const merger = new DeltaCoalescer()
  return [...events.flatMap((event) => merger.push(event)), ...merger.flush()]
}

const eventsOf = (coalesced: readonly CoalescedEvent[]): ChatEvent[] => coalesced.map(({ event }) => event)

/** Calls whose arguments are interleaved. */
const callsInTurns: fc.Arbitrary<AgentEvent[]> = fc.array(
  fc.record({
    type: fc.constant('tool-input'),
    callId: fc.constantFrom('0', '1', '2'),
    name: fc.constant('look'),
    text: fc.constantFrom('', 'a', 'bc'),
  }),
  { maxLength: 20 },
)

/** The log of one stream, finished or not. */
const anyLog: fc.Arbitrary<ChatEvent[]> = fc
  .tuple(fc.oneof(anyAgentEvents, callsInTurns), fc.option(anyEnding))
  .map(([events, ending]) => assignSeqs(playTurn(events, ending).events))

/** A cursor within a log: the seq of the last event that a reader has. */
const cursorIn = (log: readonly ChatEvent[], at: number): number => at % (log.length + 1)

/** Folds events, and expects each delta to continue its part and parts to start in order. */
function readWithoutHoles(events: readonly ChatEvent[], from: MessageRecord | null = null): MessageRecord | null {
  let answer = from
  for (const event of events) {
    if ('partIndex' in event) {
      expect(event.partIndex).toBeLessThanOrEqual(answer?.parts.length ?? 0)
      const part = answer?.parts[event.partIndex]
      const length =
        part?.type === 'tool' ? part.call.argumentsText.length : part && 'text' in part ? part.text.length : 0
      if (isDelta(event)) expect(event.offset).toBeLessThanOrEqual(length)
    }
    answer = foldMessage(answerBase, answer, event)
  }
  return answer
}

describe('coalescing any range of any log', () => {
  test('folds to the same message from any cursor, without gaps', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), fc.nat(), (log, a, b) => {
        const [start, end] = [cursorIn(log, a), cursorIn(log, b)].toSorted((x, y) => x - y)
        const had = folded(log.slice(0, start))
        const coalesced = readWithoutHoles(eventsOf(coalesce(log.slice(start, end))), had)
        expect(isDeepStrictEqual(folded(log.slice(end), coalesced), folded(log))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('lets a reader resume in the log after any event, without gaps', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), fc.nat(), (log, a, b) => {
        const start = cursorIn(log, a)
        const delivered = coalesce(log.slice(start)).slice(0, b % (log.length - start + 1))
        const had = readWithoutHoles(eventsOf(delivered), folded(log.slice(0, start)))
        const cursor = delivered.at(-1)?.cursor ?? start
        expect(isDeepStrictEqual(readWithoutHoles(log.slice(cursor), had), folded(log))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('advances the cursor with each event, up to the last seq', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const cursors = coalesce(log).map(({ cursor }) => cursor)
        expect(cursors).toEqual([...new Set(cursors)].toSorted((a, b) => a - b))
        expect(cursors.at(-1)).toBe(log.at(-1)?.seq)
      }),
    )
  })

  test('gives each event the last of its seqs, and loses none', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const coalesced = coalesce(log)
        const delivered = coalesced.flatMap(({ event, supersededSeqs: replaced }) => [...replaced, event.seq])
        expect(delivered.toSorted((a, b) => a - b)).toEqual(log.map(({ seq }) => seq))
        for (const { event, supersededSeqs: replaced } of coalesced)
          expect(Math.max(0, ...replaced)).toBeLessThan(event.seq)
      }),
    )
  })

  test('does not change other events', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const others = (events: readonly ChatEvent[]): ChatEvent[] => events.filter((event) => !isDelta(event))
        expect(isDeepStrictEqual(others(eventsOf(coalesce(log))), others(log))).toBe(true)
      }),
    )
  })

  test('makes no event above the size limit, and splits no surrogate pair', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        for (const event of eventsOf(coalesce(log)).filter(isDelta)) {
          expect(getDeltaText(event).length).toBeLessThanOrEqual(maxEventTextCodeUnits)
          expect(getDeltaText(event).isWellFormed()).toBe(true)
        }
      }),
    )
  })

  test('is idempotent', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const once = eventsOf(coalesce(log))
        expect(isDeepStrictEqual(folded(eventsOf(coalesce(once))), folded(log))).toBe(true)
      }),
    )
  })
})

describe('the number of coalesced events', () => {
  const textDeltas = (count: number, size: number): AgentEvent[] =>
    Array.from({ length: count }, () => ({ type: 'text', block: '1', text: 'x'.repeat(size) }))
  const input = (callId: string, text: string): AgentEvent => ({ type: 'tool-input', callId, name: 'look', text })
  const deltasLeft = (events: readonly AgentEvent[]): Delta[] =>
    eventsOf(coalesce(assignSeqs(playTurn(events, { status: 'COMPLETED' }).events))).filter(isDelta)

  test('is one per part, for any number of deltas', () => {
    expect(deltasLeft(textDeltas(20_000, 2)).length).toBe(1)
  })

  test('is one per 65,536 code units of a longer part', () => {
    expect(deltasLeft(textDeltas(4096, 64)).map((delta) => getDeltaText(delta).length)).toEqual(
      Array.from({ length: 4 }, () => maxEventTextCodeUnits),
    )
  })

  test('is one for each of several consecutive parts', () => {
    const parts = Array.from({ length: 50 }, (_, part) =>
      Array.from({ length: 20 }, (): AgentEvent => ({
        type: part % 2 === 0 ? 'text' : 'reasoning',
        block: String(part),
        text: 'word ',
      })),
    )
    expect(deltasLeft(parts.flat()).length).toBe(50)
  })

  test('is two for each of two interleaved calls, for any number of deltas', () => {
    const turns = Array.from({ length: 1000 }, () => [input('0', 'a'), input('1', 'b')])
    const left = deltasLeft(turns.flat())
    expect(left.length).toBeLessThanOrEqual(4)
    expect(left.map(getDeltaText).join('').length).toBe(2000)
  })

  test('grows with the number of interleaved calls, not with their arguments', () => {
    const calls = Array.from({ length: 10 }, (_, call) => String(call))
    const many = (turns: number): number =>
      deltasLeft([
        ...calls.map((call) => input(call, '')),
        ...Array.from({ length: turns }, () => calls.map((call) => input(call, 'x'))).flat(),
      ]).length
    expect(many(500)).toBe(many(5))
    expect(many(500)).toBeLessThanOrEqual(3 * calls.length)
  })
})

/** A log that is being coalesced on disk: an event replaces the last of its deltas, then the others are deleted. */
function* coalesceOnDisk(log: readonly ChatEvent[], slice: number): Generator<ChatEvent[]> {
  let stored = [...log]
  yield stored
  for (const { event, supersededSeqs: replaced } of coalesce(log)) {
    if (replaced.length === 0) continue
    stored = stored.map((old) => (old.seq === event.seq ? event : old))
    yield stored
    for (let end = replaced.length; end > 0; end -= slice) {
      const deleted = new Set(replaced.slice(Math.max(0, end - slice), end))
      stored = stored.filter(({ seq }) => !deleted.has(seq))
      yield stored
    }
  }
}

describe('a log that is coalesced on disk while it is read', () => {
  test('folds to the same message for any cursor at any time', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), fc.integer({ min: 1, max: 3 }), fc.boolean(), (log, at, slice, isFar) => {
        const cursor = cursorIn(log, at)
        const had = folded(log.slice(0, cursor))
        const expected = folded(log)
        for (const stored of coalesceOnDisk(log, slice)) {
          const rest = stored.filter(({ seq }) => seq > cursor)
          const read = readWithoutHoles(isFar ? eventsOf(coalesce(rest)) : rest, had)
          expect(isDeepStrictEqual(read, expected)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('folds to the same message for a reader that continues while it changes', () => {
    fc.assert(
      fc.property(anyLog, fc.array(fc.nat({ max: 5 })), (log, pages) => {
        let answer: MessageRecord | null = null
        let cursor = 0
        let page = 0
        const read = (stored: readonly ChatEvent[], limit: number): void => {
          const events = stored.filter(({ seq }) => seq > cursor).slice(0, limit)
          answer = readWithoutHoles(events, answer)
          cursor = events.at(-1)?.seq ?? cursor
        }
        let last: readonly ChatEvent[] = []
        for (const stored of coalesceOnDisk(log, 2)) {
          read(stored, pages[page] ?? 0)
          page += 1
          last = stored
        }
        read(last, Number.POSITIVE_INFINITY)
        expect(isDeepStrictEqual(answer, folded(log))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('keeps the deltas of the session’s streams apart', () => {
    fc.assert(
      fc.property(anyAgentEvents, anyAgentEvents, (first, second) => {
        const one = assignSeqs(playTurn(first, { status: 'CANCELLED' }).events)
        const stream = newStream({ id: 'stream-1', firstSeq: one.length + 1 })
        const two = assignSeqs(playTurn(second, { status: 'COMPLETED' }, undefined, stream).events, one.length)
        const coalesced = eventsOf(coalesce([...one, ...two]))
        for (const [id, log] of [
          ['stream-0', one],
          ['stream-1', two],
        ] as const) {
          const ownEvents = coalesced.filter(({ streamId }) => streamId === id)
          expect(isDeepStrictEqual(folded(ownEvents), folded(log))).toBe(true)
        }
      }),
    )
  })
})
