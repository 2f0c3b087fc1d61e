import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { estimateTokens } from '../../../../src/agent/estimate-tokens.ts'
import { getDeltaText, isDeltaDraft } from '../../../../src/model/delta.ts'
import { foldMessage } from '../../../../src/model/fold-message.ts'
import type { EventDraft } from '../../../../src/model/chat-event.ts'
import { type TurnState, createTurnState } from '../../../../src/chat/turn/turn.ts'
import {
  applyAgentEvent,
  acceptStream,
  dequeueStream,
  finishTurn,
  withdrawStream,
} from '../../../../src/chat/turn/commands.ts'
import { maxEventTextCodeUnits } from '../../../../src/lib/unicode.ts'
import { isFinal } from '../../../../src/model/tool-call.ts'
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

/** What holds for every answer, whatever the agent did and however it ended. */
function everyAnswer(check: (played: PlayedTurn, events: readonly AgentEvent[]) => void): void {
  const property = fc.property(anyAgentEvents, anyEnding, (events, ending) => check(playTurn(events, ending), events))
  fc.assert(property, { numRuns: 300 })
}

/** The length of a part's text; 0 as long as there is none. */
function lengthOf(part: MessagePart | undefined): number {
  if (part?.type === 'tool') return part.call.argumentsText.length
  return part === undefined || part.type === 'file' ? 0 : part.text.length
}

function callsOf(answer: MessageRecord | null): ToolCall[] {
  return (answer?.parts ?? []).flatMap((part) => (part.type === 'tool' ? [part.call] : []))
}

/** All texts in a value, the names of fields included. */
function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    yield key
    yield* stringsIn(inner)
  }
}

describe('whatever an agent does, and wherever it ends', () => {
  test('each delta goes on where its part ends, and no part comes before the one in front of it', () => {
    everyAnswer(({ turn, events }) => {
      let answer: MessageRecord | null = null
      for (const draft of events) {
        if ('partIndex' in draft) {
          expect(draft.partIndex).toBeLessThanOrEqual(answer?.parts.length ?? 0)
          expect(draft.messageId).toBe(turn.answer?.id)
        }
        if (isDeltaDraft(draft)) expect(draft.offset).toBe(lengthOf(answer?.parts[draft.partIndex]))
        answer = foldMessage(turn.answerBase, answer, draft)
      }
    })
  })

  test('no event holds more than 65,536 code units of text, or half a pair anywhere', () => {
    everyAnswer(({ events }) => {
      for (const draft of events) {
        if (isDeltaDraft(draft)) expect(getDeltaText(draft).length).toBeLessThanOrEqual(maxEventTextCodeUnits)
        expect([...stringsIn(draft)].every((text) => text.isWellFormed())).toBe(true)
      }
    })
  })

  test('the fold of its events is its answer, at every moment', () => {
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

  test('there is one StreamFinished, at the end, which names the answer and raises the generation', () => {
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
        expect(turn.answer?.status ?? ending.status).toBe(
          turn.answer ? (ending.status === 'COMPLETED' ? 'COMPLETE' : 'PARTIAL') : ending.status,
        )
        expect(turn.answer?.usage ?? turn.stream.usage).toEqual(turn.stream.usage)
      }),
    )
  })

  test('no call is left open, and none that is over changes any more', () => {
    everyAnswer(({ turn, events }) => {
      const over = new Map<string, ToolCall>()
      for (const draft of events) {
        if (draft.type === 'ToolCallDelta') expect(over.has(draft.toolCallId)).toBe(false)
        if (draft.type !== 'ToolCallChanged') continue
        expect(over.has(draft.toolCall.id)).toBe(false)
        if (isFinal(draft.toolCall)) over.set(draft.toolCall.id, draft.toolCall)
      }
      expect(isDeepStrictEqual(callsOf(turn.answer), [...over.values()].toSorted(byNumber))).toBe(true)
      for (const call of over.values()) expect(call.finishedAt).not.toBeNull()
    })
  })

  test('a call that became whole stays as it was whole', () => {
    everyAnswer(({ turn, events }) => {
      const whole = new Map<string, string>()
      for (const draft of events) {
        if (draft.type !== 'ToolCallChanged' || !draft.toolCall.argumentsWhole) continue
        const { id, argumentsText } = draft.toolCall
        expect(argumentsText === (whole.get(id) ?? argumentsText)).toBe(true)
        whole.set(id, argumentsText)
      }
      for (const call of callsOf(turn.answer)) {
        if (call.argumentsWhole) expect(call.argumentsText === whole.get(call.id)).toBe(true)
      }
    })
  })

  test('the answer holds what came, stretch by stretch, with U+FFFD for each half that stands alone', () => {
    everyAnswer(({ turn }, events) => {
      // The texts may be long: a diff of them would take longer than the test.
      expect(isDeepStrictEqual(turn.answer?.parts.map(textOf) ?? [], expectedParts(events))).toBe(true)
    })
  })

  test('usage is what the provider told, and an estimate for exactly the steps of which it told nothing', () => {
    everyAnswer(({ turn }, events) => {
      const told = events.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))
      const sum = (figures: readonly number[]): number => figures.reduce((a, b) => a + b, 0)
      const untold = events.flatMap((event, index) => {
        if (event.type !== 'step') return []
        const rest = events.slice(index + 1)
        const end = rest.find(({ type }) => type === 'step' || type === 'usage')
        return end?.type === 'usage' ? [] : [event.estimatedInputTokens]
      })
      const { usage } = turn.stream
      expect(usage.estimated).toBe(untold.length > 0)
      expect(usage.inputTokens).toBe(sum(told.map(({ inputTokens }) => inputTokens)) + sum(untold))
      expect(usage.outputTokens).toBeGreaterThanOrEqual(sum(told.map(({ outputTokens }) => outputTokens)))
      if (untold.length === 0) expect(usage.outputTokens).toBe(sum(told.map(({ outputTokens }) => outputTokens)))
      expect(usage.reasoningTokens).toBe(sum(told.map(({ reasoningTokens }) => reasoningTokens)))
      expect(usage.cachedInputTokens).toBe(sum(told.map(({ cachedInputTokens }) => cachedInputTokens)))
    })
  })
})

