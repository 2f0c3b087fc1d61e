import { expect, test } from 'vitest'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import { openPostgresChats, type PostgresChats } from '../../support/postgres/postgres-chats.ts'
import { endlessAnswer, followUntil, recoverAny } from '../../support/postgres/several-processes.ts'
import { holdTransaction, runSql, toDirectUrl, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

/** A process that does not renew its lease, and another one. */
async function openProcesses() {
  const url = await useTestDatabase()
  const stopped = await openPostgresChats(url, endlessAnswer, { lease: { renewalIntervalMs: 1_000_000 } })
  const other = await openPostgresChats(url, endlessAnswer, { lease: { renewalIntervalMs: 50 } })
  return { url, stopped, other }
}

/** As when a process is stopped in the middle of a transaction that writes to a stream. */
const holdStream = (url: string, id: string): Promise<() => Promise<void>> =>
  holdTransaction(toDirectUrl(url), `SELECT 1 FROM segue.streams WHERE id = '${id}' FOR UPDATE`)

async function findStatuses({ profile }: PostgresChats, ids: readonly string[]): Promise<(string | undefined)[]> {
  return Promise.all(ids.map(async (id) => (await profile.eventStore.findStream(id))?.status))
}

/** As when its lease has run out. */
async function endLease(url: string, streamId: string): Promise<void> {
  const owner = `SELECT owner FROM segue.streams WHERE id = '${streamId}'`
  await runSql(url, `DELETE FROM segue.processes WHERE number = (${owner})`)
}

test('a transaction that a stopped process has left open delays the recovery of no other session', async () => {
  const { url, stopped, other } = await openProcesses()
  const [first, second] = [
    await stopped.chats.start(newChatRequest({ text: 'One' })),
    await stopped.chats.start(newChatRequest({ text: 'Two' })),
  ]
  for (const { id } of [first, second]) await followUntil(other, id, 'TextDelta')
  const release = await holdStream(url, first.id)
  await endLease(url, first.id)
  expect(await other.chats.recover()).toBe(1)
  expect(await findStatuses(other, [first.id, second.id])).toEqual(['RUNNING', 'INTERRUPTED'])
  await release()
  await recoverAny(other)
  expect(await findStatuses(other, [first.id, second.id])).toEqual(['INTERRUPTED', 'INTERRUPTED'])
})

test('a queued message of a stopped process is not answered before the answer in front of it has ended', async () => {
  const { url, stopped, other } = await openProcesses()
  const running = await stopped.chats.start(newChatRequest({ text: 'One' }))
  const { sessionId } = running
  await followUntil(other, running.id, 'TextDelta')
  const queued = await stopped.chats.start(newChatRequest({ sessionId, text: 'Two', ifBusy: 'QUEUE' }))
  const release = await holdStream(url, running.id)
  await endLease(url, running.id)
  expect(await other.chats.recover()).toBe(0)
  expect(await findStatuses(other, [running.id, queued.id])).toEqual(['RUNNING', 'QUEUED'])
  expect(await other.profile.eventStore.listOwnStreamIds([running.id, queued.id])).toEqual([])
  await release()
  await recoverAny(other)
  await expect.poll(() => findStatuses(other, [running.id, queued.id])).toEqual(['INTERRUPTED', 'RUNNING'])
})
