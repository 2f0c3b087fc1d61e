import { expect, test } from 'vitest'
import { firstPage } from '../../unit/storage/contract/records.ts'
import type { DeliveredEvent } from '../../../src/model/chat-event.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import type { ScriptedAnswer } from '../../support/fixtures/chats/agent-chats.ts'
import { writeCall } from '../../support/fixtures/chats/decision-chats.ts'
import { newToolbox } from '../../support/fixtures/toolbox.ts'
import { answerWithCalls, newTool, newToolSource } from '../../support/fixtures/tools.ts'
import {
  endlessAnswer,
  followUntil,
  openSeveral,
  recoverAny,
  requireAll,
} from '../../support/postgres/several-processes.ts'
import { openPostgresChats } from '../../support/postgres/postgres-chats.ts'
import { endLeaseOfOwner, refuseEnd } from '../../support/postgres/stream-faults.ts'
import { endConnections, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

test('an answer is started in one process, followed in a second, and stopped in a third', async () => {
  const [first, second, third] = requireAll(await openSeveral(3, endlessAnswer))
  const { id } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(second, id, 'TextDelta')
  const following = followUntil(second, id, 'StreamFinished')
  const { stream, answer, outcome } = await third.chats.cancel(id)
  expect([stream.status, outcome]).toEqual(['CANCELLED', 'CANCELLED'])
  expect(answer?.parts).toMatchObject([{ type: 'text', text: 'Once upon a time' }])
  expect((await following).at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'CANCELLED' } })
  expect((await second.chats.cancel(id)).outcome).toBe('ALREADY_CANCELLED')
  expect((await first.chats.cancel(id)).answer).toEqual(answer)
})

