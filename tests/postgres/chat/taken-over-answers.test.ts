import { expect, test } from 'vitest'
import { yieldToEventLoop } from '../../../src/lib/async/yield-to-event-loop.ts'
import type { ChatEvent } from '../../../src/model/chat-event.ts'
import type { IfBusy } from '../../../src/chat/turn/if-busy.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import { writeCall } from '../../support/fixtures/chats/decision-chats.ts'
import { newToolbox } from '../../support/fixtures/toolbox.ts'
import { answerWithCalls, newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { openPostgresChats } from '../../support/postgres/postgres-chats.ts'
import { endlessAnswer, followUntil } from '../../support/postgres/several-processes.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

/** A process that was suspended, and whose answer another one has ended meanwhile. It does not know of that yet. */
async function openWithForeignEnd(answer = endlessAnswer, until: ChatEvent['type'] = 'TextDelta') {
  const url = await useTestDatabase()
  const suspended = await openPostgresChats(url, answer, { answersOthers: false })
  const other = await openPostgresChats(url, answer)
  const { id, sessionId } = await suspended.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(other, id, until)
  await other.chats.cancel(id)
  return { suspended, other, id, sessionId }
}

test.each<IfBusy>(['INTERRUPT', 'QUEUE', 'STEER'])(
  'a message with %s to a process whose answer another one has ended is answered',
  async (ifBusy) => {
    const { suspended, other, sessionId } = await openWithForeignEnd()
    const { id } = await suspended.chats.start(newChatRequest({ sessionId, text: 'Another one', ifBusy }))
    await followUntil(other, id, 'TextDelta')
    expect((await other.chats.cancel(id)).outcome).toBe('CANCELLED')
  },
)

test('the session of an answer that another process has ended is idle again', async () => {
  const { suspended, other, sessionId } = await openWithForeignEnd()
  const request = newChatRequest({ sessionId, text: 'Another one', ifBusy: 'REJECT' })
  const start = () => suspended.chats.start(request).catch(() => null)
  let started = await start()
  while (!started) {
    await yieldToEventLoop()
    started = await start()
  }
  expect((await other.chats.cancel(started.id)).outcome).toBe('CANCELLED')
})

test('an approval of an answer that another process has ended is STALE', async () => {
  const toolbox = newToolbox({ source: newToolSource(newTool()) })
  const { suspended } = await openWithForeignEnd(answerWithCalls(toolbox, writeCall), 'ApprovalChanged')
  const [approval] = await suspended.chats.decisions.list('approval', {})
  await expect(suspended.chats.decisions.answerApproval(approval?.id ?? '', 'ONCE')).rejects.toMatchObject({
    code: 'STALE',
  })
})

test('a queued message is sent at once in place of an answer that another process has ended', async () => {
  const url = await useTestDatabase()
  const suspended = await openPostgresChats(url, endlessAnswer, { answersOthers: false })
  const other = await openPostgresChats(url, endlessAnswer)
  const { id, sessionId } = await suspended.chats.start(newChatRequest({ text: 'Tell me a story' }))
  const queued = await suspended.chats.start(newChatRequest({ sessionId, text: 'Another one', ifBusy: 'QUEUE' }))
  const [, sent] = await Promise.all([
    other.chats.cancel(id),
    suspended.chats.queueManagement.sendMessage(queued.id).catch((error: unknown) => error),
  ])
  // Whichever comes first: it was sent by this call, or began because the answer before it had ended.
  if (sent instanceof Error) expect(sent).toMatchObject({ code: 'STALE' })
  await followUntil(other, queued.id, 'TextDelta')
  expect((await other.chats.cancel(queued.id)).outcome).toBe('CANCELLED')
})
