import type { EventDraft } from '../../model/chat-event.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import type { InitialAnswerFields } from '../../model/fold/fold-message.ts'
import { isSteeringMessage, type MessageRecord } from '../../model/message.ts'
import { toAnswerMessagePosition } from '../../model/fold/message-position.ts'
import type { FinishReason, StreamRecord } from '../../model/stream.ts'
import type { Usage } from '../../model/usage.ts'
import { defaultModelPricing, type ModelPricing } from '../../usage/model-prices.ts'
import { SurrogateBuffer } from './surrogate-buffer.ts'

/**
 * The state of one turn: a stream, from the user's message to its end. `commands.ts` is the state machine: each command
 * takes a state and returns the next one with the events that lead to it. It is pure: storage, agents and transports
 * are elsewhere.
 */
export interface TurnState {
  readonly stream: StreamRecord
  readonly answerBase: InitialAnswerFields
  /** The fold of all events so far; null until something is produced. */
  readonly answer: MessageRecord | null
  /** The text block that the agent writes: the agent's name for it, and the part that it became. */
  readonly openBlock: { readonly type: 'text' | 'reasoning'; readonly name: string; readonly partIndex: number } | null
  readonly pendingSurrogates: SurrogateBuffer
  /** The parts of this step's tool calls, by the agent's ids of the calls. */
  readonly partIndexByCallId: ReadonlyMap<string, number>
  /** The decisions that a person has not made yet, by id. */
  readonly pendingDecisions: ReadonlyMap<string, DecisionRecord>
  /** The newest request to the model for the answer, counted from 0. Null: there was none, or the agent tells of none. */
  readonly currentStep: number | null
  /** The messages that have joined the stream, in the order in which they were accepted. */
  readonly steered: readonly MessageRecord[]
  /** The number of parts that the answer had when the newest step began. */
  readonly partsBeforeStep: number
  /** Why the model stopped, in the newest step; null until it has. */
  readonly finishReason: FinishReason | null
  /** The usage of the newest step that has ended. */
  readonly lastStepUsage: Usage | null
  /** How the cost of its steps is found. */
  readonly pricing: ModelPricing
}

export interface TurnTransition {
  readonly turn: TurnState
  readonly events: readonly EventDraft[]
}

/** A turn as its log has it. `answer` is the fold of the committed events; nothing is pending. Its pricing is the default. */
export function createTurnState(
  stream: StreamRecord,
  userMessage: MessageRecord,
  answer: MessageRecord | null = null,
  steered: readonly MessageRecord[] = [],
): TurnState {
  return {
    stream,
    answerBase: {
      position: toAnswerMessagePosition(steered.findLast(isSteeringMessage) ?? userMessage),
      model: stream.model,
      ...(userMessage.turnId !== undefined && { turnId: userMessage.turnId }),
    },
    answer,
    openBlock: null,
    pendingSurrogates: SurrogateBuffer.empty,
    partIndexByCallId: new Map(),
    pendingDecisions: new Map(),
    currentStep: null,
    steered,
    partsBeforeStep: answer?.parts.length ?? 0,
    finishReason: null,
    lastStepUsage: null,
    pricing: defaultModelPricing,
  }
}
