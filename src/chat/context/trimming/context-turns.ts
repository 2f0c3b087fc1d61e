import { isSteeringMessage, type MessageRecord } from '../../../model/message.ts'

/** A user's message and what answers it, oldest first. In Hermes and in copies, several rows may be one message. */
export type ContextTurn = readonly MessageRecord[]

/**
 * Splits the messages that a model is sent into turns. Messages before the first one of a user are a turn of their own.
 * Messages that were withdrawn or are still queued are left out.
 */
export function splitIntoTurns(messages: readonly MessageRecord[]): ContextTurn[] {
  const turns: MessageRecord[][] = []
  for (const message of messages.filter(({ withdrawn, position }) => !withdrawn && position !== null)) {
    const turn = turns.at(-1)
    if (turn && !startsTurn(message, turn.at(-1))) turn.push(message)
    else turns.push([message])
  }
  return turns
}

function startsTurn(message: MessageRecord, previous: MessageRecord | undefined): boolean {
  const { role, streamId } = message
  if (isSteeringMessage(message)) return false
  // A message with a stream of its own is a turn, also if the one before it was never answered.
  return role === 'USER' && (previous?.role !== 'USER' || previous.streamId !== null || streamId !== null)
}
