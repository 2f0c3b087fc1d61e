import { expect, test } from 'vitest'
import type { ContextCheckpoint } from '../../../../src/model/context/context-checkpoint.ts'
import { FencingError } from '../../../../src/storage/errors.ts'
import { newTextMessage } from '../../../support/search/search-fixture.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'
import { addSession, sessionOf, streamOf, usage } from './records.ts'

export const checkpointOf = (sessionId: string, overrides: Partial<ContextCheckpoint> = {}): ContextCheckpoint => ({
  sessionId,
  summary: {
    text: 'They talk about owls.',
    quotes: [{ messageId: 'msg_1', text: 'Do owls sleep? "Never", they say.' }],
    throughMessageId: 'msg_2',
  },
  model: 'test/model',
  usage,
  createdAt: 2_000,
  ...overrides,
})

export function describeContextCheckpoints(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  test('a session has none before one is stored', async () => {
    const session = await addSession(current())
    expect(await current().eventStore.findContextCheckpoint(session.id)).toBeNull()
    expect(await current().eventStore.findContextCheckpoint('ses_unknown')).toBeNull()
  })

  test('the newest replaces the one before, and is kept', async () => {
    const { eventStore } = current()
    const session = await addSession(current())
    const other = await addSession(current())
    const summary = { text: '', quotes: [], throughMessageId: null }
    const newest = checkpointOf(session.id, { summary, model: 'test/other', createdAt: 3_000 })
    for (const checkpoint of [checkpointOf(session.id), newest])
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], checkpoint })
    expect(await eventStore.findContextCheckpoint(session.id)).toEqual(newest)
    expect(await eventStore.findContextCheckpoint(other.id)).toBeNull()
    expect(await (await opened().reopen()).eventStore.findContextCheckpoint(session.id)).toEqual(newest)
  })

  test('one that is stored by a stream which has ended is refused', async () => {
    const { eventStore } = current()
    const session = await addSession(current())
    const stream = streamOf(session, { status: 'CANCELLED', generation: 2, finishedAt: 2_000 })
    const append = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
    await eventStore.append({ ...append, streams: [stream] })
    const fence = { streamId: stream.id, generation: 1 }
    const refused = eventStore.append({ ...append, fences: [fence], checkpoint: checkpointOf(session.id) })
    await expect(refused).rejects.toBeInstanceOf(FencingError)
    expect(await eventStore.findContextCheckpoint(session.id)).toBeNull()
  })

  test('a session can be created with one, and takes it along when it is deleted', async () => {
    const { eventStore } = current()
    const session = sessionOf()
    const checkpoint = checkpointOf(session.id)
    const request = { session, messages: [newTextMessage(session.id, 'Hello', 2)], checkpoint }
    await eventStore.createSession(request)
    expect(await eventStore.findContextCheckpoint(session.id)).toEqual(checkpoint)
    await eventStore.deleteSessions([session.id])
    expect(await eventStore.findContextCheckpoint(session.id)).toBeNull()
    await eventStore.createSession({ session, messages: [] })
    expect(await eventStore.findContextCheckpoint(session.id)).toBeNull()
  })

  test('a copy of a summary by Hermes keeps its kind', async () => {
    const session = sessionOf()
    const message = { ...newTextMessage(session.id, 'In short.', 1), kind: 'SUMMARY' } as const
    await current().eventStore.createSession({ session, messages: [message] })
    expect(await current().segueSessions.findMessage(message.id)).toEqual(message)
  })

  test('a summary message keeps what it holds beyond its text', async () => {
    const { text: _, ...summaryContext } = checkpointOf('').summary
    const message = { ...newTextMessage('', 'In short.', 1), role: 'SYSTEM', summary: true, summaryContext } as const
    const session = sessionOf()
    const stored = { ...message, sessionId: session.id }
    await current().eventStore.createSession({ session, messages: [stored] })
    expect(await current().segueSessions.findMessage(message.id)).toEqual(stored)
  })
}
