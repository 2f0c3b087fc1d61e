import { stringifyJson } from '../../lib/text/json.ts'
import type { ToolCallApprovalAnswer } from '../../model/message.ts'

/** Tells the model what a person added when they decided about a call. Null if they added nothing. */
export function formatApprovalAnswer(answer: ToolCallApprovalAnswer | undefined): string | null {
  const { reason, arguments: changed } = answer ?? {}
  const sentences = [
    ...(changed ? [`The user changed the arguments. The call ran with ${stringifyJson(changed)}`] : []),
    ...(reason === undefined ? [] : [`The user's note on this call: ${reason}`]),
  ]
  return sentences.length === 0 ? null : sentences.join('\n')
}
