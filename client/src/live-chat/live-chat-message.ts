import type { FinishReason, StreamFailure, StreamStatus } from '../../../src/model/stream.ts'
import type { Approval, Clarification } from '../model/decision.ts'
import type { ChatMessage } from '../model/message.ts'

/** What a tool call asked of a person, as it is now. */
export interface ToolCallDecisions {
  readonly approval?: Approval
  readonly clarification?: Clarification
}

/** What stands in the place of a message in one try of its turn. */
export interface MessageAlternative {
  /** The id of the original: see `LiveChatMessage.originalId`. */
  readonly originalId: string
  readonly sessionId: string
  /** The text of the user's message of that try. */
  readonly promptText: string
  /** The original's id of the answer of that try. Null if there was none when this was read. */
  readonly answerId: string | null
}

/** The stream that answers a message (a user's) or that made it. */
export interface MessageStream {
  readonly id: string
  readonly status: StreamStatus
  /** Why the model stopped. Null unless the status is COMPLETED. */
  readonly finishReason: FinishReason | null
  readonly error: StreamFailure | null
  /** When it was accepted, in epoch milliseconds: the answer's `createdAt` less this is the time to its first part. */
  readonly startedAt: number
  /** When it ended. Null before. */
  readonly finishedAt: number | null
}

/** A message with what a page shows beside it. Like a ChatMessage, it is never changed. */
export interface LiveChatMessage extends ChatMessage {
  /** The id of the message that this one is a copy of, else its own: the same in all tries of a turn. */
  readonly originalId: string
  /** The idempotency key that it was sent with. Null for answers. */
  readonly key: string | null
  readonly stream: MessageStream | null
  /**
   * The digest of the answer as the server has saved it, if the answer ended while it was followed, else null. That of
   * `computeMessageDigest` is the same: all of it has arrived.
   */
  readonly savedDigest: string | null
  /** By the id of the tool call. */
  readonly decisions: Readonly<Record<string, ToolCallDecisions>>
  /** All tries of its turn that have such a message, with this one, oldest first. */
  readonly alternatives: readonly MessageAlternative[]
}

/** The text parts of a message, concatenated. */
export function getMessageText({ parts }: Pick<ChatMessage, 'parts'>): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
