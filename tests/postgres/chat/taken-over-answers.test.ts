import { expect, test } from 'vitest'
import { yieldToEventLoop } from '../../../src/lib/async/yield-to-event-loop.ts'
import type { ChatEvent } from '../../../src/model/chat-event.ts'
import type { IfBusy } from '../../../src/chat/turn/if-busy.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import { writeCall } from '../../support/fixtures/chats/decision-chats.ts'
import { newToolbox } from '../../support/fixtures/toolbox.ts'
import { answerWithCalls, newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { openPostgresChats } from '../../support/postgres/postgres-chats.ts'
import { endlessAnswer, followUntil, requireAll } from '../../support/postgres/several-processes.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

/** A process that was suspended, and whose answer another one has ended meanwhile. It does not know of that yet. */
async function openWithForeignEnd(
  answer = endlessAnswer,
  { until = 'TextDelta', hearsOthers = true }: { until?: ChatEvent['type']; hearsOthers?: boolean } = {},
) {
  const url = await useTestDatabase()
  const suspended = await openPostgresChats(url, answer, { answersOthers: false, hearsOthers })
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

test('an approval with ALWAYS counts, though it would also cover a call of an answer that another process has ended', async () => {
  const url = await useTestDatabase()
  const tool = newTool()
  const answer = answerWithCalls(newToolbox({ source: newToolSource(tool) }), writeCall)
  const suspended = await openPostgresChats(url, answer, { answersOthers: false, hearsOthers: false })
  const other = await openPostgresChats(url, answer)
  const [lost, first, second] = requireAll(
    await Promise.all(['One', 'Two', 'Three'].map((text) => suspended.chats.start(newChatRequest({ text })))),
  )
  for (const { id } of [lost, first, second]) await followUntil(other, id, 'ApprovalChanged')
  await other.chats.cancel(lost.id)
  const pending = await suspended.chats.decisions.list('approval', { isPending: true })
  const approval = pending.find(({ streamId }) => streamId === first.id)
  const key = { key: 'answer', fingerprint: 'the same', createdAt: 1 }
  const answered = await suspended.chats.decisions.answerApproval(approval?.id ?? '', 'ALWAYS', {}, key)
  expect(answered).toMatchObject({ state: 'ANSWERED', decision: 'ALWAYS' })
  for (const { id } of [first, second])
    expect((await followUntil(other, id, 'StreamFinished')).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  expect(await suspended.chats.findStream(lost.id)).toMatchObject({ status: 'CANCELLED', error: null })
  expect(tool.runs).toHaveLength(2)
  expect(await other.profile.approvalRules.list()).toMatchObject([{ approvalId: approval?.id }])
  expect(await other.profile.idempotencyKeys.find('answer')).toMatchObject(key)
})

test.each(['ONCE', 'ALWAYS'] as const)(
  'an approval with %s of an answer that another process has ended is STALE, and releases nothing',
  async (decision) => {
    const toolbox = newToolbox({ source: newToolSource(newTool()) })
    const { suspended, id } = await openWithForeignEnd(answerWithCalls(toolbox, writeCall), {
      until: 'ApprovalChanged',
      hearsOthers: false,
    })
    const waiting = await suspended.chats.start(newChatRequest({ text: 'Another one' }))
    await followUntil(suspended, waiting.id, 'ApprovalChanged')
    const approvals = await suspended.chats.decisions.list('approval', {})
    const approval = approvals.find(({ streamId }) => streamId === id)
    await expect(suspended.chats.decisions.answerApproval(approval?.id ?? '', decision)).rejects.toMatchObject({
      code: 'STALE',
    })
    expect(await suspended.chats.decisions.list('approval', { isPending: true })).toMatchObject([
      { streamId: waiting.id },
    ])
  },
)

test('what another process allows releases the calls that wait, though one is of an answer that has been ended elsewhere', async () => {
  const tool = newTool()
  const answer = answerWithCalls(newToolbox({ source: newToolSource(tool) }), writeCall)
  const { suspended, other } = await openWithForeignEnd(answer, { until: 'ApprovalChanged', hearsOthers: false })
  const waiting = await suspended.chats.start(newChatRequest({ text: 'Another one' }))
  const elsewhere = await other.chats.start(newChatRequest({ text: 'And one elsewhere' }))
  for (const { id } of [waiting, elsewhere]) await followUntil(other, id, 'ApprovalChanged')
  const approvals = await other.chats.decisions.list('approval', { isPending: true })
  const approval = approvals.find(({ streamId }) => streamId === elsewhere.id)
  await other.chats.decisions.answerApproval(approval?.id ?? '', 'ALWAYS')
  await suspended.chats.decisions.resolveAllowed()
  for (const { id } of [waiting, elsewhere])
    expect((await followUntil(other, id, 'StreamFinished')).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  expect(tool.runs).toHaveLength(2)
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
