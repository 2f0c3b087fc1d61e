import { isToolUIPart, type UIMessage } from 'ai'

/** Whether the last message has answers to approvals that are to be sent: all of them are given. For `sendAutomaticallyWhen`. */
export function hasAnsweredApprovals({ messages }: { readonly messages: readonly UIMessage[] }): boolean {
  const states = listToolStates(messages)
  return states.includes('approval-responded') && !states.includes('approval-requested')
}

/** Whether the last message waits for an approval. */
export function isAwaitingApproval(messages: readonly UIMessage[]): boolean {
  return listToolStates(messages).includes('approval-requested')
}

function listToolStates(messages: readonly UIMessage[]): string[] {
  const last = messages.at(-1)
  return last?.role === 'assistant' ? last.parts.flatMap((part) => (isToolUIPart(part) ? [part.state] : [])) : []
}
