import type { ToolGate } from '../../agent/agent.ts'
import type { ApprovalDecision, DecisionRecord } from '../../model/decision.ts'
import type { ToolCall } from '../../model/message.ts'
import { hasToolCallEnded } from '../../model/tool-call.ts'
import { type DecisionResolution, deriveResolvedCallOutcome } from './tool-call-outcome.ts'
import type { TurnTransitionBuilder } from './turn-transition-builder.ts'

type DecisionGate = Extract<ToolGate, { readonly timeoutMs: number }>

const approvalDecisions: readonly ApprovalDecision[] = ['ONCE', 'SESSION', 'ALWAYS', 'DENY']

/** Emits a call that waits for a person, the decision that it waits for, and that the stream waits. */
export function requestDecision(
  transition: TurnTransitionBuilder,
  partIndex: number,
  toolCall: ToolCall,
  gate: DecisionGate,
): void {
  transition.emitToolCall(partIndex, toolCall)
  const { messageId, sessionId, streamId, at } = transition.createPartEventBase(partIndex)
  const request = {
    id: transition.runtime.newId(gate.type === 'approval' ? 'approval' : 'clarification'),
    sessionId,
    streamId,
    messageId,
    partIndex,
    toolCall,
    state: 'PENDING',
    requestedAt: at,
    expiresAt: at + gate.timeoutMs,
    resolvedAt: null,
  } as const
  transition.emitDecision(
    gate.type === 'approval'
      ? {
          ...request,
          kind: 'approval',
          description: gate.description.toWellFormed(),
          choices: approvalDecisions,
          decision: null,
        }
      : {
          ...request,
          kind: 'clarification',
          question: gate.question.toWellFormed(),
          choices: gate.choices.map((choice) => choice.toWellFormed()),
          answer: null,
        },
  )
  transition.updateStatus()
}

/** Applies a resolution to the call that waits for it, then to the decision. */
export function applyDecisionResolution(
  transition: TurnTransitionBuilder,
  decision: DecisionRecord,
  resolution: DecisionResolution,
): void {
  const at = transition.runtime.now()
  const part = transition.turn.answer?.parts[decision.partIndex]
  if (part?.type === 'tool' && !hasToolCallEnded(part.call)) {
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
  return resolution.type === 'answered' ? { ...resolved, answer: resolution.answer } : resolved
}
