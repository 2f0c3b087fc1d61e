import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldMessage, foldPendingDecisions } from '../../../../src/model/fold/fold-message.ts'
import type { EventDraft } from '../../../../src/model/chat-event.ts'
import { type TurnTransition, createTurnState } from '../../../../src/chat/turn/turn.ts'
import { applyAgentEvent, finishTurn, resolveDecision } from '../../../../src/chat/turn/transitions.ts'
import { hasToolCallEnded } from '../../../../src/model/tool-call.ts'
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

/** The transitions of the steps, one after the other. */
function* steps(turnSteps: readonly TurnStep[]): Generator<TurnTransition> {
  const runtime = newCountingRuntime()
  let turn = begin()
  for (const step of turnSteps) {
    const outcome = step.type === 'decide' ? applyDecision(turn, step, runtime) : applyAgentEvent(turn, step, runtime)
    turn = outcome.turn
    yield outcome
  }
}

test('a stream is WAITING exactly while one of its decisions is pending', () => {
  fc.assert(
    fc.property(anyTurnSteps, (turnSteps) => {
      for (const { turn } of steps(turnSteps)) {
        expect(turn.stream.status).toBe(turn.pendingDecisions.size > 0 ? 'WAITING' : 'RUNNING')
        for (const { partIndex, kind } of turn.pendingDecisions.values()) {
          const part = turn.answer?.parts[partIndex]
          const state = kind === 'approval' ? 'AWAITING_APPROVAL' : 'RUNNING'
          expect(part).toMatchObject({ type: 'tool', call: { state } })
        }
        // No other call waits for approval.
        const awaiting = callsIn(turn.answer).filter(({ state }) => state === 'AWAITING_APPROVAL')
        expect(awaiting.length).toBe(
          [...turn.pendingDecisions.values()].filter(({ kind }) => kind === 'approval').length,
        )
      }
    }),
  )
})

test('each decision is requested once and ends once, whatever happens', () => {
  fc.assert(
    fc.property(anyTurnSteps, anyEnding, (turnSteps, ending) => {
      const { turn, events } = playTurn(turnSteps, ending)
      const states = Map.groupBy(decisionsIn(events), ({ id }) => id)
      for (const changes of states.values()) {
        expect(changes).toHaveLength(2)
        const [first, last] = changes
        expect([first?.state, last?.state === 'PENDING']).toEqual(['PENDING', false])
        expect(first?.resolvedAt).toBeNull()
        expect(last?.resolvedAt).toBeGreaterThan(first?.requestedAt ?? Number.POSITIVE_INFINITY)
      }
      expect(turn.pendingDecisions.size).toBe(0)
      expect(events.reduce(foldPendingDecisions, new Map()).size).toBe(0)
      expect(callsIn(turn.answer).filter((call) => !hasToolCallEnded(call))).toEqual([])
    }),
  )
})

test('a call that needs approval runs only after it is approved', () => {
  fc.assert(
    fc.property(anyTurnSteps, anyEnding, (turnSteps, ending) => {
      const { events } = playTurn(turnSteps, ending)
      const before = new Map<string, string>()
      const approvedCallIds = new Set(
        decisionsIn(events).flatMap((each) =>
          each.kind === 'approval' && each.decision !== null && each.decision !== 'DENY' ? [each.toolCall.id] : [],
        ),
      )
      for (const draft of events) {
        if (draft.type !== 'ToolCallChanged') continue
        const { id, state } = draft.toolCall
        const was = before.get(id)
        if (was === 'AWAITING_APPROVAL' && state === 'RUNNING') expect(approvedCallIds).toContain(id)
        before.set(id, state)
      }
    }),
  )
})

test('resolving a decision again changes nothing and emits nothing', () => {
  fc.assert(
    fc.property(anyTurnSteps, (turnSteps) => {
      const runtime = newCountingRuntime()
      const resolvedIds = new Set<string>()
      for (const { turn, events } of steps(turnSteps)) {
        for (const { id, state } of decisionsIn(events)) if (state !== 'PENDING') resolvedIds.add(id)
        for (const id of resolvedIds) {
          const again = resolveDecision(turn, id, { type: 'decided', decision: 'ONCE' }, runtime)
          expect(again.events).toEqual([])
          expect(again.turn).toBe(turn)
        }
      }
    }),
  )
})

test('after a crash at any event, recovery leaves nothing pending, and ends each call with what is known about it', () => {
  fc.assert(
    fc.property(anyTurnSteps, (turnSteps) => {
      const { turn: played, events: drafts } = playTurn(turnSteps, null)
      const runtime = newCountingRuntime()
      let { answer, pendingDecisions } = begin()
      for (const draft of drafts) {
        answer = foldMessage(played.answerBase, answer, draft)
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
          if (hasToolCallEnded(part.call)) expect(after.call).toEqual(part.call)
          else if (waiting.has(index))
            expect(after.call).toMatchObject({ state: 'CANCELLED', error: /^The server stopped/ })
          else if (part.call.state === 'RUNNING') expect(after.call.state).toBe('OUTCOME_UNKNOWN')
          else expect(hasToolCallEnded(after.call)).toBe(true)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('a call that ends without waiting cancels its decision, and a decision that nobody resolved has no answer', () => {
  fc.assert(
    fc.property(anyTurnSteps, anyEnding, (turnSteps, ending) => {
      const { events } = playTurn(turnSteps, ending)
      for (const decision of decisionsIn(events)) {
        const resolution = decision.kind === 'approval' ? decision.decision : decision.answer
        expect(resolution === null).toBe(decision.state !== 'ANSWERED')
      }
    }),
  )
  const call = { callId: '0', name: 'look', argumentsText: '{}' }
  const gate = { type: 'approval', description: 'Look.', inputSchema: {}, timeoutMs: 1 } as const
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
