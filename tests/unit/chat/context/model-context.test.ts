import { expect, test } from 'vitest'
import { ProfileMessageReader } from '../../../../src/chat/context/profile-message-reader.ts'
import { ActiveSessions } from '../../../../src/chat/runtime/active-sessions.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { CombinedSessionRepository } from '../../../../src/sessions/combined-session-repository.ts'
import { newChatFixture } from '../../../support/fixtures/agent-chats.ts'
import { modelMessage, runTurn, textAnswer } from '../../../support/fixtures/scripted-answers.ts'

test('an answer that is stored while the context is loaded appears once in the model’s messages', async () => {
  await using fixture = newChatFixture(textAnswer('Hello'))
  const session = await fixture.requireSession(await runTurn(fixture))
  const sessions = new CombinedSessionRepository(fixture.profile)
  const { messages } = await sessions.loadContext(session)
  const answer: MessageRecord | undefined = messages.at(-1)
  expect(answer).toMatchObject({ role: 'ASSISTANT', parts: [{ text: 'Hello' }] })

  const queries = new ProfileMessageReader(fixture.profile, sessions, new ActiveSessions())
  const context = queries.openModelContext(session, null)
  const expected = [modelMessage.user('Hi'), modelMessage.assistant('Hello')]
  expect((await context.build(answer ?? null)).messages).toEqual(expected)
  expect((await context.build(null)).messages).toEqual(expected)
})
