import type { MessageKind, MessageRecord } from './message.ts'

/** The kind of a message. Segue's own summaries are told by their role and `summary`, others by `kind`. */
export function toMessageKind({ kind, role, summary }: Pick<MessageRecord, 'kind' | 'role' | 'summary'>): MessageKind {
  return kind ?? (summary && role === 'SYSTEM' ? 'SUMMARY' : 'CHAT')
}
