import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { createTurnState } from '../../../../src/chat/turn/turn.ts'
import { applyAgentEvent, finishTurn } from '../../../../src/chat/turn/transitions.ts'
import { getDeltaText, isDeltaEventDraft } from '../../../../src/model/fold/delta.ts'
import type { EventDraft } from '../../../../src/model/chat-event.ts'
import {
  anyAgentEvents,
  anyEnding,
  newCountingRuntime,
  newStream,
  newUserMessage,
  playTurn,
} from '../../../support/fixtures/generators.ts'

const step: AgentEvent = { type: 'step', estimatedInputTokens: 3 }
const finish = (reason: 'STOP' | 'TOOL_CALLS'): AgentEvent => ({ type: 'finish', reason })
const usage: AgentEvent = {
  type: 'usage',
  usage: { estimated: false, inputTokens: 5, outputTokens: 7, reasoningTokens: 0, cachedInputTokens: 0 },
}
const call: readonly AgentEvent[] = [
  { type: 'tool-input', callId: 'c', name: 'look', text: '{}' },
  finish('TOOL_CALLS'),
  usage,
  { type: 'tool-call', callId: 'c', name: 'look', argumentsText: '{}' },
  { type: 'tool-result', callId: 'c', result: 'seen' },
]
const thinking: AgentEvent = { type: 'reasoning', block: 'r', text: 'Hm' }
const saying: AgentEvent = { type: 'text', block: 't', text: 'Hello' }

function describeEvents(events: readonly EventDraft[]): string[] {
  return events.map((event) => {
    if (event.type === 'StepFinished') return `${event.type} ${event.step} ${event.finishReason}`
    return 'partIndex' in event ? `${event.type} ${event.partIndex}` : event.type
  })
}

describe('the steps of an answer', () => {
  test('are counted from 0; each ends with its reason and usage, before its tools run', () => {
    const { turn, events } = playTurn(
      [step, thinking, ...call, step, saying, finish('STOP'), usage],
      { status: 'COMPLETED' },
      newCountingRuntime(),
    )
    expect(describeEvents(events)).toEqual([
      'StreamStarted',
      'ReasoningDelta 0',
      'PartFinished 0',
      'ToolCallDelta 1',
      'StepFinished 0 TOOL_CALLS',
      'SessionChanged',
      'ToolCallChanged 1',
      'ToolCallChanged 1',
      'PartFinished 1',
      'TextDelta 2',
      'PartFinished 2',
      'StepFinished 1 STOP',
      'SessionChanged',
      'StreamFinished',
    ])
    expect(turn.answer?.parts.map((part) => part.step)).toEqual([0, 0, 1])
    expect(events.filter(({ type }) => type === 'StepFinished')).toMatchObject([
      { usage: { inputTokens: 5, outputTokens: 7 } },
      { usage: { inputTokens: 5, outputTokens: 7 } },
    ])
  })

  test('do not include requests for a summary, nor one that was refused', () => {
    const { turn, events } = playTurn(
      [
        { ...step, purpose: 'SUMMARY' },
        usage,
        step,
        { ...step, purpose: 'SUMMARY', replacesRefused: true },
        usage,
        { ...step, replacesRefused: true },
        saying,
        finish('STOP'),
        usage,
      ],
      { status: 'COMPLETED' },
    )
    expect(events.filter(({ type }) => type === 'StepFinished')).toMatchObject([{ step: 0 }])
    expect(turn.answer?.parts).toMatchObject([{ step: 0 }])
    expect(turn.stream.usage).toMatchObject({ inputTokens: 15 })
  })

  test.each(['CANCELLED', 'INTERRUPTED'] as const)('of which the last was cut off have no end of it: %s', (status) => {
    const { events } = playTurn([step, ...call, step, saying], { status })
    expect(events.filter(({ type }) => type === 'StepFinished')).toMatchObject([{ step: 0 }])
    expect(describeEvents(events).slice(-3)).toEqual(['PartFinished 1', 'SessionChanged', 'StreamFinished'])
  })
})

describe('a part', () => {
  test('tells in each delta when it began, and its end tells when it ended', () => {
    const { turn, events } = playTurn([step, saying, { ...saying, text: ' you' }, thinking], { status: 'COMPLETED' })
    const [first, second] = events.filter(isDeltaEventDraft)
    expect(second).toMatchObject({ step: 0, startedAt: first?.at })
    const ends = events.filter(({ type }) => type === 'PartFinished')
    expect(turn.answer?.parts).toMatchObject(ends.map(({ at }) => ({ endedAt: at })))
    expect(turn.answer?.parts).toMatchObject([{ startedAt: first?.at }, {}])
  })

  test('that is a file begins and ends with its event', () => {
    const file: AgentEvent = { type: 'file', mediaType: 'image/png', name: null, url: 'https://example.org/1' }
    const { turn, events } = playTurn([step, file], { status: 'COMPLETED' })
    const added = events.find(({ type }) => type === 'FilePartAdded')
    expect(turn.answer?.parts).toMatchObject([{ step: 0, startedAt: added?.at, endedAt: added?.at }])
    expect(describeEvents(events)).toEqual(['StreamStarted', 'FilePartAdded 0', 'StreamFinished'])
  })

  test('that was open when the server died ended with the last event; a call ends when it is settled', () => {
    const runtime = newCountingRuntime()
    const { turn, events } = playTurn(
      [step, saying, { type: 'tool-input', callId: 'c', name: 'look', text: '' }, saying],
      null,
    )
    const open = { ...turn, openBlock: null }
    const { turn: ended } = finishTurn(open, { status: 'INTERRUPTED' }, runtime, { writtenUntil: 77 })
    const [text, tool, last] = ended.answer?.parts ?? []
    expect(text?.endedAt).toBe(events.find(({ type }) => type === 'PartFinished')?.at)
    expect(last?.endedAt).toBe(77)
    expect(tool?.endedAt).not.toBe(77)
  })

  test('of which an older version has recorded no beginning has no end', () => {
    const runtime = newCountingRuntime()
    const stream = newStream()
    const { turn } = playTurn([saying], null, runtime, stream)
    const answer = turn.answer && { ...turn.answer, parts: [{ type: 'text', text: 'Hello' } as const] }
    const old = createTurnState(stream, newUserMessage(stream), answer)
    const { events, turn: ended } = finishTurn(old, { status: 'INTERRUPTED' }, runtime)
    expect(describeEvents(events)).toEqual(['SessionChanged', 'StreamFinished'])
    expect(ended.answer?.parts).toEqual([{ type: 'text', text: 'Hello' }])
    expect(applyAgentEvent(old, saying, runtime).events).toMatchObject([{ partIndex: 1 }])
  })

  test('grows no more once it has ended, and has ended when its stream has, in any turn', () => {
    fc.assert(
      fc.property(anyAgentEvents, anyEnding, (agentEvents, ending) => {
        const { turn, events } = playTurn(agentEvents, ending)
        const ended = new Set<number>()
        for (const event of events) {
          if (!('partIndex' in event)) continue
          if (isDeltaEventDraft(event) && getDeltaText(event) === '') continue
          expect(ended.has(event.partIndex)).toBe(false)
          if (event.type === 'PartFinished' || event.type === 'FilePartAdded') ended.add(event.partIndex)
        }
        expect(ended.size).toBe(turn.answer?.parts.length ?? 0)
        for (const { startedAt = Number.NaN, endedAt } of turn.answer?.parts ?? [])
          expect(endedAt).toBeGreaterThanOrEqual(startedAt)
      }),
      { numRuns: 300 },
    )
  })
})
