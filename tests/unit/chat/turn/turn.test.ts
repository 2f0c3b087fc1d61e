import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { estimateTokensOfLength } from '../../../../src/agent/tokens/estimate-tokens-of-length.ts'
import { getDeltaText, isDeltaEventDraft } from '../../../../src/model/fold/delta.ts'
import { foldMessage } from '../../../../src/model/fold/fold-message.ts'
import type { EventDraft } from '../../../../src/model/chat-event.ts'
import { type TurnState, createTurnState } from '../../../../src/chat/turn/turn.ts'
import {
  applyAgentEvent,
  createStreamStartedDraft,
  startQueuedStream,
  finishTurn,
  cancelQueuedStream,
} from '../../../../src/chat/turn/transitions.ts'
import { maxEventTextCodeUnits } from '../../../../src/lib/text/unicode.ts'
import { hasToolCallEnded } from '../../../../src/model/tool-call.ts'
import type { MessagePart, MessageRecord, ToolCall } from '../../../../src/model/message.ts'
import {
  anyAgentEvents,
  anyEnding,
  newCountingRuntime,
  newStream,
  playTurn,
  type PlayedTurn,
  newUserMessage,
} from '../../../support/fixtures/generators.ts'

/** Checks a property of all turns, whatever the agent does and however they end. */
function checkAllTurns(check: (played: PlayedTurn, events: readonly AgentEvent[]) => void): void {
  const property = fc.property(anyAgentEvents, anyEnding, (events, ending) => check(playTurn(events, ending), events))
  fc.assert(property, { numRuns: 300 })
}

/** The length of a part's text; 0 without a part. */
function lengthOf(part: MessagePart | undefined): number {
  if (part?.type === 'tool') return part.call.argumentsText.length
  return part === undefined || part.type === 'file' ? 0 : part.text.length
}

function callsOf(answer: MessageRecord | null): ToolCall[] {
  return (answer?.parts ?? []).flatMap((part) => (part.type === 'tool' ? [part.call] : []))
}

/** All strings in a value, keys included. */
function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    yield key
    yield* stringsIn(inner)
  }
}

