import type { ToolCallPrecondition } from '../../../agent/agent.ts'
import type { ToolQuestion } from '../../../agent/tools/tool.ts'
import {
  type ApprovalDecision,
  type ClarificationRecord,
  type DecisionRecord,
  isAskedDuringToolCall,
} from '../../../model/decision.ts'
import type { ToolCall } from '../../../model/message.ts'
import { hasToolCallEnded } from '../../../model/tool-call.ts'
import { type DecisionResolution, deriveResolvedCallOutcome } from './tool-call-outcome.ts'
import type { TurnTransitionBuilder } from '../turn-transition-builder.ts'

type DecisionGate = Extract<ToolCallPrecondition, { readonly timeoutMs: number }>

const approvalDecisions: readonly ApprovalDecision[] = ['ONCE', 'SESSION', 'ALWAYS', 'DENY']

/** Emits a call that waits for a person, the decision that it waits for, and that the stream waits. */
export function requestDecision(
  transition: TurnTransitionBuilder,
  partIndex: number,
  toolCall: ToolCall,
  gate: DecisionGate,
): void {
  transition.emitToolCall(partIndex, toolCall)
  if (gate.type === 'approval') {
    const request = createRequest(transition, 'approval', { partIndex, toolCall, timeoutMs: gate.timeoutMs })
    const description = gate.description.toWellFormed()
    transition.emitDecision({ ...request, kind: 'approval', description, choices: approvalDecisions, decision: null })
  } else {
    const request = createRequest(transition, 'clarification', { partIndex, toolCall, timeoutMs: gate.timeoutMs })
    transition.emitDecision({ ...request, ...toPendingQuestion(gate) })
  }
  transition.updateStatus()
}

/** Emits the question of a tool whose call runs and goes on running. Returns the decision that waits for the answer. */
export function requestClarificationDuringCall(
  transition: TurnTransitionBuilder,
  request: DecisionRequest,
  { form, ...question }: ToolQuestion,
): ClarificationRecord {
  const decision: ClarificationRecord = {
    ...createRequest(transition, 'clarification', request),
    ...toPendingQuestion(question),
    ...(form && { form }),
    duringCall: true,
  }
  transition.emitDecision(decision)
  transition.updateStatus()
  return decision
}

/** The call for which a person decides, and how long that may take. */
export interface DecisionRequest {
  readonly partIndex: number
  readonly toolCall: ToolCall
  /** In milliseconds. */
  readonly timeoutMs: number
}

function createRequest(
  transition: TurnTransitionBuilder,
  kind: DecisionRecord['kind'],
  { partIndex, toolCall, timeoutMs }: DecisionRequest,
) {
  const { messageId, sessionId, streamId, at } = transition.createPartEventBase(partIndex)
  return {
    id: transition.runtime.newId(kind),
    sessionId,
    streamId,
    messageId,
    partIndex,
    toolCall,
    state: 'PENDING',
    requestedAt: at,
    expiresAt: at + timeoutMs,
    resolvedAt: null,
  } as const
}

function toPendingQuestion({ question, choices }: Pick<ToolQuestion, 'question' | 'choices'>) {
  return {
    kind: 'clarification',
    question: question.toWellFormed(),
    choices: choices.map((choice) => choice.toWellFormed()),
    answer: null,
  } as const
}

/** Applies a resolution to the call that waits for it, then to the decision. */
export function applyDecisionResolution(
  transition: TurnTransitionBuilder,
  decision: DecisionRecord,
  resolution: DecisionResolution,
): void {
  const at = transition.runtime.now()
  const part = transition.turn.answer?.parts[decision.partIndex]
  if (part?.type === 'tool' && !hasToolCallEnded(part.call) && !isAskedDuringToolCall(decision)) {
    const outcome = deriveResolvedCallOutcome(part.call, resolution, at)
    transition.emitToolCall(decision.partIndex, { ...part.call, ...outcome })
  }
  transition.emitDecision(toResolvedDecision(decision, resolution, at))
  transition.updateStatus()
}

/** Nobody needs to make this decision any more. */
export function cancelDecision(transition: TurnTransitionBuilder, decision: DecisionRecord): void {
  transition.emitDecision({ ...decision, state: 'CANCELLED', resolvedAt: transition.runtime.now() })
}

function toResolvedDecision(decision: DecisionRecord, resolution: DecisionResolution, at: number): DecisionRecord {
  const state = resolution.type === 'expired' ? 'EXPIRED' : 'ANSWERED'
  const resolved = { ...decision, state, resolvedAt: at } as const
  if (resolved.kind === 'approval') {
    if (resolution.type !== 'decided') return resolved
    const { type: _, ...answer } = resolution
    return { ...resolved, ...answer }
  }
  if (resolution.type === 'declined') return { ...resolved, declined: true }
  return resolution.type === 'answered' ? { ...resolved, answer: resolution.answer } : resolved
}
