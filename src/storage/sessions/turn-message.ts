import type { MessageRecord } from '../../model/message.ts'

/** The messages of one role in all tries of a turn. */
export interface TurnMessagesQuery {
  /** See `MessageRecord`. */
  readonly turnId: string
  readonly role: MessageRecord['role']
}

/** A message that stands in one try of a turn. Of a message and its copies, there is one. */
export interface TurnMessage extends TurnMessagesQuery, Pick<MessageRecord, 'id' | 'createdAt'> {
  /** Of a copy that stands in for a deleted message: the id of that message. */
  readonly copyOf?: string
}
