import type { ToolCall } from '../../../src/model/message.ts'

/** Why a call has no result, for people. */
export function describeToolCallFailure({ error, state }: ToolCall): string {
  if (error !== null) return error
  switch (state) {
    case 'CANCELLED':
      return 'The call was cancelled.'
    case 'OUTCOME_UNKNOWN':
      return 'The server stopped. Whether the call took effect is not known.'
    case 'DENIED':
      return 'The call was not allowed.'
    default:
      return 'The call failed.'
  }
}
