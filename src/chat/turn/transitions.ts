import type { AgentEvent } from '../../agent/agent.ts'
import type { ToolQuestion } from '../../agent/tools/tool.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { EventDraft } from '../../model/chat-event.ts'
import type { ClarificationRecord } from '../../model/decision.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { applyDecisionResolution, requestClarificationDuringCall } from './tool-calls/decision-transitions.ts'
import { endPendingSteering } from './steering-transitions.ts'
import { type StreamEnding, toFinishedStream } from './stream-ending.ts'
import {
  endToolCall,
  finishOpenCalls,
  startToolCall,
  appendToolCallArguments,
} from './tool-calls/tool-call-transitions.ts'
import type { DecisionResolution } from './tool-calls/tool-call-outcome.ts'
import { createEventBase } from './stream-event-base.ts'
import { TurnTransitionBuilder } from './turn-transition-builder.ts'
import type { TurnTransition, TurnState } from './turn.ts'

export interface FinishTurnOptions {
  readonly committedAnswer?: MessageRecord | null
  /** In epoch milliseconds. */
  readonly writtenUntil?: number
}

/** The new row of a stream outside its turn, with the event that tells of it. */
export interface StreamTransition {
  readonly stream: StreamRecord
  readonly event: EventDraft
}

/** A stream is accepted; its status tells whether it runs or is queued. */
export function createStreamStartedDraft(stream: StreamRecord, runtime: ClockAndIds): EventDraft {
  return { ...createEventBase(stream, runtime), type: 'StreamStarted', stream, userMessageId: stream.userMessageId }
}

/** The queue of a session has changed. It consists of these streams. */
export function createQueueChangedDraft(
  sessionId: string,
  queue: readonly StreamRecord[],
  runtime: ClockAndIds,
): EventDraft {
  return { type: 'QueueChanged', at: runtime.now(), sessionId, streamId: null, streamIds: queue.map(({ id }) => id) }
}

/** The user's message of a queued stream has changed. */
export function createQueuedMessageChangedDraft(queued: StreamRecord, runtime: ClockAndIds): EventDraft {
  return { ...createEventBase(queued, runtime), type: 'StreamChanged', stream: queued }
}

/** A queued stream starts to run. */
export function startQueuedStream(queued: StreamRecord, runtime: ClockAndIds): StreamTransition {
  const stream: StreamRecord = { ...queued, status: 'RUNNING' }
  return { stream, event: { ...createEventBase(stream, runtime), type: 'StreamChanged', stream } }
}

/** A queued stream is cancelled before its turn: it ends without an answer. */
export function cancelQueuedStream(queued: StreamRecord, runtime: ClockAndIds): StreamTransition {
  const stream = toFinishedStream(queued, { status: 'CANCELLED' }, runtime)
  return { stream, event: { ...createEventBase(stream, runtime), type: 'StreamFinished', stream, messageId: null } }
}

/** The agent yields an event. The end of a step changes the session's context. */
export function applyAgentEvent(turn: TurnState, event: AgentEvent, runtime: ClockAndIds): TurnTransition {
  const transition = new TurnTransitionBuilder(turn, runtime)
  // Whatever comes after a wait is committed together with its end.
  transition.setRetryTime(event.type === 'retry-wait' ? event.retryAt : null)
  switch (event.type) {
    case 'step':
      startModelRequest(transition, event)
      break
    case 'text':
    case 'reasoning':
      transition.writeText(event.type, event.block, event.text, event.providerState)
      break
    case 'file':
      transition.addFile(event)
      break
    case 'text-was-reasoning':
      transition.closeBlock()
      transition.turnStepTextIntoReasoning()
      break
    case 'tool-input':
      transition.closeBlock()
      appendToolCallArguments(transition, event)
      break
    case 'tool-call':
      transition.closeBlock()
      startToolCall(transition, event)
      break
    case 'tool-result':
    case 'tool-error':
      endToolCall(transition, event)
      break
    case 'finish':
      transition.setFinishReason(event.reason)
      break
    case 'usage':
      transition.endStep(event.usage)
      break
  }
  const { turn: next, events } = transition.toTransition()
  const isStepFinished = events.some(({ type }) => type === 'StepFinished')
  return {
    turn: next,
    events: isStepFinished ? [...events, createSessionChangedDraft(next.stream.sessionId, runtime)] : events,
  }
}

