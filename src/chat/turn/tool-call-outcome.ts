import type { ApprovalDecision } from '../../model/decision.ts'
import type { StreamErrorCode } from '../../model/stream.ts'
import type { ToolCall } from '../../model/message.ts'

/** What became of something that waited for a person. */
export type DecisionResolution =
  | { readonly type: 'decided'; readonly decision: ApprovalDecision }
  | { readonly type: 'answered'; readonly answer: string }
  | { readonly type: 'expired' }

/** How a stream can end. */
export type StreamEnding =
  | { readonly status: 'COMPLETED' }
  | { readonly status: 'CANCELLED' }
  | { readonly status: 'FAILED'; readonly error: { readonly code: StreamErrorCode; readonly message: string } }
  | { readonly status: 'INTERRUPTED' }

/** What becomes of a call when what it waited for is resolved. */
export function deriveResolvedOutcome(call: ToolCall, resolution: DecisionResolution, at: number): Partial<ToolCall> {
  switch (resolution.type) {
    case 'answered':
      return { state: 'SUCCEEDED', result: resolution.answer, finishedAt: at }
    case 'decided':
      if (resolution.decision !== 'DENY') return { state: 'RUNNING', startedAt: at }
      return { state: 'DENIED', error: 'The user did not allow this call. It was not run.', finishedAt: at }
    case 'expired':
      return isClarification(call)
        ? { state: 'FAILED', error: 'Nobody answered in time.', finishedAt: at }
        : { state: 'DENIED', error: 'Nobody allowed this call in time. It was not run.', finishedAt: at }
  }
}

/** What becomes of a call for which a person was asked and did not answer: it has done nothing, that much is known. */
export function deriveUnansweredOutcome(call: ToolCall, ending: StreamEnding): Pick<ToolCall, 'state' | 'error'> {
  if (ending.status === 'CANCELLED') return { state: 'CANCELLED', error: null }
  const cause = ending.status === 'INTERRUPTED' ? 'The server stopped' : 'The answer failed'
  const missingResponse = isClarification(call)
    ? 'anybody had answered.'
    : 'anybody had allowed this call. It was not run.'
  return { state: 'CANCELLED', error: `${cause} before ${missingResponse}` }
}

/** A question is under way while a person thinks about it; anything else waits to be begun. */
function isClarification({ state }: ToolCall): boolean {
  return state === 'RUNNING'
}

/** What becomes of a call that the end of its answer finds open: `begun` says whether the tool may have run. */
export function deriveOpenCallOutcome(ending: StreamEnding, hasStarted: boolean): Pick<ToolCall, 'state' | 'error'> {
  if (ending.status === 'CANCELLED') return { state: 'CANCELLED', error: null }
  if (hasStarted) return { state: 'OUTCOME_UNKNOWN', error: null }
  return { state: 'FAILED', error: 'The answer ended before the call was complete. It was not run.' }
}
