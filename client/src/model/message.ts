import type { SteeringState } from '../../../src/model/steering.ts'
import type { MessageKind, MessageRecord, MessageStatus } from '../../../src/model/message.ts'

/** How a message joined an answer that was running, because it was sent with `ifBusy: 'STEER'`. */
export interface MessageSteering {
  readonly state: SteeringState
  /** The stream that it joined. */
  readonly streamId: string
  /** The first step of the answer that had it, and the part before which it is shown. Null unless APPLIED. */
  readonly step: number | null
  readonly partIndex: number | null
}

/**
 * A message, with times in epoch milliseconds. Messages are never changed: where one grows, there is a new object, which
 * shares all parts that have not changed with the one before.
 *
 * A part of a kind that this version of the library does not know is an empty text, so that the others keep their indexes.
 */
export interface ChatMessage extends Pick<
  MessageRecord,
  'id' | 'sessionId' | 'role' | 'parts' | 'createdAt' | 'streamId' | 'model' | 'usage'
> {
  /** SUMMARY: stands for earlier messages in what a model is sent. Show it as a note. */
  readonly kind: MessageKind
  /** WITHDRAWN: a user's message that was taken back before its turn. */
  readonly status: MessageStatus | 'WITHDRAWN'
  /** Left out: it joined no answer. */
  readonly steering?: MessageSteering
}