function startModelRequest(
  transition: TurnTransitionBuilder,
  event: Extract<AgentEvent, { readonly type: 'step' }>,
): void {
  const { estimatedInputTokens, purpose = 'ANSWER' } = event
  const replacesRefused = event.replacesRefused ?? false
  transition.closeBlock()
  if (purpose === 'ANSWER') transition.startStep(estimatedInputTokens, { replacesRefused })
  else transition.startSummary(estimatedInputTokens, { replacesRefused })
}

/** The event that tells that something about the session has changed. */
export function createSessionChangedDraft(sessionId: string, runtime: ClockAndIds): EventDraft {
  return { type: 'SessionChanged', at: runtime.now(), sessionId, streamId: null }
}

/** A person makes a decision, or it expires. Changes nothing if the decision is not pending. */
export function resolveDecision(
  turn: TurnState,
  decisionId: string,
  resolution: DecisionResolution,
  runtime: ClockAndIds,
): TurnTransition {
  const transition = new TurnTransitionBuilder(turn, runtime)
  const decision = turn.pendingDecisions.get(decisionId)
  if (decision) applyDecisionResolution(transition, decision, resolution)
  return transition.toTransition()
}

/** A tool asks the user a question while its call runs. Changes nothing if the call does not run. */
export function askDuringToolCall(
  turn: TurnState,
  callId: string,
  question: ToolQuestion,
  { timeoutMs, runtime }: { readonly timeoutMs: number; readonly runtime: ClockAndIds },
): TurnTransition & { readonly clarification: ClarificationRecord | null } {
  const transition = new TurnTransitionBuilder(turn, runtime)
  const partIndex = turn.partIndexByCallId.get(callId)
  const part = partIndex === undefined ? undefined : turn.answer?.parts[partIndex]
  if (partIndex === undefined || part?.type !== 'tool' || part.call.state !== 'RUNNING')
    return { ...transition.toTransition(), clarification: null }
  const clarification = requestClarificationDuringCall(
    transition,
    { partIndex, toolCall: part.call, timeoutMs },
    question,
  )
  return { ...transition.toTransition(), clarification }
}

/**
 * The stream ends, for whatever reason: its answer keeps what came before, and every part, call and decision is ended.
 * `committedAnswer` is the answer as it was committed. `writtenUntil`: when the agent has stopped; left out, it stops now.
 */
export function finishTurn(
  turn: TurnState,
  ending: StreamEnding,
  runtime: ClockAndIds,
  { committedAnswer = turn.answer, writtenUntil }: FinishTurnOptions = {},
): TurnTransition {
  const transition = new TurnTransitionBuilder(turn, runtime)
  transition.closeBlock()
  for (const [partIndex, part] of (turn.answer?.parts ?? []).entries())
    if (part.type !== 'tool') transition.finishPart(partIndex, writtenUntil)
  finishOpenCalls(transition, ending, committedAnswer)
  endPendingSteering(transition, ending)
  transition.setRetryTime(null)
  transition.finish(ending)
  const { turn: finished, events } = transition.toTransition()
  // What is kept of an answer that was cut off is part of the context, and no step has ended since.
  const isCutOff = ending.status !== 'COMPLETED' && finished.answer !== null
  const changed = isCutOff ? [createSessionChangedDraft(finished.stream.sessionId, runtime)] : []
  return { turn: finished, events: [...events.slice(0, -1), ...changed, ...events.slice(-1)] }
}
