import type { DynamicToolUIPart, UIMessageChunk } from 'ai'
import type { ToolCall } from '../../../../src/model/message.ts'
import { describeToolCallFailure } from '../../live-chat/describe-tool-call-failure.ts'
import type { ToolCallDecisions } from '../../live-chat/live-chat-message.ts'
import { isApproved, parseToolInput, toToolUIPart } from './tool-ui-part.ts'

/** The chunks of the AI SDK that are about a tool call. */
export type ToolChunk = Extract<UIMessageChunk, { readonly type: `tool-${string}` }>

/** A tool call with what it asked of a person. */
export interface ToolCallWithDecisions {
  readonly call: ToolCall
  readonly decisions: ToolCallDecisions
}

const finalStates: ReadonlySet<DynamicToolUIPart['state']> = new Set([
  'output-available',
  'output-error',
  'output-denied',
])

/** The chunks that make of one state of a tool call a later one. `previous` is null before the first state. */
export function toToolChunks(previous: ToolCallWithDecisions | null, next: ToolCallWithDecisions): ToolChunk[] {
  const known = previous && toToolUIPart(previous.call, previous.decisions)
  if (known && finalStates.has(known.state)) {
    // The log has the end of a refused call before the answer that refused it.
    const response = toApprovalChunks(previous, next)
    return response.length > 0 ? [...response, ...toOutputChunks(next)] : []
  }
  const { id: toolCallId, name: toolName, argumentsText, argumentsWhole } = next.call
  const common = { toolCallId, toolName, dynamic: true, providerExecuted: true } as const
  const hadInput = previous?.call.argumentsWhole ?? false
  const inputTextDelta = argumentsText.slice(previous?.call.argumentsText.length ?? 0)
  return [
    known ? [] : [{ type: 'tool-input-start' as const, ...common }],
    argumentsWhole || inputTextDelta === '' ? [] : [{ type: 'tool-input-delta' as const, toolCallId, inputTextDelta }],
    argumentsWhole && !hadInput
      ? [{ type: 'tool-input-available' as const, ...common, input: parseToolInput(next.call) }]
      : [],
    toApprovalChunks(previous, next),
    toOutputChunks(next),
  ].flat()
}

function toApprovalChunks(
  previous: ToolCallWithDecisions | null,
  { call, decisions: { approval } }: ToolCallWithDecisions,
): ToolChunk[] {
  if (!approval) return []
  const { id: approvalId, description, reason } = approval
  const before = previous?.decisions.approval
  const approved = isApproved(approval)
  const request = { type: 'tool-approval-request', approvalId, toolCallId: call.id, reason: description } as const
  const response = { type: 'tool-approval-response', approvalId, ...(reason !== undefined && { reason }) } as const
  const isNewAnswer = approved !== null && (!before || isApproved(before) === null)
  return [before ? [] : [request], isNewAnswer ? [{ ...response, approved }] : []].flat()
}

function toOutputChunks({ call, decisions }: ToolCallWithDecisions): ToolChunk[] {
  const toolCallId = call.id
  const part = toToolUIPart(call, decisions)
  switch (part.state) {
    case 'output-available':
      return [{ type: 'tool-output-available', toolCallId, output: part.output, providerExecuted: true }]
    case 'output-denied': {
      const { approval } = decisions
      // Where nobody answered in time, the SDK has to be told that this is a refusal.
      const isExpired = approval !== undefined && isApproved(approval) === null
      return [
        isExpired ? [{ type: 'tool-approval-response' as const, approvalId: approval.id, approved: false }] : [],
        { type: 'tool-output-denied' as const, toolCallId },
      ].flat()
    }
    case 'output-error': {
      const errorText = describeToolCallFailure(call)
      if (call.argumentsWhole) return [{ type: 'tool-output-error', toolCallId, errorText, providerExecuted: true }]
      const { argumentsText: input, name: toolName } = call
      return [
        { type: 'tool-input-error', toolCallId, toolName, input, errorText, dynamic: true, providerExecuted: true },
      ]
    }
    case 'input-streaming':
    case 'input-available':
    case 'approval-requested':
    case 'approval-responded':
      return []
  }
}
