import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Draft, fold, foldPending } from '../../../../src/model/fold-message.ts'
import { absorb, endTurn, type Outcome, resolve, turnOf } from '../../../../src/chat/turn/turn.ts'
import { isSettled } from '../../../../src/model/tool-call.ts'
import type { DecisionRecord, MessageRecord, ToolCall } from '../../../../src/model/records.ts'
import {
  anyDeeds,
  anyEnding,
  countingEnvironment,
  type Deed,
  decided,
  newStream,
  play,
  userMessage,
} from '../../../support/fixtures/generators.ts'

const stream = newStream()
const begin = () => turnOf(stream, userMessage(stream))

function decisionsIn(drafts: readonly Draft[]): DecisionRecord[] {
  return drafts.flatMap((draft) => ('decision' in draft ? [draft.decision] : []))
}

function callsIn(answer: MessageRecord | null): ToolCall[] {
  return (answer?.parts ?? []).flatMap((part) => (part.type === 'tool' ? [part.call] : []))
}

/** What each deed makes of the turn, one after the other. */
function* steps(deeds: readonly Deed[]): Generator<Outcome> {
  const env = countingEnvironment()
  let turn = begin()
  for (const deed of deeds) {
    const outcome = deed.type === 'decide' ? decided(turn, deed, env) : absorb(turn, deed, env)
    turn = outcome.turn
    yield outcome
  }
}

test('a stream waits exactly as long as something of it waits for a person', () => {
  fc.assert(
    fc.property(anyDeeds, (deeds) => {
      for (const { turn } of steps(deeds)) {
        expect(turn.stream.status).toBe(turn.pending.size > 0 ? 'WAITING' : 'RUNNING')
        for (const { partIndex, kind } of turn.pending.values()) {
          const part = turn.answer?.parts[partIndex]
          const state = kind === 'approval' ? 'AWAITING_APPROVAL' : 'RUNNING'
          expect(part).toMatchObject({ type: 'tool', call: { state } })
        }
        // No other call waits for anybody.
        const awaiting = callsIn(turn.answer).filter(({ state }) => state === 'AWAITING_APPROVAL')
        expect(awaiting.length).toBe([...turn.pending.values()].filter(({ kind }) => kind === 'approval').length)
      }
    }),
  )
})

test('each decision is asked for once and settled once, whatever happens', () => {
  fc.assert(
    fc.property(anyDeeds, anyEnding, (deeds, ending) => {
      const { turn, drafts } = play(deeds, ending)
      const states = Map.groupBy(decisionsIn(drafts), ({ id }) => id)
      for (const told of states.values()) {
        expect(told).toHaveLength(2)
        const [first, last] = told
        expect([first?.state, last?.state === 'PENDING']).toEqual(['PENDING', false])
        expect(first?.resolvedAt).toBeNull()
        expect(last?.resolvedAt).toBeGreaterThan(first?.requestedAt ?? Number.POSITIVE_INFINITY)
      }
      expect(turn.pending.size).toBe(0)
      expect(drafts.reduce(foldPending, new Map()).size).toBe(0)
      expect(callsIn(turn.answer).filter((call) => !isSettled(call))).toEqual([])
    }),
  )
})

test('a call that has to be allowed runs behind a yes to it, and behind nothing else', () => {
  fc.assert(
    fc.property(anyDeeds, anyEnding, (deeds, ending) => {
      const { drafts } = play(deeds, ending)
      const before = new Map<string, string>()
      const allowed = new Set(
        decisionsIn(drafts).flatMap((each) =>
          each.kind === 'approval' && each.decision !== null && each.decision !== 'DENY' ? [each.toolCall.id] : [],
        ),
      )
      for (const draft of drafts) {
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
    fc.property(anyDeeds, (deeds) => {
      const env = countingEnvironment()
      const settled = new Set<string>()
      for (const { turn, events } of steps(deeds)) {
        for (const { id, state } of decisionsIn(events)) if (state !== 'PENDING') settled.add(id)
        for (const id of settled) {
          const again = resolve(turn, id, { type: 'decided', decision: 'ONCE' }, env)
          expect(again.events).toEqual([])
          expect(again.turn).toBe(turn)
        }
      }
    }),
  )
})

test('a crash behind any event leaves nothing that waits, and each call with what is known of it', () => {
  fc.assert(
    fc.property(anyDeeds, (deeds) => {
      const { turn: whole, drafts } = play(deeds, null)
      const env = countingEnvironment()
      let { answer, pending } = begin()
      for (const draft of drafts) {
        answer = fold(whole.frame, answer, draft)
        pending = foldPending(pending, draft)
        const waiting = new Set([...pending.values()].map(({ partIndex }) => partIndex))
        const { turn, events } = endTurn({ ...begin(), answer, pending }, { status: 'INTERRUPTED' }, env)
        expect(turn.pending.size).toBe(0)
        const ends = decisionsIn(events)
        expect(ends.map(({ id, state }) => [id, state])).toEqual([...pending.keys()].map((id) => [id, 'CANCELLED']))
        for (const [index, part] of (answer?.parts ?? []).entries()) {
          const after = turn.answer?.parts[index]
          if (part.type !== 'tool' || after?.type !== 'tool') continue
          if (isSettled(part.call)) expect(after.call).toEqual(part.call)
          else if (waiting.has(index))
            expect(after.call).toMatchObject({ state: 'CANCELLED', error: /^The server stopped/ })
          else if (part.call.state === 'RUNNING') expect(after.call.state).toBe('OUTCOME_UNKNOWN')
          else expect(isSettled(after.call)).toBe(true)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('nobody is asked any more about a call that its agent ended without waiting; what nobody answered has no answer', () => {
  fc.assert(
    fc.property(anyDeeds, anyEnding, (deeds, ending) => {
      const { drafts } = play(deeds, ending)
      for (const decision of decisionsIn(drafts)) {
        const given = decision.kind === 'approval' ? decision.decision : decision.answer
        expect(given === null).toBe(decision.state !== 'ANSWERED')
      }
    }),
  )
  const call = { callId: '0', name: 'look', argumentsText: '{}' }
  const gate = { type: 'approval', description: 'Look.', within: 1 } as const
  const { turn, drafts } = play(
    [
      { type: 'tool-call', ...call, gate },
      { type: 'tool-result', callId: '0', result: 'seen' },
    ],
    null,
  )
  expect(decisionsIn(drafts).map(({ state }) => state)).toEqual(['PENDING', 'CANCELLED'])
  expect(turn.stream.status).toBe('RUNNING')
  expect(callsIn(turn.answer)).toMatchObject([{ state: 'SUCCEEDED', result: 'seen' }])
})
