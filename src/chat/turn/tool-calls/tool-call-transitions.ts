import type { AgentEvent } from '../../../agent/agent.ts'
import { toWellFormedJson } from '../../../lib/text/json.ts'
import type { MessageRecord, ToolCall, ToolCallState } from '../../../model/message.ts'
import { acceptsToolArgumentsDelta, createToolCall, hasToolCallEnded } from '../../../model/tool-call.ts'
import { isAskedDuringToolCall } from '../../../model/decision.ts'
import { cancelDecision, requestDecision } from './decision-transitions.ts'
import type { StreamEnding } from '../stream-ending.ts'
import { deriveOpenCallOutcome, deriveUnansweredCallOutcome } from './tool-call-outcome.ts'
import type { TurnTransitionBuilder } from '../turn-transition-builder.ts'

type AgentEventOfType<T extends AgentEvent['type']> = Extract<AgentEvent, { readonly type: T }>

/** Adds a piece of a call's arguments. */
export function appendToolCallArguments(
  transition: TurnTransitionBuilder,
  event: AgentEventOfType<'tool-input'>,
): void {
  const { partIndex, call } = findOrCreateCall(transition, event.callId, event.name)
  if (acceptsToolArgumentsDelta(call)) transition.writeArguments(partIndex, call, event.text)
}

/** The arguments of a call are complete: it runs, is denied, or waits for a person. */
export function startToolCall(transition: TurnTransitionBuilder, event: AgentEventOfType<'tool-call'>): void {
  const { partIndex, call } = findOrCreateCall(transition, event.callId, event.name)
  // A call starts once. A second start would run a call again that has ended.
  if (!acceptsToolArgumentsDelta(call)) return
  const argumentsText = event.argumentsText.toWellFormed()
  // The complete text normally continues the pieces. If it differs, it replaces them, without a delta.
  const isContinuation = argumentsText.startsWith(call.argumentsText)
  if (isContinuation) transition.completeArguments(partIndex, call, argumentsText.slice(call.argumentsText.length))
  else transition.discardSurrogate(partIndex)
  transition.attachToolCallState(partIndex, event.providerState)

  const identity = { name: event.name.toWellFormed(), providerId: event.callId.toWellFormed() }
  const completeCall: ToolCall = { ...call, ...identity, argumentsText, argumentsWhole: true }
  const { gate } = event
  const at = transition.runtime.now()
  switch (gate?.type) {
    case 'denied': {
      const error = gate.reason.toWellFormed()
      return transition.emitToolCall(partIndex, { ...completeCall, state: 'DENIED', error, finishedAt: at })
    }
    case 'approval':
      return requestDecision(transition, partIndex, { ...completeCall, state: 'AWAITING_APPROVAL' }, gate)
    case 'question':
      return requestDecision(transition, partIndex, { ...completeCall, state: 'RUNNING', startedAt: at }, gate)
    case undefined:
      return transition.emitToolCall(partIndex, { ...completeCall, state: 'RUNNING', startedAt: at })
  }
}

/** A call has a result or an error. */
export function endToolCall(
  transition: TurnTransitionBuilder,
  event: AgentEventOfType<'tool-result'> | AgentEventOfType<'tool-error'>,
): void {
  const partIndex = transition.turn.partIndexByCallId.get(event.callId)
  if (partIndex === undefined) return
  transition.flushSurrogate(partIndex)
  const part = transition.turn.answer?.parts[partIndex]
  if (part?.type !== 'tool' || hasToolCallEnded(part.call)) return
  transition.emitToolCall(partIndex, { ...part.call, ...toOutcome(event), finishedAt: transition.runtime.now() })
  // The agent did not wait for the decisions, so they are not needed any more.
  const decisions = transition.listPendingDecisions(partIndex)
  for (const decision of decisions) cancelDecision(transition, decision)
  if (decisions.length > 0) transition.updateStatus()
}

/**
 * Ends all calls that are open at the end of the stream. `committedAnswer` tells which ones may have run: a tool runs
 * only after its call was committed as RUNNING.
 */
export function finishOpenCalls(
  transition: TurnTransitionBuilder,
  ending: StreamEnding,
  committedAnswer: MessageRecord | null,
): void {
  for (const partIndex of transition.turn.pendingSurrogates.partIndexes) transition.flushSurrogate(partIndex)
  for (const [partIndex, part] of (transition.turn.answer?.parts ?? []).entries()) {
    if (part.type !== 'tool' || hasToolCallEnded(part.call)) continue
    const committedPart = committedAnswer?.parts[partIndex]
    const hasStarted = committedPart?.type === 'tool' && committedPart.call.state === 'RUNNING'
    const hasNotRun = transition.listPendingDecisions(partIndex).some((decision) => !isAskedDuringToolCall(decision))
    const outcome = hasNotRun
      ? deriveUnansweredCallOutcome(part.call, ending)
      : deriveOpenCallOutcome(ending, hasStarted)
    transition.emitToolCall(partIndex, { ...part.call, ...outcome, finishedAt: transition.runtime.now() })
  }
  for (const decision of transition.turn.pendingDecisions.values()) cancelDecision(transition, decision)
}

function toOutcome(
  event: AgentEventOfType<'tool-result'> | AgentEventOfType<'tool-error'>,
): Partial<ToolCall> & { readonly state: ToolCallState } {
  const file = event.fileHash === undefined ? {} : { resultFile: event.fileHash }
  if (event.type === 'tool-error') return { state: 'FAILED', error: event.error.toWellFormed(), ...file }
  const blobs = event.blobHashes?.length ? { resultBlobs: event.blobHashes } : {}
  return { state: 'SUCCEEDED', result: toWellFormedJson(event.result), ...file, ...blobs }
}

/** A call of this step with its part. The first mention of its id creates it. */
function findOrCreateCall(
  transition: TurnTransitionBuilder,
  callId: string,
  name: string,
): { readonly partIndex: number; readonly call: ToolCall } {
  const knownIndex = transition.turn.partIndexByCallId.get(callId)
  const partIndex = knownIndex ?? transition.nextPartIndex
  if (knownIndex === undefined) transition.assignPart(callId, partIndex)
  const part = transition.turn.answer?.parts[partIndex]
  if (part?.type === 'tool') return { partIndex, call: part.call }
  return { partIndex, call: createToolCall(transition.runtime.newId('toolCall'), name.toWellFormed()) }
}