describe('in any turn', () => {
  test('each delta continues its part, and parts start in order', () => {
    checkAllTurns(({ turn, events }) => {
      let answer: MessageRecord | null = null
      for (const draft of events) {
        if ('partIndex' in draft) {
          expect(draft.partIndex).toBeLessThanOrEqual(answer?.parts.length ?? 0)
          expect(draft.messageId).toBe(turn.answer?.id)
        }
        if (isDeltaEventDraft(draft)) expect(draft.offset).toBe(lengthOf(answer?.parts[draft.partIndex]))
        answer = foldMessage(turn.answerBase, answer, draft)
      }
    })
  })

  test('no event holds more than 65,536 code units of text, or a lone surrogate', () => {
    checkAllTurns(({ events }) => {
      for (const draft of events) {
        if (isDeltaEventDraft(draft)) expect(getDeltaText(draft).length).toBeLessThanOrEqual(maxEventTextCodeUnits)
        expect([...stringsIn(draft)].every((text) => text.isWellFormed())).toBe(true)
      }
    })
  })

  test('the answer is the fold of the events at any time', () => {
    fc.assert(
      fc.property(anyAgentEvents, anyEnding, (events, ending) => {
        const runtime = newCountingRuntime()
        let turn = createTurnState(newStream(), newUserMessage(newStream()))
        let folded: MessageRecord | null = null
        const take = (outcome: { turn: TurnState; events: readonly EventDraft[] }): void => {
          for (const draft of outcome.events) folded = foldMessage(turn.answerBase, folded, draft)
          expect(isDeepStrictEqual(folded, outcome.turn.answer)).toBe(true)
          turn = outcome.turn
        }
        for (const event of events) take(applyAgentEvent(turn, event, runtime))
        take(finishTurn(turn, ending, runtime))
      }),
    )
  })

  test('there is exactly one StreamFinished, the last event, which names the answer and raises the generation', () => {
    fc.assert(
      fc.property(anyAgentEvents, anyEnding, fc.integer({ min: 1, max: 9 }), (events, ending, generation) => {
        const { turn, events: drafts } = playTurn(events, ending, newCountingRuntime(), newStream({ generation }))
        const finished = drafts.filter(({ type }) => type === 'StreamFinished')
        expect(finished.length).toBe(1)
        expect(drafts.at(-1)).toMatchObject({ stream: turn.stream, messageId: turn.answer?.id ?? null })
        expect(turn.stream).toMatchObject({
          status: ending.status,
          generation: generation + 1,
          messageId: turn.answer?.id ?? null,
          step: null,
          finishedAt: expect.any(Number),
        })
        const lastReason = events.findLast(({ type }) => type === 'finish' || type === 'step')
        const finishReason = lastReason?.type === 'finish' ? lastReason.reason : 'STOP'
        const isWhole = ending.status === 'COMPLETED' && ['STOP', 'TOOL_CALLS', 'OTHER'].includes(finishReason)
        expect(turn.stream.finishReason).toBe(ending.status === 'COMPLETED' ? finishReason : undefined)
        expect(turn.answer?.status ?? 'none').toBe(turn.answer ? (isWhole ? 'COMPLETE' : 'PARTIAL') : 'none')
        expect(turn.answer?.usage ?? turn.stream.usage).toEqual(turn.stream.usage)
      }),
    )
  })

  test('every call ends, and does not change after its end', () => {
    checkAllTurns(({ turn, events }) => {
      const ended = new Map<string, ToolCall>()
      for (const draft of events) {
        if (draft.type === 'ToolCallDelta') expect(ended.has(draft.toolCallId)).toBe(false)
        if (draft.type !== 'ToolCallChanged') continue
        expect(ended.has(draft.toolCall.id)).toBe(false)
        if (hasToolCallEnded(draft.toolCall)) ended.set(draft.toolCall.id, draft.toolCall)
      }
      expect(isDeepStrictEqual(callsOf(turn.answer), [...ended.values()].toSorted(byNumber))).toBe(true)
      for (const call of ended.values()) expect(call.finishedAt).not.toBeNull()
    })
  })

  test('complete arguments do not change', () => {
    checkAllTurns(({ turn, events }) => {
      const complete = new Map<string, string>()
      for (const draft of events) {
        if (draft.type !== 'ToolCallChanged' || !draft.toolCall.argumentsWhole) continue
        const { id, argumentsText } = draft.toolCall
        expect(argumentsText === (complete.get(id) ?? argumentsText)).toBe(true)
        complete.set(id, argumentsText)
      }
      for (const call of callsOf(turn.answer)) {
        if (call.argumentsWhole) expect(call.argumentsText === complete.get(call.id)).toBe(true)
      }
    })
  })

  test('the answer holds all text, block by block, with U+FFFD for each lone surrogate', () => {
    checkAllTurns(({ turn }, events) => {
      // The texts may be long. A diff of them would take longer than the test.
      expect(isDeepStrictEqual(turn.answer?.parts.map(textOf) ?? [], expectedParts(events))).toBe(true)
    })
  })

  test('usage is the sum of what the provider sent, and of estimates for the steps without figures', () => {
    checkAllTurns(({ turn }, events) => {
      const sent = events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))
      const sum = (figures: readonly number[]): number => figures.reduce((a, b) => a + b, 0)
      const estimated = events.flatMap((event, index) => {
        if (event.type !== 'step') return []
        const rest = events.slice(index + 1)
        const end = rest.find(({ type }) => type === 'step' || type === 'usage')
        return end?.type === 'usage' ? [] : [event.estimatedInputTokens]
      })
      const { usage } = turn.stream
      expect(usage.estimated).toBe(estimated.length > 0)
      expect(usage.inputTokens).toBe(sum(sent.map(({ inputTokens }) => inputTokens ?? 0)) + sum(estimated))
      expect(usage.outputTokens).toBeGreaterThanOrEqual(sum(sent.map(({ outputTokens }) => outputTokens ?? 0)))
      if (estimated.length === 0)
        expect(usage.outputTokens).toBe(sum(sent.map(({ outputTokens }) => outputTokens ?? 0)))
      expect(usage.reasoningTokens).toBe(sum(sent.map(({ reasoningTokens }) => reasoningTokens)))
      expect(usage.cachedInputTokens).toBe(sum(sent.map(({ cachedInputTokens }) => cachedInputTokens)))
    })
  })
})

const byNumber = (a: ToolCall, b: ToolCall): number => numberOf(a) - numberOf(b)
const numberOf = ({ id }: ToolCall): number => Number(id.split('-')[1])
const textOf = (part: MessagePart): [string, string] =>
  part.type === 'tool' ? ['tool', part.call.argumentsText] : [part.type, part.type === 'file' ? '' : part.text]

