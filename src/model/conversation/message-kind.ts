import type { MessageKind, MessageRecord } from '../message.ts'

/** The kind of a message. Segue's own summaries are told by their role and `summary`, others by `kind`. */
export function toMessageKind(message: Pick<MessageRecord, 'kind' | 'role' | 'summary'>): MessageKind {
  return message.kind ?? (isSegueSummary(message) ? 'SUMMARY' : 'CHAT')
}

/** Whether a message is a summary by Segue: a session that continues another one begins with it. */
export function isSegueSummary({ role, summary }: Pick<MessageRecord, 'role' | 'summary'>): boolean {
  return summary === true && role === 'SYSTEM'
}
