import fc from 'fast-check'
import type { AgentEvent, Gate } from '../../src/agent/agent.ts'
import type { Environment } from '../../src/lib/runtime.ts'
import type { Draft } from '../../src/model/fold-message.ts'
import { absorb, accept, endTurn, type Outcome, resolve, type Turn, turnOf } from '../../src/chat/turn/turn.ts'
import type { Ending } from '../../src/chat/turn/tool-call-outcome.ts'
import { type ChatEvent, type Json, type MessageRecord, noUsage, type StreamRecord } from '../../src/model/records.ts'

/** A clock that moves on by a millisecond with each look, and ids that count. */
export function countingEnvironment(): Environment {
  let time = 1_700_000_000_000
  let count = 0
  return {
    now: () => (time += 1),
    newId: (kind) => `${kind}-${(count += 1)}`,
  }
}

/** Text whose surrogate pairs may be cut anywhere between two of them: single UTF-16 code units in any order. */
const units = fc.constantFrom(
  'a',
  'b',
  ' ',
  '\n',
  'é',
  '\ufffd',
  '\u0000',
  '{',
  '"',
  '\ud83d',
  '\ude00',
  '\ud800',
  '\udfff',
)

/** A piece of text as an agent may yield it: often half a pair, sometimes nothing, at times more than an event holds. */
export const pieceOfText: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.array(units, { maxLength: 6 }).map((all) => all.join('')) },
  { weight: 3, arbitrary: fc.constantFrom('😀', '\ud83d', '\ude00', 'a\ud83d', '\ude00b', '') },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('x', '😀', '\ude00'),
        fc.integer({ min: 65_534, max: 65_538 }),
        fc.constantFrom('', '\ud83d'),
      )
      .map(([unit, length, end]) => unit.repeat(length) + end),
  },
)

/** JSON as a tool may return it, with halves of pairs in strings and in names. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    pieceOfText,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(pieceOfText, tie('json'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).json

const block = fc.constantFrom('1', '2', '3')
const callId = fc.constantFrom('0', '1', 'call_2')
const toolName = fc.constantFrom('look', 'näme with. ödd/chars\ud83d', '', 'x'.repeat(70))

const figures = fc.nat({ max: 1000 })
const usage = fc.record({
  estimated: fc.constant(false),
  inputTokens: figures,
  outputTokens: figures,
  reasoningTokens: figures,
  cachedInputTokens: figures,
})

/** What is before a call; nobody decides in time, for that is longer than any test takes. */
export const anyGate: fc.Arbitrary<Gate> = fc.oneof(
  fc.record({ type: fc.constant('approval'), description: pieceOfText, within: fc.constant(600_000) }),
  fc.record({
    type: fc.constant('question'),
    question: pieceOfText,
    choices: fc.array(pieceOfText, { maxLength: 2 }),
    within: fc.constant(600_000),
  }),
  fc.record({ type: fc.constant('denied'), reason: pieceOfText }),
)

/** Pieces are what came of the call's arguments in this step so far: most agents hand over the same text as a whole. */
type Plan =
  | Exclude<AgentEvent, { type: 'tool-call' }>
  | { type: 'tool-call'; callId: string; name: string; whole: Whole; gate: Gate | null }
type Whole = { readonly more: string } | { readonly instead: string }

const anyPlan: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant('step'), estimatedInputTokens: figures }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('text'), block, text: pieceOfText }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('reasoning'), block, text: pieceOfText }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('tool-input'), callId, name: toolName, text: pieceOfText }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('tool-call'),
      callId,
      name: toolName,
      whole: fc.oneof(
        { weight: 3, arbitrary: fc.record({ more: fc.oneof(fc.constant(''), pieceOfText) }) },
        {
          weight: 2,
          arbitrary: fc.record({ instead: fc.constantFrom('', '{}', '{"a":1}', '{"a":"\\ud83d"}', '[1]', '{') }),
        },
      ),
      gate: fc.oneof(fc.constant(null), anyGate),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('tool-result'), callId, result: anyJson }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('tool-error'), callId, error: pieceOfText }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('usage'), usage }) },
)

function toEvents(plans: readonly Plan[]): AgentEvent[] {
  const pieces = new Map<string, string>()
  return plans.map((plan) => {
    if (plan.type === 'step') pieces.clear()
    if (plan.type === 'tool-input') pieces.set(plan.callId, (pieces.get(plan.callId) ?? '') + plan.text)
    if (plan.type !== 'tool-call') return plan
    const { type, callId: id, name, whole, gate: before } = plan
    const argumentsText = 'more' in whole ? (pieces.get(id) ?? '') + whole.more : whole.instead
    return { type, callId: id, name, argumentsText, ...(before && { gate: before }) }
  })
}