test('answers and their readers survive that all connections are cut', async () => {
  const url = await useTestDatabase()
  const words = Array.from({ length: 20 }, (_, index) => `${index} `)
  const next = { wake: (): void => undefined }
  const answer: ScriptedAnswer = async function* () {
    yield { type: 'step', estimatedInputTokens: 1 }
    for (const text of words) {
      yield { type: 'text', block: '1', text }
      await new Promise<void>((resolve) => (next.wake = resolve))
    }
  }
  const [first, second] = [await openPostgresChats(url, answer), await openPostgresChats(url, answer)]
  const { id } = await first.chats.start(newChatRequest({ text: 'Count' }))
  const events: DeliveredEvent[] = []
  for await (const event of await second.chats.subscriptions.subscribeToStream(id, 0)) {
    events.push(event)
    if (event.type !== 'TextDelta') continue
    await endConnections(url)
    next.wake()
  }
  expect(events.flatMap((event) => (event.type === 'TextDelta' ? event.text : []))).toEqual(words)
  expect(events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
})

test('a call is approved in another process than the one that runs it', async () => {
  const toolbox = newToolbox({ source: newToolSource(newTool()) })
  const [first, second] = requireAll(await openSeveral(3, answerWithCalls(toolbox, writeCall)))
  const { id } = await first.chats.start(newChatRequest({ text: 'Write it down' }))
  await followUntil(second, id, 'ApprovalChanged')
  const [approval] = await second.chats.decisions.list('approval', { isPending: true })
  const answered = await second.chats.decisions.answerApproval(approval?.id ?? '', 'ONCE')
  expect(answered).toMatchObject({ state: 'ANSWERED', decision: 'ONCE' })
  const events = await followUntil(second, id, 'StreamFinished')
  expect(events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  await expect(second.chats.decisions.answerApproval(answered.id, 'DENY')).rejects.toMatchObject({ code: 'STALE' })
})

test('a message to a session in which another process runs an answer is queued there, and changed there', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  const request = newChatRequest({ sessionId, text: 'And another one' })
  await expect(second.chats.start({ ...request, ifBusy: 'REJECT' })).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  const queued = await second.chats.start({ ...request, ifBusy: 'QUEUE' })
  expect(queued.status).toBe('QUEUED')
  const last = await second.chats.start({ ...request, text: 'And a last one', ifBusy: 'QUEUE' })
  await second.chats.queueManagement.updateMessage(queued.id, { text: 'And another one, please' })
  const findText = async (): Promise<string> =>
    JSON.stringify((await second.profile.segueSessions.findMessage(queued.userMessageId))?.parts)
  expect(await findText()).toContain('please')
  await second.chats.queueManagement.moveMessage(last.id, queued)
  const unfinished = await second.profile.eventStore.listUnfinishedStreams()
  expect(unfinished.map((stream) => stream.id)).toEqual([id, last.id, queued.id])
  expect((await second.chats.cancel(last.id)).outcome).toBe('CANCELLED')
  await second.chats.cancel(id)
  await followUntil(second, queued.id, 'TextDelta')
  expect((await second.chats.cancel(queued.id)).answer?.parts).toMatchObject([
    { type: 'text', text: 'Once upon a time' },
  ])
})

test('an answer of a process that does not react is ended by another one, and nothing is written to it later', async () => {
  const url = await useTestDatabase()
  const stopped = await openPostgresChats(url, endlessAnswer, { answersOthers: false })
  const other = await openPostgresChats(url, endlessAnswer)
  const { id, sessionId } = await stopped.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(other, id, 'TextDelta')
  const { stream, answer, outcome } = await other.chats.cancel(id)
  expect([stream.status, outcome]).toEqual(['CANCELLED', 'CANCELLED'])
  expect(answer?.parts).toMatchObject([{ type: 'text', text: 'Once upon a time' }])
  const head = await other.profile.eventStore.loadHeadSeq(sessionId)
  await stopped.chats.close()
  expect(await other.profile.eventStore.loadHeadSeq(sessionId)).toBe(head)
  expect(await other.profile.eventStore.findStream(id)).toEqual(stream)
})

test('of several stops of an answer whose process does not react, one ends it, and all return the same', async () => {
  const url = await useTestDatabase()
  const stopped = await openPostgresChats(url, endlessAnswer, { answersOthers: false })
  const others = [await openPostgresChats(url, endlessAnswer), await openPostgresChats(url, endlessAnswer)]
  const { id } = await stopped.chats.start(newChatRequest({ text: 'Tell me a story' }))
  const results = await Promise.all([...others, ...others].map(({ chats }) => chats.cancel(id)))
  expect(results.map(({ outcome }) => outcome).sort()).toEqual([
    ...Array.from({ length: 3 }, () => 'ALREADY_CANCELLED'),
    'CANCELLED',
  ])
  for (const { stream, answer } of results)
    expect({ stream, answer }).toEqual({ stream: results[0]?.stream, answer: results[0]?.answer })
})

test('an answer is stopped whose process has died, before another one has found that', async () => {
  const url = await useTestDatabase()
  const other = await openPostgresChats(url, endlessAnswer)
  const dying = await openPostgresChats(url, endlessAnswer, { lease: { durationMs: 1, renewalIntervalMs: 2 ** 30 } })
  const { id } = await dying.chats.start(newChatRequest({ text: 'Tell me a story' }))
  expect(await other.chats.cancel(id)).toMatchObject({ outcome: 'CANCELLED', stream: { status: 'CANCELLED' } })
})

test('the answers of a process that ends without a word are ended by another one', async () => {
  const url = await useTestDatabase()
  const other = await openPostgresChats(url, endlessAnswer, { lease: { renewalIntervalMs: 50 } })
  const dying = await openPostgresChats(url, endlessAnswer, {
    lease: { durationMs: 1, renewalIntervalMs: 2 ** 30 },
  })
  const { id } = await dying.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await followUntil(other, id, 'TextDelta')
  const following = followUntil(other, id, 'StreamFinished')
  await recoverAny(other)
  expect((await following).at(-1)).toMatchObject({ stream: { status: 'INTERRUPTED' } })
})

test('what cannot be recovered at first is recovered later, and stops no other session', async () => {
  const url = await useTestDatabase()
  const other = await openPostgresChats(url, endlessAnswer)
  const dying = await openPostgresChats(url, endlessAnswer, { lease: { durationMs: 1, renewalIntervalMs: 2 ** 30 } })
  const texts = ['One', 'Two']
  const started = await Promise.all(texts.map((text) => dying.chats.start(newChatRequest({ text }))))
  const [first, second] = started.map(({ id }) => id)
  if (first === undefined || second === undefined) throw new Error('A stream is missing.')
  for (const id of [first, second]) await followUntil(other, id, 'TextDelta')
  const accept = await refuseEnd(url, first)
  const loadStatuses = async (): Promise<(string | undefined)[]> => {
    const streams = await other.profile.eventStore.findStreams([first, second])
    return [first, second].map((id) => streams.find((stream) => stream.id === id)?.status)
  }
  await endLeaseOfOwner(url, first)
  await expect(other.chats.recover()).rejects.toThrow('refused')
  expect(await loadStatuses()).toEqual(['RUNNING', 'INTERRUPTED'])
  await accept()
  expect(await other.chats.recover()).toBe(1)
  expect(await loadStatuses()).toEqual(['INTERRUPTED', 'INTERRUPTED'])
})

test('messages that several processes send to an idle session at the same moment are all answered, one after the other', async () => {
  const answer: ScriptedAnswer = async function* () {
    yield { type: 'step', estimatedInputTokens: 1 }
    yield { type: 'text', block: '1', text: 'Yes.' }
  }
  const processes = await openSeveral(3, answer)
  const [first] = requireAll(processes)
  const { sessionId, id } = await first.chats.start(newChatRequest({ text: 'Begin' }))
  await followUntil(first, id, 'StreamFinished')
  for (let round = 0; round < 10; round += 1) {
    const started = await Promise.all(
      processes.map(({ chats }, index) =>
        chats.start(newChatRequest({ sessionId, text: `${round} ${index}`, ifBusy: 'QUEUE' })),
      ),
    )
    const ends = await Promise.all(started.map((stream) => followUntil(first, stream.id, 'StreamFinished')))
    for (const events of ends) expect(events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  }
  const messages = await first.profile.segueSessions.listMessages(sessionId, firstPage)
  expect(messages.filter(({ role }) => role === 'ASSISTANT')).toHaveLength(31)
})

test('a session in which another process runs an answer is renamed, and the answer goes on; it is neither deleted nor summarised', async () => {
  const words = Array.from({ length: 30 }, (_, index) => `${index} `)
  const answer: ScriptedAnswer = async function* () {
    yield { type: 'step', estimatedInputTokens: 1 }
    for (const text of words) {
      yield { type: 'text', block: '1', text }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const [first, second] = requireAll(await openSeveral(3, answer))
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Count' }))
  const following = followUntil(second, id, 'StreamFinished')
  await followUntil(second, id, 'TextDelta')
  const busy = { code: 'SESSION_BUSY', details: { streamId: id } }
  await expect(second.chats.sessionManagement.delete([sessionId])).rejects.toMatchObject(busy)
  await expect(second.chats.compact(sessionId)).rejects.toMatchObject(busy)
  for (let round = 0; round < 5; round += 1)
    await second.chats.sessionManagement.update([sessionId], { title: `Title ${round}` })
  const events = await following
  expect(events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  expect(events.flatMap((event) => (event.type === 'TextDelta' ? event.text : [])).join('')).toBe(words.join(''))
  expect(await first.profile.segueSessions.findSessions([sessionId])).toMatchObject([{ title: 'Title 4' }])
})
