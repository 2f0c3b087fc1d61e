import fc from 'fast-check'
import type { AgentEvent } from '../../src/agent/agent.ts'
import type { Environment } from '../../src/chat/environment.ts'
import type { Draft } from '../../src/chat/fold.ts'
import { absorb, accept, endTurn, type Turn, turnOf } from '../../src/chat/machine.ts'
import type { Ending } from '../../src/chat/settlement.ts'
import { type ChatEvent, type Json, type MessageRecord, noUsage, type StreamRecord } from '../../src/storage/records.ts'

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

/** Pieces are what came of the call's arguments in this step so far: most agents hand over the same text as a whole. */
type Plan =
  | Exclude<AgentEvent, { type: 'tool-call' }>
  | { type: 'tool-call'; callId: string; name: string; whole: Whole }
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
    const { type, callId: id, name, whole } = plan
    const argumentsText = 'more' in whole ? (pieces.get(id) ?? '') + whole.more : whole.instead
    return { type, callId: id, name, argumentsText }
  })
}

/** Whatever an agent can do in one answer, in order and out of it. */
export const anyAgentEvents: fc.Arbitrary<AgentEvent[]> = fc.array(anyPlan, { maxLength: 25 }).map(toEvents)

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
  events: readonly AgentEvent[],
  ending: Ending | null,
  env: Environment = countingEnvironment(),
  stream: StreamRecord = newStream(),
): Played {
  let turn = turnOf(stream, userMessage(stream))
  const drafts: Draft[] = [accept(stream, env)]
  for (const event of events) {
    const outcome = absorb(turn, event, env)
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

export function numbered(drafts: readonly Draft[], after = 0): ChatEvent[] {
  return drafts.map((draft, index) => ({ ...draft, seq: after + index + 1 }))
}
