import { expect, test } from 'vitest'
import { firstPage } from '../../unit/storage/contract/records.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import type { ScriptedAnswer } from '../../support/fixtures/chats/agent-chats.ts'
import { StorageError } from '../../../src/storage/errors.ts'
import { openPostgresChats, type PostgresChats } from '../../support/postgres/postgres-chats.ts'
import { endLeaseOfOwner, refuseEnd } from '../../support/postgres/stream-faults.ts'
import { endlessAnswer, followUntil, recoverAny } from '../../support/postgres/several-processes.ts'
import { runSql, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

/** Is silent after a few words if it is asked for a story, and answers anything else. */
const storyOrAnswer: ScriptedAnswer = async function* (run) {
  const newest = JSON.stringify((await run.loadHistory()).at(-1))
  if (newest.includes('story')) return yield* endlessAnswer(run)
  yield { type: 'step', estimatedInputTokens: 1 }
  yield { type: 'text', block: '1', text: 'Yes.' }
}

/** A process that does not answer others, as one does that was suspended, and another one. */
async function openProcesses() {
  const url = await useTestDatabase()
  const suspended = await openPostgresChats(url, storyOrAnswer, { answersOthers: false })
  const other = await openPostgresChats(url, storyOrAnswer)
  return { url, suspended, other }
}

/** Starts an answer, and queues messages behind it. */
async function startWithQueue({ chats }: PostgresChats, texts: readonly string[]) {
  const running = await chats.start(newChatRequest({ text: 'Tell me a story' }))
  const { sessionId } = running
  const queued: string[] = []
  for (const text of texts) queued.push((await chats.start(newChatRequest({ sessionId, text, ifBusy: 'QUEUE' }))).id)
  const [first = '', last = ''] = queued
  return { id: running.id, sessionId, first, last, ids: queued }
}

/** The ids of the queued streams, as the newest event tells them. */
async function readQueue({ profile }: PostgresChats, sessionId: string): Promise<readonly string[]> {
  const events = await profile.eventStore.readEvents({ sessionId, after: 0, limit: 1_000 })
  const change = events.findLast(({ type }) => type === 'QueueChanged')
  return change?.type === 'QueueChanged' ? change.streamIds : []
}

async function expectEnd(process: PostgresChats, streamId: string, status: string): Promise<void> {
  const events = await followUntil(process, streamId, 'StreamFinished')
  expect(events.at(-1)).toMatchObject({ stream: { status } })
}

/** The session is idle in a process: nothing runs or waits there. */
async function expectIdle({ chats }: PostgresChats, sessionId: string): Promise<void> {
  await expect.poll(() => chats.activeStreamCount).toBe(0)
  const request = newChatRequest({ sessionId, text: 'Are you there?', ifBusy: 'REJECT' })
  await expect.poll(() => chats.start(request).then(({ status }) => status, String)).toBe('RUNNING')
}

test('messages that a process has queued, which has lost its lease, are answered once by another, and it shows them at their end', async () => {
  const { url, suspended, other } = await openProcesses()
  const { id, sessionId, first, last } = await startWithQueue(suspended, ['One', 'Two'])
  await endLeaseOfOwner(url, id)
  await other.chats.recover()
  await expectEnd(other, id, 'INTERRUPTED')
  for (const queued of [first, last]) await expectEnd(other, queued, 'COMPLETED')
  const findStatuses = () =>
    Promise.all([first, last].map(async (each) => (await suspended.chats.findStream(each))?.status))
  await expect.poll(findStatuses).toEqual(['COMPLETED', 'COMPLETED'])
  await expectIdle(suspended, sessionId)
})

test('the queue of an answer goes on in the process that has stopped that, because its own does not react', async () => {
  const { suspended, other } = await openProcesses()
  const { id, sessionId, first, last } = await startWithQueue(suspended, ['One', 'Two'])
  expect((await other.chats.cancel(id)).outcome).toBe('CANCELLED')
  for (const queued of [first, last]) await expectEnd(other, queued, 'COMPLETED')
  await expectIdle(suspended, sessionId)
})

test('a message that was to join an answer, whose process has lost its lease, is answered once by another', async () => {
  const { url, suspended, other } = await openProcesses()
  const { id, sessionId } = await startWithQueue(suspended, [])
  await followUntil(other, id, 'TextDelta')
  await suspended.chats.start(newChatRequest({ sessionId, text: 'One', ifBusy: 'STEER' }))
  await endLeaseOfOwner(url, id)
  await other.chats.recover()
  await expectEnd(other, id, 'INTERRUPTED')
  await expect.poll(() => other.profile.eventStore.listUnfinishedStreams()).toEqual([])
  const messages = await other.profile.segueSessions.listMessages(sessionId, firstPage)
  expect(messages.map(({ role, status }) => [role, status])).toEqual([
    ['USER', 'COMPLETE'],
    ['ASSISTANT', 'PARTIAL'],
    ['USER', 'COMPLETE'],
    ['ASSISTANT', 'COMPLETE'],
  ])
  await expectIdle(suspended, sessionId)
})

test('a queued message is withdrawn whose process does not react, and the answer before it goes on', async () => {
  const { suspended, other } = await openProcesses()
  const { id, first, last } = await startWithQueue(suspended, ['One', 'Two'])
  expect((await other.chats.cancel(first)).outcome).toBe('CANCELLED')
  await expect.poll(() => suspended.chats.listActiveStreams().map((stream) => stream.id)).toEqual([id, last])
  expect((await suspended.chats.cancel(id)).outcome).toBe('CANCELLED')
  await expectEnd(other, last, 'COMPLETED')
})

test('a process that has lost its lease, and takes over what it had itself, ends its answer and goes on with its queue', async () => {
  const url = await useTestDatabase()
  const process = await openPostgresChats(url, storyOrAnswer, { lease: { renewalIntervalMs: 50 } })
  const { id, sessionId, first, last } = await startWithQueue(process, ['One', 'Two'])
  await endLeaseOfOwner(url, id)
  await recoverAny(process)
  await expectEnd(process, id, 'INTERRUPTED')
  for (const queued of [first, last]) await expectEnd(process, queued, 'COMPLETED')
  await expectIdle(process, sessionId)
})

test('a message is not queued behind an answer that another process has taken over, but sent there', async () => {
  const { suspended, other } = await openProcesses()
  const { id, sessionId } = await startWithQueue(suspended, [])
  await followUntil(other, id, 'TextDelta')
  const { commands } = other.profile
  if (!commands) throw new Error('The process takes over nothing.')
  await commands.takeOver(id)
  const request = newChatRequest({ sessionId, text: 'One', ifBusy: 'QUEUE' })
  const queued = suspended.chats.start(request)
  await other.chats.cancel(id)
  await expectEnd(other, (await queued).id, 'COMPLETED')
})

test('a message that another process has withdrawn is not sent by its own one, which was not told yet', async () => {
  const url = await useTestDatabase()
  const untold = { answersOthers: false, eventStore: () => ({ onForeignAppend: () => undefined }) }
  const suspended = await openPostgresChats(url, storyOrAnswer, untold)
  const other = await openPostgresChats(url, storyOrAnswer)
  const { id, first } = await startWithQueue(suspended, ['One'])
  await followUntil(other, id, 'TextDelta')
  expect((await other.chats.cancel(first)).outcome).toBe('CANCELLED')
  await expect(suspended.chats.queueManagement.sendMessage(first)).rejects.toMatchObject({ code: 'STALE' })
  const [running, withdrawn] = await Promise.all([id, first].map((each) => other.profile.eventStore.findStream(each)))
  expect([running?.status, withdrawn?.status]).toEqual(['RUNNING', 'CANCELLED'])
})

const moveLast = ({ chats }: PostgresChats, last: string, before: StreamRecord) =>
  chats.queueManagement.moveMessage(last, before)

test.each([
  ['moves another one', moveLast, ['last', 'second']],
  ['withdraws another one', ({ chats }: PostgresChats, last: string) => chats.cancel(last), ['second']],
])(
  'a process that %s, and was not told that a queued message was withdrawn, does not name that',
  async (_, change, queue) => {
    const url = await useTestDatabase()
    const untold = await openPostgresChats(url, storyOrAnswer, { answersOthers: false, hearsOthers: false })
    const other = await openPostgresChats(url, storyOrAnswer)
    const { sessionId, first, ids } = await startWithQueue(untold, ['One', 'Two', 'Three'])
    const [, second = '', last = ''] = ids
    const before = await other.profile.eventStore.findStream(second)
    if (!before) throw new Error('The message is not stored.')
    expect((await other.chats.cancel(first)).outcome).toBe('CANCELLED')
    await change(untold, last, before)
    const names = new Map([
      [second, 'second'],
      [last, 'last'],
    ])
    expect((await readQueue(other, sessionId)).map((id) => names.get(id))).toEqual(queue)
    expect(
      untold.chats
        .listActiveStreams()
        .map(({ id }) => names.get(id))
        .slice(1),
    ).toEqual(queue)
  },
)

test('a message is not moved before one that another process has withdrawn', async () => {
  const url = await useTestDatabase()
  const untold = await openPostgresChats(url, storyOrAnswer, { answersOthers: false, hearsOthers: false })
  const other = await openPostgresChats(url, storyOrAnswer)
  const { sessionId, first, last } = await startWithQueue(untold, ['One', 'Two'])
  const before = await other.profile.eventStore.findStream(first)
  expect((await other.chats.cancel(first)).outcome).toBe('CANCELLED')
  await expect(untold.chats.queueManagement.moveMessage(last, before)).rejects.toMatchObject({ code: 'STALE' })
  expect(await readQueue(other, sessionId)).toEqual([last])
})

test('a queue that its process changes, while another one withdraws a message from it, names what is queued after both', async () => {
  const url = await useTestDatabase()
  const suspended = await openPostgresChats(url, storyOrAnswer, { answersOthers: false })
  let changeFirst = async (): Promise<void> => undefined
  const other = await openPostgresChats(url, storyOrAnswer, {
    eventStore: (store) => ({
      appendAll: async (requests) => {
        await changeFirst()
        return store.appendAll(requests)
      },
    }),
  })
  const { sessionId, first, ids } = await startWithQueue(suspended, ['One', 'Two', 'Three'])
  const [, second = '', last = ''] = ids
  changeFirst = async () => {
    changeFirst = async () => undefined
    await suspended.chats.cancel(second)
  }
  expect((await other.chats.cancel(first)).outcome).toBe('CANCELLED')
  expect(await readQueue(other, sessionId)).toEqual([last])
})

test('a process that is asked to start a message, and does not own its session any more, has the other one look again', async () => {
  const { url, suspended, other } = await openProcesses()
  const third = await openPostgresChats(url, storyOrAnswer)
  const { id, sessionId, first } = await startWithQueue(third, ['One'])
  await followUntil(other, id, 'TextDelta')
  // As if two processes owned streams of the session: each would send the message to the other one.
  const owner = `SELECT max(number) FROM segue.processes WHERE number < (SELECT owner FROM segue.streams WHERE id = '${id}')`
  await runSql(url, `UPDATE segue.streams SET owner = (${owner}) WHERE id = '${first}'`)
  const request = newChatRequest({ sessionId, text: 'Two', ifBusy: 'QUEUE' })
  expect(await third.chats.startForwarded(request)).toBeNull()
  expect(await other.chats.startForwarded(request)).toBeNull()
  expect(suspended.chats.activeStreamCount).toBe(0)
})

test('a stream that was taken over, but could not be ended, is ended later', async () => {
  const { url, suspended, other } = await openProcesses()
  const { id, first } = await startWithQueue(suspended, ['One'])
  await followUntil(other, id, 'TextDelta')
  const accept = await refuseEnd(url, id)
  const { version } = other.profile.changes.orphans
  await expect(other.chats.cancel(id)).rejects.toThrow('refused')
  expect(other.profile.changes.orphans.version).toBeGreaterThan(version)
  await accept()
  await other.chats.recover()
  await expectEnd(other, first, 'COMPLETED')
})

test('a queue that goes on after a repeated Stop is not interrupted by the recovery that the first one has asked for', async () => {
  const { url, suspended, other } = await openProcesses()
  const { id, first } = await startWithQueue(suspended, ['Another story'])
  await followUntil(other, id, 'TextDelta')
  const accept = await refuseEnd(url, id)
  await expect(other.chats.cancel(id)).rejects.toThrow('refused')
  await accept()
  expect((await other.chats.cancel(id)).outcome).toBe('CANCELLED')
  await followUntil(other, first, 'TextDelta')
  await other.chats.recover()
  expect((await other.profile.eventStore.findStream(first))?.status).toBe('RUNNING')
})

test('streams that were claimed are ended later, if the database fails right after that', async () => {
  const url = await useTestDatabase()
  let fails = true
  const suspended = await openPostgresChats(url, endlessAnswer, { answersOthers: false })
  const other = await openPostgresChats(url, endlessAnswer, {
    eventStore: (store) => ({
      listUnfinishedStreams: async () => {
        if (fails) throw new StorageError('UNREACHABLE', new Error('The connection was cut.'))
        return store.listUnfinishedStreams()
      },
    }),
  })
  const { id } = await startWithQueue(suspended, [])
  await endLeaseOfOwner(url, id)
  await expect(other.chats.recover()).rejects.toThrow('The connection was cut.')
  fails = false
  expect(await other.chats.recover()).toBe(1)
  await expectEnd(other, id, 'INTERRUPTED')
})
