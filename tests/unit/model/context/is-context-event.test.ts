import { expect, test } from 'vitest'
import { isContextEvent } from '../../../../src/model/context/is-context-event.ts'

test.for([
  ['PENDING', false],
  ['APPLIED', true],
  ['QUEUED', false],
  ['WITHDRAWN', false],
] as const)('a message that joins an answer, %s, changes the context: %s', ([steeringState, expected]) => {
  const event = {
    type: 'MessageSteered',
    sessionId: 'ses_1',
    streamId: 'str_1',
    at: 0,
    userMessageId: 'msg_1',
  } as const
  expect(isContextEvent({ ...event, steeringState })).toBe(expected)
})
