import { toMessageKind } from './message-kind.ts'
import { findOriginalId, isSteeringMessage, type MessageRecord } from '../message.ts'

/**
 * Returns messages with the turns that they belong to; see `turnId` in `MessageRecord`. Those of Hermes have none stored: a
 * turn is a user's message and the last answer before the next one.
 */
export function assignTurns(messages: readonly MessageRecord[]): MessageRecord[] {
  let turnId: string | undefined
  return messages.map((message, index) => {
    if (message.turnId !== undefined || toMessageKind(message) === 'SUMMARY' || message.role === 'SYSTEM') {
      turnId = undefined
      return message
    }
    if (isSteeringMessage(message)) return message
    if (message.role === 'USER') turnId = findOriginalId(message)
    const isLast = messages[index + 1]?.role !== 'ASSISTANT'
    return turnId !== undefined && (message.role === 'USER' || isLast) ? { ...message, turnId } : message
  })
}