/** The same answer by another way: the raw text of each block, joined first and made well-formed last. */
function expectedParts(events: readonly AgentEvent[]): [string, string][] {
  const parts: { type: string; text: string; closed: boolean }[] = []
  const nothing = { name: '', part: { text: '' } }
  let open = nothing
  let partsBeforeStep = 0
  let calls = new Map<string, { type: string; text: string; closed: boolean }>()
  for (const event of events) {
    switch (event.type) {
      case 'text':
      case 'reasoning': {
        const name = `${event.type} ${event.block}`
        if (open.name !== name) {
          open = nothing
          if (event.text === '') break
          const part = { type: event.type, text: '', closed: false }
          parts.push(part)
          open = { name, part }
        }
        open.part.text += event.text
        break
      }
      case 'step':
        open = nothing
        calls = new Map()
        partsBeforeStep = parts.length
        break
      case 'text-was-reasoning':
        open = nothing
        for (const part of parts.slice(partsBeforeStep)) if (part.type === 'text') part.type = 'reasoning'
        break
      case 'tool-input':
      case 'tool-call': {
        open = nothing
        const call = calls.get(event.callId) ?? { type: 'tool', text: '', closed: false }
        if (!calls.has(event.callId)) parts.push(call)
        calls.set(event.callId, call)
        if (call.closed) break
        call.text = event.type === 'tool-input' ? call.text + event.text : event.argumentsText
        call.closed = event.type === 'tool-call'
        break
      }
      case 'tool-result':
      case 'tool-error': {
        const call = calls.get(event.callId)
        if (call) call.closed = true
        break
      }
      case 'usage':
        break
    }
  }
  return parts.map(({ type, text }) => [type, text.toWellFormed()])
}

describe('a tool call', () => {
  const input = (text: string): AgentEvent => ({ type: 'tool-input', callId: '0', name: 'look', text })
  const completeCall = (argumentsText: string): AgentEvent => ({
    type: 'tool-call',
    callId: '0',
    name: 'look',
    argumentsText,
  })
  const result: AgentEvent = { type: 'tool-result', callId: '0', result: 'seen' }
  const deltas = (drafts: readonly EventDraft[]): string[] =>
    drafts.flatMap((draft) => (draft.type === 'ToolCallDelta' ? [draft.argumentsText] : []))

  test('is announced before its arguments', () => {
    const { turn, events } = playTurn([input('')], null)
    expect(events.at(-1)).toMatchObject({ type: 'ToolCallDelta', toolName: 'look', offset: 0, argumentsText: '' })
    expect(callsOf(turn.answer)).toMatchObject([{ name: 'look', state: 'STREAMING' }])
  })

  test('joins a surrogate pair whose second half comes with the complete arguments', () => {
    const { events } = playTurn([input('"\ud83d'), completeCall('"😀"')], { status: 'COMPLETED' })
    expect(deltas(events)).toEqual(['"', '😀"'])
  })

  test('starts once: a second one with its id in the step, and late events, change nothing', () => {
    const once = playTurn([completeCall('{}'), result], { status: 'COMPLETED' })
    const again = playTurn([completeCall('{}'), result, completeCall('{"a":1}'), input('x'), result], {
      status: 'COMPLETED',
    })
    expect(again.events.map(({ type }) => type)).toEqual(once.events.map(({ type }) => type))
    expect(callsOf(again.turn.answer)).toMatchObject([{ state: 'SUCCEEDED', argumentsText: '{}', result: 'seen' }])
  })

  test('of another step may have the same id, and is another call', () => {
    const step: AgentEvent = { type: 'step', estimatedInputTokens: 1 }
    const { turn } = playTurn([step, completeCall('{}'), result, step, completeCall('{"a":1}')], {
      status: 'CANCELLED',
    })
    expect(callsOf(turn.answer)).toMatchObject([
      { providerId: '0', argumentsText: '{}', state: 'SUCCEEDED' },
      { providerId: '0', argumentsText: '{"a":1}', state: 'CANCELLED' },
    ])
  })

  test.each([
    ['CANCELLED', 'incomplete', [input('{')], 'CANCELLED'],
    ['CANCELLED', 'running', [completeCall('{}')], 'CANCELLED'],
    ['INTERRUPTED', 'incomplete', [input('{')], 'FAILED'],
    ['INTERRUPTED', 'running', [completeCall('{}')], 'OUTCOME_UNKNOWN'],
    ['COMPLETED', 'incomplete', [input('{')], 'FAILED'],
    ['COMPLETED', 'running', [completeCall('{}')], 'OUTCOME_UNKNOWN'],
  ] as const)('of a stream that ends as %s while it is %s ends in the matching state', (status, _is, events, state) => {
    expect(callsOf(playTurn(events, { status }).turn.answer)).toMatchObject([{ state }])
  })
})