const byNumber = (a: ToolCall, b: ToolCall): number => numberOf(a) - numberOf(b)
const numberOf = ({ id }: ToolCall): number => Number(id.split('-')[1])
const textOf = (part: MessagePart): [string, string] =>
  part.type === 'tool' ? ['tool', part.call.argumentsText] : [part.type, part.type === 'file' ? '' : part.text]

/** The same answer in other words: the raw text of each stretch, joined first and made well-formed last. */
function expectedParts(events: readonly AgentEvent[]): [string, string][] {
  const parts: { type: string; text: string; closed: boolean }[] = []
  const nothing = { name: '', part: { text: '' } }
  let open = nothing
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

describe('a call of a tool', () => {
  const input = (text: string): AgentEvent => ({ type: 'tool-input', callId: '0', name: 'look', text })
  const whole = (argumentsText: string): AgentEvent => ({ type: 'tool-call', callId: '0', name: 'look', argumentsText })
  const result: AgentEvent = { type: 'tool-result', callId: '0', result: 'seen' }
  const deltas = (drafts: readonly EventDraft[]): string[] =>
    drafts.flatMap((draft) => (draft.type === 'ToolCallDelta' ? [draft.argumentsText] : []))

  test('is told of before its arguments come', () => {
    const { turn, events } = playTurn([input('')], null)
    expect(events.at(-1)).toMatchObject({ type: 'ToolCallDelta', toolName: 'look', offset: 0, argumentsText: '' })
    expect(callsOf(turn.answer)).toMatchObject([{ name: 'look', state: 'STREAMING' }])
  })

  test('joins a pair whose second half comes with the whole text only', () => {
    const { events } = playTurn([input('"\ud83d'), whole('"😀"')], { status: 'COMPLETED' })
    expect(deltas(events)).toEqual(['"', '😀"'])
  })

  test('runs once: a second one of the same name in its step, and what comes late for it, change nothing', () => {
    const once = playTurn([whole('{}'), result], { status: 'COMPLETED' })
    const again = playTurn([whole('{}'), result, whole('{"a":1}'), input('x'), result], { status: 'COMPLETED' })
    expect(again.events.map(({ type }) => type)).toEqual(once.events.map(({ type }) => type))
    expect(callsOf(again.turn.answer)).toMatchObject([{ state: 'SUCCEEDED', argumentsText: '{}', result: 'seen' }])
  })

  test('of another step may have the same name and is another call', () => {
    const step: AgentEvent = { type: 'step', estimatedInputTokens: 1 }
    const { turn } = playTurn([step, whole('{}'), result, step, whole('{"a":1}')], { status: 'CANCELLED' })
    expect(callsOf(turn.answer)).toMatchObject([
      { providerId: '0', argumentsText: '{}', state: 'SUCCEEDED' },
      { providerId: '0', argumentsText: '{"a":1}', state: 'CANCELLED' },
    ])
  })

  test.each([
    ['CANCELLED', 'half-made', [input('{')], 'CANCELLED'],
    ['CANCELLED', 'running', [whole('{}')], 'CANCELLED'],
    ['INTERRUPTED', 'half-made', [input('{')], 'FAILED'],
    ['INTERRUPTED', 'running', [whole('{}')], 'OUTCOME_UNKNOWN'],
    ['COMPLETED', 'half-made', [input('{')], 'FAILED'],
    ['COMPLETED', 'running', [whole('{}')], 'OUTCOME_UNKNOWN'],
  ] as const)('when the stream ends as %s, one that is %s ends as it must', (status, _is, events, state) => {
    expect(callsOf(playTurn(events, { status }).turn.answer)).toMatchObject([{ state }])
  })
})

describe('an estimate', () => {
  const step: AgentEvent = { type: 'step', estimatedInputTokens: 7 }
  const text = (of: string): AgentEvent => ({ type: 'text', block: '1', text: of })

  test('counts what each step made, and nothing twice', () => {
    const { turn } = playTurn([step, text('x'.repeat(8)), step, text('y'.repeat(3))], { status: 'CANCELLED' })
    expect(turn.stream.usage).toMatchObject({
      estimated: true,
      inputTokens: 14,
      outputTokens: estimateTokens(8) + estimateTokens(3),
    })
  })

  test('is never negative, also when a whole call is shorter than its pieces were', () => {
    const { turn } = playTurn(
      [
        step,
        { type: 'tool-input', callId: '0', name: 'look', text: 'x'.repeat(100) },
        step,
        { type: 'tool-call', callId: '1', name: 'look', argumentsText: '{}' },
      ],
      { status: 'CANCELLED' },
    )
    expect(turn.stream.usage.outputTokens).toBe(estimateTokens(100) + estimateTokens(2))
    // As after a crash that lost more of the answer than the row of its stream tells.
    const ahead = newStream({ step: { inputTokens: 7, producedBefore: 1000 } })
    const { stream } = finishTurn(
      createTurnState(ahead, newUserMessage(ahead)),
      { status: 'INTERRUPTED' },
      newCountingRuntime(),
    ).turn
    expect(stream.usage.outputTokens).toBe(0)
  })
})

describe('a stream that waits', () => {
  const queued = newStream({ status: 'QUEUED', generation: 1 })

  test('is accepted as it is, and runs when its turn comes', () => {
    const runtime = newCountingRuntime()
    expect(acceptStream(queued, runtime)).toMatchObject({
      type: 'StreamStarted',
      stream: queued,
      userMessageId: 'message-0',
    })
    const { stream, event } = dequeueStream(queued, runtime)
    expect(stream).toEqual({ ...queued, status: 'RUNNING' })
    expect(event).toMatchObject({ type: 'StreamChanged', stream })
  })

  test('can be taken back, and ends without an answer', () => {
    const { stream, event } = withdrawStream(queued, newCountingRuntime())
    expect(stream).toMatchObject({ status: 'CANCELLED', generation: 2, messageId: null, error: null })
    expect(event).toMatchObject({ type: 'StreamFinished', stream, messageId: null })
  })
})
