import { expect, test } from 'vitest'
import { firstPage } from '../../unit/storage/contract/records.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import type { PostgresChats } from '../../support/postgres/postgres-chats.ts'
import { endlessAnswer, followUntil, openSeveral, requireAll } from '../../support/postgres/several-processes.ts'

/** What a query reads of a session with an answer. */
async function readAnswer({ chats, profile }: PostgresChats, sessionId: string, streamId: string) {
  using snapshot = chats.takeSnapshot()
  const [session] = await profile.segueSessions.findSessions([sessionId])
  if (!session) throw new Error('There is no session.')
  const page = await snapshot.messages.loadPage(session, firstPage)
  const answers = await snapshot.messages.findAnswers([streamId])
  const stream = await snapshot.findActiveStream(sessionId)
  const message = stream?.messageId ? await snapshot.messages.findMessage(stream.messageId) : null
  const counts = await snapshot.countMessages([session])
  const model = await chats.loadModelMessages(session)
  const headSeq = await snapshot.limitHeadSeq(sessionId, session.headSeq)
  return { page, answer: answers.get(streamId), stream, message, count: counts.get(sessionId), model, headSeq }
}

test('an answer that streams in another process is read like one that streams here', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(second, id, 'TextDelta')
  const there = await readAnswer(second, sessionId, id)
  expect(there.page).toMatchObject([
    { role: 'USER' },
    { role: 'ASSISTANT', status: 'STREAMING', parts: [{ type: 'text', text: 'Once upon a time' }] },
  ])
  expect(there.count).toBe(2)
  expect(there).toEqual(await readAnswer(first, sessionId, id))
  const answerId = there.message?.id ?? ''
  const busy = { code: 'SESSION_BUSY', details: { streamId: id } }
  await expect(second.chats.regenerate(answerId, {})).rejects.toMatchObject(busy)
  await expect(second.chats.fork(answerId)).rejects.toMatchObject(busy)
})

test('what an operation reads of an answer that ends meanwhile in another process belongs together', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(second, id, 'TextDelta')
  using snapshot = second.chats.takeSnapshot()
  const before = await snapshot.findActiveStream(sessionId)
  await first.chats.cancel(id)
  const [session] = await second.profile.segueSessions.findSessions([sessionId])
  if (!session) throw new Error('There is no session.')
  expect((await snapshot.findStreams([id])).get(id)).toEqual(before)
  const [, answer] = await snapshot.messages.loadPage(session, firstPage)
  expect(answer?.parts).toMatchObject([{ type: 'text', text: 'Once upon a time' }])
  using later = second.chats.takeSnapshot()
  expect(await later.messages.loadPage(session, firstPage)).toMatchObject([{}, { status: 'PARTIAL' }])
  expect(await later.findActiveStream(sessionId)).toBeNull()
})

test('an answer that streams in another process is an alternative of those in other tries of its turn', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { id } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(first, id, 'TextDelta')
  const { answer } = await first.chats.cancel(id)
  if (!answer) throw new Error('There is no answer.')
  const retry = await first.chats.regenerate(answer.id, {})
  await followUntil(second, retry.id, 'TextDelta')
  const other = await second.chats.start(newChatRequest({ text: 'Another story' }))
  await followUntil(second, other.id, 'TextDelta')
  const streaming = await first.chats.messageQueries.findAnswer(retry.id)
  for (const { chats } of [first, second])
    for (const message of [answer, streaming])
      expect((await chats.alternatives.findIds(message ? [message] : [])).get(message?.id ?? '')).toEqual([
        answer.id,
        streaming?.id,
      ])
  await second.chats.cancel(retry.id)
  for (const { chats } of [first, second])
    expect((await chats.alternatives.findIds([answer])).get(answer.id)).toEqual([answer.id, streaming?.id])
})
