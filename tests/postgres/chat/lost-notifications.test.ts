import { expect, test, vi } from 'vitest'
import { ChangeHub } from '../../../src/storage/postgres/notifications/change-hub.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import { openPostgresChats, type PostgresChats } from '../../support/postgres/postgres-chats.ts'
import { endlessAnswer, followUntil } from '../../support/postgres/several-processes.ts'
import { endLeaseOfOwner, refuseEnd } from '../../support/postgres/stream-faults.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

async function openTwo() {
  const url = await useTestDatabase()
  const first = await openPostgresChats(url, endlessAnswer)
  const second = await openPostgresChats(url, endlessAnswer, { pollIntervalMs: 50 })
  return { url, first, second }
}

/** Commits something without a notification, as a process does that is killed between the two. */
async function runSilently(write: () => Promise<unknown>): Promise<void> {
  const publish = vi.spyOn(ChangeHub.prototype, 'publish').mockImplementation(() => undefined)
  await write().finally(() => publish.mockRestore())
}

/** The types of the events of a session, as they arrive. */
function followSession({ chats }: PostgresChats, sessionId: string) {
  const types: string[] = []
  const end = (async () => {
    for await (const { type } of await chats.subscriptions.subscribeToSession(sessionId, 0)) types.push(type)
  })()
  return { types, end }
}

test('readers in other processes receive what a process has committed but could not tell of', async () => {
  const { first, second } = await openTwo()
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(second, id, 'TextDelta')
  const reading = followUntil(second, id, 'StreamFinished')
  const { types, end } = followSession(second, sessionId)
  await runSilently(() => first.chats.cancel(id))
  expect((await reading).at(-1)).toMatchObject({ stream: { status: 'CANCELLED' } })
  await runSilently(() => first.chats.sessionManagement.update([sessionId], { title: 'A story' }))
  await expect.poll(() => types.at(-1)).toBe('SessionChanged')
  await runSilently(() => first.chats.sessionManagement.delete([sessionId]))
  await end
})

test('a process leaves a stream that another one has ended without telling of it', async () => {
  const url = await useTestDatabase()
  const suspended = await openPostgresChats(url, endlessAnswer, { answersOthers: false, pollIntervalMs: 50 })
  const other = await openPostgresChats(url, endlessAnswer)
  const { id } = await suspended.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(other, id, 'TextDelta')
  await runSilently(() => other.chats.cancel(id))
  await expect.poll(() => suspended.chats.activeStreamCount).toBe(0)
})

test('a session is followed in a process that could not save the end of its answer, once another process has ended that', async () => {
  const { url, first, second } = await openTwo()
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(second, id, 'TextDelta')
  const reading = followUntil(first, id, 'StreamFinished')
  const accept = await refuseEnd(url, id)
  first.chats.cancel(id).catch(() => undefined)
  await expect(reading).rejects.toMatchObject({ code: 'STORAGE' })
  await endLeaseOfOwner(url, id)
  await accept()
  await second.chats.recover()
  await expect.poll(() => first.chats.activeStreamCount).toBe(0)
  const { types, end } = followSession(first, sessionId)
  await expect.poll(() => types.at(-1)).toBe('StreamFinished')
  await second.chats.sessionManagement.update([sessionId], { title: 'A story' })
  await expect.poll(() => types.at(-1)).toBe('SessionChanged')
  await second.chats.sessionManagement.delete([sessionId])
  await end
})
