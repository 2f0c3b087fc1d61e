import type { ThreadMessageLike, ToolApprovalOption, ToolCallMessagePart } from '@assistant-ui/react'
import type { ApprovalDecision, DecisionState } from '../../../src/model/decision.ts'
import type { ToolCall } from '../../../src/model/message.ts'
import { hasToolCallEnded } from '../../../src/model/tool-call.ts'
import type { ToolCallDecisions } from '../live-chat/live-chat-message.ts'
import { describeToolCallFailure } from '../live-chat/describe-tool-call-failure.ts'
import type { Approval, Clarification } from '../model/decision.ts'

type ContentPart = Exclude<ThreadMessageLike['content'], string>[number]
type ToolCallPart = Extract<ContentPart, { readonly type: 'tool-call' }>
type ToolApproval = NonNullable<ToolCallMessagePart['approval']>

const approvalOptions: Readonly<Record<ApprovalDecision, Omit<ToolApprovalOption, 'id'>>> = {
  ONCE: { kind: 'allow-once', label: 'Allow once' },
  SESSION: { kind: 'allow-always', label: 'Allow in this chat' },
  ALWAYS: { kind: 'allow-always', label: 'Always allow' },
  DENY: { kind: 'reject-once', label: 'Deny' },
}

/**
 * A tool call as a part of assistant-ui. A plain question is an approval with a `prompt` that is answered by a text or an
 * option; a form, whose values are more than that, is an `interrupt`.
 */
export function toToolCallPart(call: ToolCall, { approval, clarification }: ToolCallDecisions): ToolCallPart {
  const isForm = clarification?.form !== undefined
  const question = clarification && !isForm ? toQuestion(clarification) : undefined
  const isAsking = clarification?.state === 'PENDING'
  // A call that was allowed may ask something afterwards.
  const shown = isAsking || !approval ? question : toApproval(approval)
  return {
    type: 'tool-call',
    toolCallId: call.id,
    toolName: call.name,
    argsText: call.argumentsText,
    ...(hasToolCallEnded(call) && toResult(call)),
    ...(shown && { approval: shown }),
    ...(isForm && isAsking && { interrupt: { type: 'human', payload: toFormPayload(clarification) } }),
    ...(call.startedAt !== null && {
      timing: { startedAt: call.startedAt, ...(call.finishedAt !== null && { completedAt: call.finishedAt }) },
    }),
  }
}

/** The text that an answer to a question stands for: what was typed, or the suggestion with this id. */
export function toClarificationAnswer(
  { choices }: Clarification,
  { optionId, text }: { readonly optionId?: string; readonly text?: string },
): string | null {
  return text ?? choices.find((_, index) => toChoiceId(index) === optionId) ?? null
}

/** The decision for an answer to an approval: the option with this id, else a plain yes or no. */
export function toApprovalDecision({
  optionId,
  approved,
}: {
  readonly optionId?: string
  readonly approved: boolean
}): ApprovalDecision {
  const decisions: readonly ApprovalDecision[] = ['ONCE', 'SESSION', 'ALWAYS', 'DENY']
  return decisions.find((decision) => decision === optionId) ?? (approved ? 'ONCE' : 'DENY')
}

/** What a form asks, for the component of the tool. */
export interface FormPayload {
  readonly clarificationId: string
  readonly question: string
  /** JSON Schema of the values. */
  readonly form: unknown
}

function toFormPayload({ id, question, form }: Clarification): FormPayload {
  return { clarificationId: id, question, form }
}

function toResult(call: ToolCall): Pick<ToolCallPart, 'result' | 'isError'> {
  return call.state === 'SUCCEEDED' ? { result: call.result } : { result: describeToolCallFailure(call), isError: true }
}

function toApproval({ id, description, choices, state, decision, reason }: Approval): ToolApproval {
  return {
    id,
    prompt: description,
    options: choices.map((choice) => ({ id: choice, ...approvalOptions[choice] })),
    ...toResolution(state),
    ...(decision !== null && { approved: decision !== 'DENY', optionId: decision }),
    ...(reason !== undefined && { reason }),
  }
}

function toQuestion({ id, question, choices, state, answer, declined }: Clarification): ToolApproval {
  const isAnswered = state === 'ANSWERED'
  return {
    id,
    prompt: question,
    display: choices.length > 0 ? 'select' : 'text',
    allowFreeform: true,
    dismissible: true,
    options: choices.map((label, index) => ({ id: toChoiceId(index), kind: 'allow-once', label })),
    ...toResolution(state),
    ...(isAnswered && { approved: declined !== true }),
    ...(answer !== null && { text: answer }),
  }
}

function toResolution(state: DecisionState): Pick<ToolApproval, 'resolution'> {
  if (state === 'EXPIRED') return { resolution: 'expired' }
  return state === 'CANCELLED' ? { resolution: 'cancelled' } : {}
}

function toChoiceId(index: number): string {
  return String(index)
}
