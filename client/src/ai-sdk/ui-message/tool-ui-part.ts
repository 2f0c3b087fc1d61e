import type { DynamicToolUIPart } from 'ai'
import { parseToolArguments } from '../../../../src/model/tool-call.ts'
import type { ToolCall } from '../../../../src/model/message.ts'
import { describeToolCallFailure } from '../../live-chat/describe-tool-call-failure.ts'
import type { ToolCallDecisions } from '../../live-chat/live-chat-message.ts'
import type { Approval } from '../../model/decision.ts'

type ApprovalOf<State extends DynamicToolUIPart['state']> = NonNullable<
  Extract<DynamicToolUIPart, { readonly state: State }>['approval']
>

/** A tool call as a part of the AI SDK. The server runs it, so it counts as executed by the provider. */
export function toToolUIPart(call: ToolCall, { approval }: ToolCallDecisions): DynamicToolUIPart {
  const common = { type: 'dynamic-tool', toolName: call.name, toolCallId: call.id, providerExecuted: true } as const
  const input = parseToolInput(call)
  switch (call.state) {
    case 'STREAMING':
      return call.argumentsWhole
        ? { ...common, state: 'input-available', input }
        : { ...common, state: 'input-streaming', input: undefined }
    case 'AWAITING_APPROVAL':
    case 'RUNNING':
      if (!approval) return { ...common, state: 'input-available', input }
      return isApproved(approval) === null && call.state === 'AWAITING_APPROVAL'
        ? { ...common, state: 'approval-requested', input, approval: toRequest(approval) }
        : { ...common, state: 'approval-responded', input, approval: toResponse(approval, call.state === 'RUNNING') }
    case 'SUCCEEDED':
      return { ...common, state: 'output-available', input, output: call.result, ...toGrant(approval) }
    case 'DENIED':
      return approval
        ? { ...common, state: 'output-denied', input, approval: { ...toResponse(approval, false), approved: false } }
        : { ...common, state: 'output-error', input, errorText: describeToolCallFailure(call) }
    case 'FAILED':
    case 'CANCELLED':
    case 'OUTCOME_UNKNOWN':
      return { ...common, state: 'output-error', input, errorText: describeToolCallFailure(call), ...toGrant(approval) }
  }
}

/** The call's arguments; their text, while they are no JSON. */
export function parseToolInput({ argumentsText, argumentsWhole }: ToolCall): unknown {
  return (argumentsWhole ? parseToolArguments(argumentsText) : undefined) ?? argumentsText
}

/** Whether a person, or a rule that a person gave, has allowed the call. Null while it waits, and where nobody answered. */
export function isApproved({ state, decision }: Approval): boolean | null {
  return state === 'ANSWERED' ? decision !== 'DENY' : null
}

function toRequest({ id, description }: Approval): ApprovalOf<'approval-requested'> {
  return { id, requestReason: description }
}

function toResponse(approval: Approval, isAllowed: boolean): ApprovalOf<'approval-responded'> {
  const { reason } = approval
  return {
    ...toRequest(approval),
    approved: isApproved(approval) ?? isAllowed,
    ...(reason !== undefined && { reason }),
  }
}

function toGrant(approval: Approval | undefined): { readonly approval?: ApprovalOf<'output-available'> } {
  if (!approval || isApproved(approval) !== true) return {}
  return { approval: { ...toResponse(approval, true), approved: true } }
}
