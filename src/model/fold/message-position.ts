import type { MessageRecord } from '../message.ts'

/**
 * Where messages stand in their session. Positions are unique within a session, and ascending positions are the order
 * in which its messages are shown:
 *
 * - A user's message has 2 × the seq of the event that placed it. This is the event that started its turn. A message that
 *   was withdrawn from the queue is placed when no message that was sent before it is queued any more: by the event that
 *   withdrew it, or by one of its own behind the event that started the turn before it. Until then its position is null.
 * - A message that joined a running answer has 2 × the seq of the event that applied it, or that withdrew it.
 * - The answer has the position of its user's message + 1, or of the last message that was applied to it. A streaming answer
 *   moves behind each message that is applied, so that the messages which it answers come before it.
 * - Messages that a session starts with (copies in a fork, a summary) have negative positions, up to -1.
 *
 * Seqs are unique and ascending, so no two messages share a position. It follows that the streaming answer is not always
 * the last message: one that is withdrawn meanwhile has a later seq, and stands after the answer.
 */
export function toUserMessagePosition(seq: number): number {
  return 2 * seq
}

/** The position of the answer to a user's message. See `toUserMessagePosition`. */
export function toAnswerMessagePosition({ position }: MessageRecord): number {
  return (position ?? 0) + 1
}

/** The messages that a session starts with, in order, placed before all that follow. See `toUserMessagePosition`. */
export function positionNewSessionMessages(messages: readonly MessageRecord[]): MessageRecord[] {
  return messages.map((message, index) => ({ ...message, position: index - messages.length }))
}
