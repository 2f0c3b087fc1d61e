/** What a conversation can want of a person, the least urgent first. */
export const attentions = ['IDLE', 'UNREAD', 'WORKING', 'FAILED', 'NEEDS_ANSWER', 'NEEDS_APPROVAL'] as const

/**
 * NEEDS_APPROVAL, NEEDS_ANSWER: a tool or a question waits for a person. FAILED: the last answer failed and was not read.
 * WORKING: an answer is being made. UNREAD: an answer has ended since the conversation was read, or a message has come in
 * that was not sent through Segue.
 */
export type Attention = (typeof attentions)[number]

/** What a session wants of a person whether it was read or not. */
export type LiveAttention = 'NEEDS_APPROVAL' | 'NEEDS_ANSWER' | 'WORKING' | 'IDLE'

/** How urgent it is: 0 for IDLE. A greater number is more urgent. */
export function rankAttention(attention: Attention): number {
  return attentions.indexOf(attention)
}

/** The newest answer of a conversation, or the newest message that was not sent through Segue. */
export interface NewestAnswer {
  /** When it ended, in epoch milliseconds. */
  readonly at: number
  readonly hasFailed: boolean
}

/** Whether a person has not read the newest answer. `readAt`: up to when the conversation was read, in epoch milliseconds. */
export function classifyNewestAnswer(newest: NewestAnswer | null, readAt: number): 'FAILED' | 'UNREAD' | 'IDLE' {
  if (!newest || newest.at <= readAt) return 'IDLE'
  return newest.hasFailed ? 'FAILED' : 'UNREAD'
}
