import type { PageRequest } from '../../lib/pagination.ts'
import type { MessageRecord } from '../../model/message.ts'

export interface MessageReader {
  /** How many messages `listMessages` would list in all, for each session. Any number of ids; unknown ones are left out. */
  countMessages(sessionIds: readonly string[]): Promise<Map<string, number>>
  /** A page of a session's messages, oldest first, by position. At most 1,001. */
  listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]>
  /** By id, in no order. Any number of ids; unknown ones are left out. */
  findMessages(ids: readonly string[]): Promise<MessageRecord[]>
  findMessage(id: string): Promise<MessageRecord | null>
  /** All messages that the session passes on, as context, to the session that continues it, oldest first. */
  loadContextMessages(sessionId: string): Promise<MessageRecord[]>
}
