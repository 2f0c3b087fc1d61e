import { describe, expect, test } from 'vitest'
import type { MessageRecord } from '../../../../src/model/message.ts'
import {
  positionNewSessionMessages,
  toAnswerMessagePosition,
  toUserMessagePosition,
} from '../../../../src/model/fold/message-position.ts'

const newMessage = (position: number | null): MessageRecord => ({
  id: 'message_1',
  sessionId: 'session_1',
  position,
  withdrawn: false,
  role: 'USER',
  status: 'COMPLETE',
  parts: [],
  createdAt: 0,
  streamId: null,
  model: null,
  usage: null,
})

describe('the position of a message', () => {
  test('is unique: an answer is between its user message and any that is placed by a later event', () => {
    for (const seq of [1, 2, 1000]) {
      const userPosition = toUserMessagePosition(seq)
      const answerPosition = toAnswerMessagePosition(newMessage(userPosition))
      expect(answerPosition).toBeGreaterThan(userPosition)
      expect(answerPosition).toBeLessThan(toUserMessagePosition(seq + 1))
    }
  })

  test('is negative for the messages that a session starts with, in their order', () => {
    const messages = [newMessage(7), newMessage(null), newMessage(3)]
    expect(positionNewSessionMessages(messages).map(({ position }) => position)).toEqual([-3, -2, -1])
    expect(positionNewSessionMessages([])).toEqual([])
    expect(toUserMessagePosition(1)).toBeGreaterThan(-1)
  })
})
