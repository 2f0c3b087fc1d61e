import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldMessage, foldPendingDecisions } from '../../../../src/model/fold-message.ts'
import type { EventDraft } from '../../../../src/model/chat-event.ts'
import { type Transition, createTurnState } from '../../../../src/chat/turn/turn.ts'
import { applyAgentEvent, finishTurn, resolveDecision } from '../../../../src/chat/turn/commands.ts'
import { isFinal } from '../../../../src/model/tool-call.ts'
import type { DecisionRecord } from '../../../../src/model/decision.ts'
import type { MessageRecord, ToolCall } from '../../../../src/model/message.ts'
import {
  anyTurnSteps,
  anyEnding,
  newCountingRuntime,
  type TurnStep,
  applyDecision,
  newStream,
  playTurn,
  newUserMessage,
} from '../../../support/fixtures/generators.ts'

const stream = newStream()
const begin = () => createTurnState(stream, newUserMessage(stream))

function decisionsIn(drafts: readonly EventDraft[]): DecisionRecord[] {
  return drafts.flatMap((draft) => ('decision' in draft ? [draft.decision] : []))
}

function callsIn(answer: MessageRecord | null): ToolCall[] {
  return (answer?.parts ?? []).flatMap((part) => (part.type === 'tool' ? [part.call] : []))
}

/** What each deed makes of the turn, one after the other. */
function* steps(deeds: readonly TurnStep[]): Generator<Transition> {
  const runtime = newCountingRuntime()
  let turn = begin()
  for (const deed of deeds) {
    const outcome = deed.type === 'decide' ? applyDecision(turn, deed, runtime) : applyAgentEvent(turn, deed, runtime)
    turn = outcome.turn
    yield outcome
  }
}

test('a stream waits exactly as long as something of it waits for a person', () => {
  fc.assert(
    fc.property(anyTurnSteps, (deeds) => {
      for (const { turn } of steps(deeds)) {
        expect(turn.stream.status).toBe(turn.pendingDecisions.size > 0 ? 'WAITING' : 'RUNNING')
        for (const { partIndex, kind } of turn.pendingDecisions.values()) {
          const part = turn.answer?.parts[partIndex]
          const state = kind === 'approval' ? 'AWAITING_APPROVAL' : 'RUNNING'
          expect(part).toMatchObject({ type: 'tool', call: { state } })
        }
        // No other call waits for anybody.
        const awaiting = callsIn(turn.answer).filter(({ state }) => state === 'AWAITING_APPROVAL')
        expect(awaiting.length).toBe(
          [...turn.pendingDecisions.values()].filter(({ kind }) => kind === 'approval').length,
        )
      }
    }),
  )
})

test('each decision is asked for once and settled once, whatever happens', () => {
  fc.assert(
    fc.property(anyTurnSteps, anyEnding, (deeds, ending) => {
      const { turn, events } = playTurn(deeds, ending)
      const states = Map.groupBy(decisionsIn(events), ({ id }) => id)
      for (const told of states.values()) {
        expect(told).toHaveLength(2)
        const [first, last] = told
        expect([first?.state, last?.state === 'PENDING']).toEqual(['PENDING', false])
        expect(first?.resolvedAt).toBeNull()
        expect(last?.resolvedAt).toBeGreaterThan(first?.requestedAt ?? Number.POSITIVE_INFINITY)
      }
      expect(turn.pendingDecisions.size).toBe(0)
      expect(events.reduce(foldPendingDecisions, new Map()).size).toBe(0)
      expect(callsIn(turn.answer).filter((call) => !isFinal(call))).toEqual([])
    }),
  )
})

test('a call that has to be allowed runs behind a yes to it, and behind nothing else', () => {
  fc.assert(
    fc.property(anyTurnSteps, anyEnding, (deeds, ending) => {
      const { events } = playTurn(deeds, ending)
      const before = new Map<string, string>()
      const allowed = new Set(
        decisionsIn(events).flatMap((each) =>
          each.kind === 'approval' && each.decision !== null && each.decision !== 'DENY' ? [each.toolCall.id] : [],
        ),
      )
      for (const draft of events) {
        if (draft.type !== 'ToolCallChanged') continue
        const { id, state } = draft.toolCall
        const was = before.get(id)
        if (was === 'AWAITING_APPROVAL' && state === 'RUNNING') expect(allowed).toContain(id)
        before.set(id, state)
      }
    }),
  )
})

test('what was settled stays settled: another resolution changes nothing and tells nothing', () => {
  fc.assert(
    fc.property(anyTurnSteps, (deeds) => {
      const runtime = newCountingRuntime()
      const settled = new Set<string>()
      for (const { turn, events } of steps(deeds)) {
        for (const { id, state } of decisionsIn(events)) if (state !== 'PENDING') settled.add(id)
        for (const id of settled) {
          const again = resolveDecision(turn, id, { type: 'decided', decision: 'ONCE' }, runtime)
          expect(again.events).toEqual([])
          expect(again.turn).toBe(turn)
        }
      }
    }),
  )
})

test('a crash behind any event leaves nothing that waits, and each call with what is known of it', () => {
  fc.assert(
    fc.property(anyTurnSteps, (deeds) => {
      const { turn: whole, events: drafts } = playTurn(deeds, null)
      const runtime = newCountingRuntime()
      let { answer, pendingDecisions } = begin()
      for (const draft of drafts) {
        answer = foldMessage(whole.answerBase, answer, draft)
        pendingDecisions = foldPendingDecisions(pendingDecisions, draft)
        const waiting = new Set([...pendingDecisions.values()].map(({ partIndex }) => partIndex))
        const { turn, events } = finishTurn(
          { ...begin(), answer, pendingDecisions },
          { status: 'INTERRUPTED' },
          runtime,
        )
        expect(turn.pendingDecisions.size).toBe(0)
        const ends = decisionsIn(events)
        expect(ends.map(({ id, state }) => [id, state])).toEqual(
          [...pendingDecisions.keys()].map((id) => [id, 'CANCELLED']),
        )
        for (const [index, part] of (answer?.parts ?? []).entries()) {
          const after = turn.answer?.parts[index]
          if (part.type !== 'tool' || after?.type !== 'tool') continue
          if (isFinal(part.call)) expect(after.call).toEqual(part.call)
          else if (waiting.has(index))
            expect(after.call).toMatchObject({ state: 'CANCELLED', error: /^The server stopped/ })
          else if (part.call.state === 'RUNNING') expect(after.call.state).toBe('OUTCOME_UNKNOWN')
          else expect(isFinal(after.call)).toBe(true)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('nobody is asked any more about a call that its agent ended without waiting; what nobody answered has no answer', () => {
  fc.assert(
    fc.property(anyTurnSteps, anyEnding, (deeds, ending) => {
      const { events } = playTurn(deeds, ending)
      for (const decision of decisionsIn(events)) {
        const given = decision.kind === 'approval' ? decision.decision : decision.answer
        expect(given === null).toBe(decision.state !== 'ANSWERED')
      }
    }),
  )
  const call = { callId: '0', name: 'look', argumentsText: '{}' }
  const gate = { type: 'approval', description: 'Look.', timeoutMs: 1 } as const
  const { turn, events } = playTurn(
    [
      { type: 'tool-call', ...call, gate },
      { type: 'tool-result', callId: '0', result: 'seen' },
    ],
    null,
  )
  expect(decisionsIn(events).map(({ state }) => state)).toEqual(['PENDING', 'CANCELLED'])
  expect(turn.stream.status).toBe('RUNNING')
  expect(callsIn(turn.answer)).toMatchObject([{ state: 'SUCCEEDED', result: 'seen' }])
})
