import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  getDeltaText,
  canCoalesce,
  isDelta,
  isDeltaEventDraft,
  replaceDeltaText,
} from '../../../../src/model/fold/delta.ts'
import { type InitialAnswerFields, foldMessage } from '../../../../src/model/fold/fold-message.ts'
import { toAnswerMessagePosition, toUserMessagePosition } from '../../../../src/model/fold/message-position.ts'
import type { EventDraft } from '../../../../src/model/chat-event.ts'
import type { MessageRecord, OpaqueProviderState } from '../../../../src/model/message.ts'
import {
  anyAgentEvents,
  anyEnding,
  newStream,
  assignSeqs,
  playTurn,
  newUserMessage,
} from '../../../support/fixtures/generators.ts'

const answerBase: InitialAnswerFields = { position: 3, model: 'test/model' }

function folded(drafts: readonly EventDraft[], answer: MessageRecord | null = null): MessageRecord | null {
  return drafts.reduce((message, draft) => foldMessage(answerBase, message, draft), answer)
}

const base = { at: 5, sessionId: 'session-0', streamId: 'stream-0', messageId: 'message-1' }
const text = (partIndex: number, offset: number, of: string, providerState?: OpaqueProviderState): EventDraft => ({
  ...base,
  type: 'TextDelta',
  partIndex,
  offset,
  text: of,
  ...(providerState && { providerState }),
})

describe('the fold of a log', () => {
  test('is null until something is produced', () => {
    const { turn, events } = playTurn([{ type: 'step', estimatedInputTokens: 5 }], { status: 'CANCELLED' })
    expect(folded(events)).toBeNull()
    expect(turn.answer).toBeNull()
  })

  test('is a STREAMING message until the end of the stream, then COMPLETE or PARTIAL', () => {
    const { events } = playTurn([{ type: 'text', block: '1', text: 'Hello' }], { status: 'COMPLETED' })
    expect(folded(events.slice(0, -1))).toMatchObject({ role: 'ASSISTANT', status: 'STREAMING', usage: null })
    expect(folded(events)).toMatchObject({
      status: 'COMPLETE',
      position: answerBase.position,
      model: answerBase.model,
      parts: [{ type: 'text', text: 'Hello' }],
      usage: { outputTokens: 0 },
    })
  })

  test('puts text at its offset, by the rule in the schema', () => {
    const answer = folded([text(0, 0, 'Hello world')])
    expect(folded([text(0, 6, 'there')], answer)?.parts).toEqual([{ type: 'text', text: 'Hello there' }])
    expect(folded([text(0, 0, 'J')], answer)?.parts).toEqual([{ type: 'text', text: 'Jello world' }])
    expect(folded([text(0, 11, '!')], answer)?.parts).toEqual([{ type: 'text', text: 'Hello world!' }])
  })

  test('adds state of the provider to its part, and keeps what the part has', () => {
    const first = folded([text(0, 0, 'Hello', { before: 1 }), text(0, 5, ' world')])
    expect(first?.parts).toEqual([{ type: 'text', text: 'Hello world', providerState: { before: 1 } }])
    const more = folded([text(0, 11, '', { part: 2, before: 3 })], first)
    expect(more?.parts).toEqual([{ type: 'text', text: 'Hello world', providerState: { before: 1, part: 2 } }])
  })

  test('does not modify the message that it is applied to', () => {
    const before = folded([text(0, 0, 'Hello')])
    const copy = structuredClone(before)
    folded([text(0, 5, ' world'), text(1, 0, 'more')], before)
    expect(before).toEqual(copy)
  })

  test('places an answer directly after its user message', () => {
    const question = newUserMessage(newStream({ firstSeq: 7 }))
    expect(question.position).toBe(toUserMessagePosition(7))
    expect(toAnswerMessagePosition(question)).toBe(toUserMessagePosition(7) + 1)
    expect(toAnswerMessagePosition(question)).toBeLessThan(toUserMessagePosition(8))
  })
})

describe('applying events again', () => {
  test('changes nothing, for any deltas and any number of times', () => {
    const choices = fc.array(fc.nat(), { maxLength: 20 })
    fc.assert(
      fc.property(anyAgentEvents, anyEnding, choices, (events, ending, picks) => {
        const { events: drafts } = playTurn(events, ending)
        const expected = folded(drafts)
        const deltas = drafts.filter(isDeltaEventDraft)
        const again = picks.flatMap((pick) => deltas[pick % deltas.length] ?? [])
        expect(isDeepStrictEqual(folded(again, expected), expected)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('changes nothing in the middle of a log, so that a reader can go back to any cursor', () => {
    fc.assert(
      fc.property(anyAgentEvents, anyEnding, fc.array(fc.tuple(fc.nat(), fc.nat())), (events, ending, jumps) => {
        const { events: drafts } = playTurn(events, ending)
        let answer: MessageRecord | null = null
        let at = 0
        for (const [forward, back] of jumps) {
          const to = at + (forward % (drafts.length - at + 1))
          answer = folded(drafts.slice(at, to), answer)
          at = to - (back % (to + 1))
        }
        expect(isDeepStrictEqual(folded(drafts.slice(at), answer), folded(drafts))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('changes nothing when a coalesced delta follows its pieces, or pieces follow a coalesced delta', () => {
    fc.assert(
      fc.property(anyAgentEvents, anyEnding, fc.array(fc.tuple(fc.nat(), fc.nat())), (events, ending, picks) => {
        const log = assignSeqs(playTurn(events, ending).events)
        const expected = folded(log)
        const deltas = log.filter(isDelta)
        let answer = expected
        for (const [first, length] of picks) {
          // Any run of deltas of one part, coalesced.
          const start = deltas[first % deltas.length]
          if (!start) continue
          let merged = start
          let left = length % 5
          for (const next of deltas.filter(({ seq }) => seq > start.seq)) {
            if (left === 0 || !canCoalesce(merged, next)) continue
            merged = replaceDeltaText({ ...next, offset: merged.offset }, getDeltaText(merged) + getDeltaText(next))
            left -= 1
          }
          answer = folded([merged, start], answer)
        }
        expect(isDeepStrictEqual(answer, expected)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