/** Whatever an agent can do in one answer, in order and out of it. */
export const anyAgentEvents: fc.Arbitrary<AgentEvent[]> = fc.array(anyPlan, { maxLength: 25 }).map(toEvents)

/** Somebody decides one of those that wait, or time does: a yes and an answer, a no, or nothing at all. */
export interface Decide {
  readonly type: 'decide'
  readonly which: number
  readonly says: 'yes' | 'no' | 'nothing'
}

/** What happens in a turn: what its agent does, and what people decide meanwhile. */
export type Deed = AgentEvent | Decide

const anyDecide: fc.Arbitrary<Decide> = fc.record({
  type: fc.constant('decide'),
  which: fc.nat(5),
  says: fc.constantFrom('yes', 'no', 'nothing'),
})

/** Whatever can happen in one answer, in order and out of it. */
export const anyDeeds: fc.Arbitrary<Deed[]> = fc
  .tuple(anyAgentEvents, fc.array(fc.tuple(fc.nat(), anyDecide), { maxLength: 8 }))
  .map(([events, decides]) =>
    decides.reduce<Deed[]>((deeds, [place, deed]) => deeds.toSpliced(place % (deeds.length + 1), 0, deed), events),
  )

export const anyEnding: fc.Arbitrary<Ending> = fc.oneof(
  fc.record({ status: fc.constantFrom('COMPLETED', 'CANCELLED', 'INTERRUPTED') }),
  fc.record({
    status: fc.constant('FAILED'),
    error: fc.record({ code: fc.constantFrom('PROVIDER', 'TIMEOUT'), message: fc.constant('It broke.') }),
  }),
)

export function newStream(change: Partial<StreamRecord> = {}): StreamRecord {
  return {
    id: 'stream-0',
    sessionId: 'session-0',
    status: 'RUNNING',
    generation: 1,
    model: 'test/model',
    userMessageId: 'message-0',
    messageId: null,
    usage: noUsage,
    step: null,
    startedAt: 0,
    finishedAt: null,
    firstSeq: 1,
    lastSeq: 1,
    error: null,
    ...change,
  }
}

export function userMessage(stream: StreamRecord, text = 'Hi', change: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id: stream.userMessageId,
    sessionId: stream.sessionId,
    position: 2 * stream.firstSeq,
    withdrawn: false,
    role: 'USER',
    status: 'COMPLETE',
    parts: [{ type: 'text', text }],
    createdAt: 0,
    streamId: stream.id,
    model: null,
    usage: null,
    ...change,
  }
}

/** A turn that ran: all its drafts, its start and its end among them, and how it was left. */
export interface Played {
  readonly turn: Turn
  readonly drafts: readonly Draft[]
}

/** Lets the machine do a whole turn. Without an ending it is left running. */
export function play(
  deeds: readonly Deed[],
  ending: Ending | null,
  env: Environment = countingEnvironment(),
  stream: StreamRecord = newStream(),
): Played {
  let turn = turnOf(stream, userMessage(stream))
  const drafts: Draft[] = [accept(stream, env)]
  for (const deed of deeds) {
    const outcome = deed.type === 'decide' ? decided(turn, deed, env) : absorb(turn, deed, env)
    turn = outcome.turn
    drafts.push(...outcome.events)
  }
  if (ending) {
    const outcome = endTurn(turn, ending, env)
    turn = outcome.turn
    drafts.push(...outcome.events)
  }
  return { turn, drafts }
}

/** One of those that wait is settled; nothing happens when none does. */
export function decided(turn: Turn, { which, says }: Decide, env: Environment): Outcome {
  const waiting = [...turn.pending.values()]
  const decision = waiting[which % Math.max(1, waiting.length)]
  if (!decision || says === 'nothing') return resolve(turn, decision?.id ?? 'nobody', { type: 'expired' }, env)
  const isQuestion = decision.kind === 'clarification'
  if (isQuestion) return resolve(turn, decision.id, { type: 'answered', answer: says }, env)
  return resolve(turn, decision.id, { type: 'decided', decision: says === 'yes' ? 'ONCE' : 'DENY' }, env)
}

export function numbered(drafts: readonly Draft[], after = 0): ChatEvent[] {
  return drafts.map((draft, index) => ({ ...draft, seq: after + index + 1 }))
}