describe('the usage estimate', () => {
  const step: AgentEvent = { type: 'step', estimatedInputTokens: 7 }
  const text = (of: string): AgentEvent => ({ type: 'text', block: '1', text: of })

  test('counts what each step produced once', () => {
    const { turn } = playTurn([step, text('x'.repeat(8)), step, text('y'.repeat(3))], { status: 'CANCELLED' })
    expect(turn.stream.usage).toMatchObject({
      estimated: true,
      inputTokens: 14,
      outputTokens: estimateTokensOfLength(8) + estimateTokensOfLength(3),
    })
  })

  test('is never negative, even if complete arguments are shorter than their pieces', () => {
    const { turn } = playTurn(
      [
        step,
        { type: 'tool-input', callId: '0', name: 'look', text: 'x'.repeat(100) },
        step,
        { type: 'tool-call', callId: '1', name: 'look', argumentsText: '{}' },
      ],
      { status: 'CANCELLED' },
    )
    expect(turn.stream.usage.outputTokens).toBe(estimateTokensOfLength(100) + estimateTokensOfLength(2))
    // As after a crash: the row of the stream is ahead of the answer.
    const ahead = newStream({ step: { inputTokens: 7, producedBefore: 1000 } })
    const { stream } = finishTurn(
      createTurnState(ahead, newUserMessage(ahead)),
      { status: 'INTERRUPTED' },
      newCountingRuntime(),
    ).turn
    expect(stream.usage.outputTokens).toBe(0)
  })
})

describe('a stream that waits for its provider', () => {
  const runtime = newCountingRuntime()
  const started = createTurnState(newStream(), newUserMessage(newStream()))
  const waiting = applyAgentEvent(started, { type: 'retry-wait', retryAt: 5000 }, runtime)
  const isChange = ({ type }: EventDraft) => type === 'StreamChanged'

  test('is RUNNING, with the time in its row and in a StreamChanged', () => {
    expect(waiting.turn.stream).toMatchObject({ status: 'RUNNING', retryAt: 5000 })
    expect(waiting.events).toMatchObject([{ type: 'StreamChanged', stream: { status: 'RUNNING', retryAt: 5000 } }])
    expect(applyAgentEvent(waiting.turn, { type: 'retry-wait', retryAt: 5000 }, runtime).events).toEqual([])
  })

  test('waits no more from the first delta on, with which the change is committed', () => {
    const { turn, events } = applyAgentEvent(waiting.turn, { type: 'text', block: '1', text: 'Here.' }, runtime)
    expect(turn.stream).not.toHaveProperty('retryAt')
    expect(events.map(({ type }) => type)).toEqual(['StreamChanged', 'TextDelta'])
    expect(events.filter(isChange)).not.toMatchObject([{ stream: { retryAt: 5000 } }])
  })

  test.each(['COMPLETED', 'CANCELLED', 'INTERRUPTED'] as const)('waits no more once it is %s', (status) => {
    const { turn, events } = finishTurn(waiting.turn, { status }, runtime)
    expect(turn.stream).not.toHaveProperty('retryAt')
    expect(events.map(({ type }) => type)).toEqual(['StreamChanged', 'StreamFinished'])
  })
})

describe('a queued stream', () => {
  const queued = newStream({ status: 'QUEUED', generation: 1 })

  test('is accepted as QUEUED, and runs when it is dequeued', () => {
    const runtime = newCountingRuntime()
    expect(createStreamStartedDraft(queued, runtime)).toMatchObject({
      type: 'StreamStarted',
      stream: queued,
      userMessageId: 'message-0',
    })
    const { stream, event } = startQueuedStream(queued, runtime)
    expect(stream).toEqual({ ...queued, status: 'RUNNING' })
    expect(event).toMatchObject({ type: 'StreamChanged', stream })
  })

  test('ends without an answer when it is withdrawn', () => {
    const { stream, event } = cancelQueuedStream(queued, newCountingRuntime())
    expect(stream).toMatchObject({ status: 'CANCELLED', generation: 2, messageId: null, error: null })
    expect(event).toMatchObject({ type: 'StreamFinished', stream, messageId: null })
  })
})
