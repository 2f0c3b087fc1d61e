import { approvalRuleOf, hasRule } from '../../../support/storage/approval-rules.ts'
import { describe, expect, test } from 'vitest'
import { newId } from '../../../../src/lib/ids.ts'
import type { ChatEvent } from '../../../../src/model/chat-event.ts'
import type { ContextSize } from '../../../../src/model/context/context-size.ts'
import { createToolCall } from '../../../../src/model/tool-call.ts'
import { addUsage } from '../../../../src/model/usage.ts'
import { FencingError, LogVersionConflictError } from '../../../../src/storage/errors.ts'
import { newTextMessage } from '../../../support/search/search-fixture.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'
import { addSession, approvalOf, deltaOf, sessionOf, streamOf, usage, firstPage, idempotencyKeyOf } from './records.ts'
import { waitLimitMs } from '../../../support/vitest-limits.ts'

export function describeEventStore(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  describe('append', () => {
    test('stores events, streams, messages, decisions and grants together', async () => {
      const { eventStore, segueSessions, decisions, idempotencyKeys } = current()
      const session = sessionOf()
      const stream = streamOf(session)
      const message = newTextMessage(session.id, 'Hello', 2)
      const keys = ['key-1', 'key-2'].map((key) => idempotencyKeyOf(key, { createdId: stream.id }))
      const decision = approvalOf(session)
      await eventStore.append({
        sessionId: session.id,
        newSession: session,
        expectedHeadSeq: 0,
        events: [deltaOf(stream, 1), deltaOf(stream, 2)],
        streams: [stream],
        messages: [message],
        decisions: [decision],
        approvalRules: [approvalRuleOf({ sessionId: session.id, tool: 'look' })],
        idempotencyKeys: keys,
        activityAt: 5_000,
      })
      expect(await eventStore.loadHeadSeq(session.id)).toBe(2)
      const events = await eventStore.readEvents({ sessionId: session.id, after: 0, limit: 10 })
      expect(events).toEqual([deltaOf(stream, 1), deltaOf(stream, 2)])
      expect(await eventStore.findStream(stream.id)).toEqual(stream)
      expect(await eventStore.findStreams([stream.id, stream.id, 'str_unknown'])).toEqual([stream])
      expect(await eventStore.findActiveStream(session.id)).toEqual(stream)
      expect(await Promise.all(keys.map(({ key }) => idempotencyKeys.find(key)))).toEqual(keys)
      expect(await segueSessions.findMessage(message.id)).toEqual(message)
      expect(await decisions.findDecision(decision.id)).toEqual(decision)
      expect(await hasRule(current().approvalRules, 'look', session.id)).toBe(true)
      const [stored] = await segueSessions.findSessions([session.id])
      expect(stored).toEqual({ ...session, headSeq: 2, lastActivityAt: 5_000 })
    })

    test('of several sessions stores all of it or nothing', async () => {
      const { eventStore, decisions } = current()
      const sessions = [await addSession(current()), await addSession(current())]
      const requests = sessions.map((session, index) => ({
        sessionId: session.id,
        expectedHeadSeq: 0,
        events: [deltaOf(streamOf(session), 1, `${index}`)],
        decisions: [approvalOf(session)],
      }))
      const loadHeads = () => Promise.all(sessions.map(({ id }) => eventStore.loadHeadSeq(id)))
      const [first, second] = requests
      if (!first || !second) throw new Error('A request is missing.')
      const conflicting = [first, { ...second, expectedHeadSeq: 7 }]
      await expect(eventStore.appendAll(conflicting)).rejects.toThrow(LogVersionConflictError)
      expect(await loadHeads()).toEqual([0, 0])
      expect(await decisions.findDecision(first.decisions[0]?.id ?? '')).toBeNull()
      await eventStore.appendAll(requests)
      expect(await loadHeads()).toEqual([1, 1])
      for (const {
        decisions: [decision],
      } of requests)
        expect(await decisions.findDecision(decision?.id ?? '')).toEqual(decision)
    })

    test('keeps the order of a queue until it is replaced', async () => {
      const { eventStore } = current()
      const session = await addSession(current(), {}, [])
      const queued = [1, 2, 3].map((firstSeq) => streamOf(session, { status: 'QUEUED', firstSeq }))
      const [one, two, three] = queued.map(({ id }) => id)
      if (!one || !two || !three) throw new Error('A stream is missing.')
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
      const loadOrder = async () => (await eventStore.listUnfinishedStreams()).map(({ id }) => id)
      await eventStore.append({ ...write, streams: queued })
      expect(await loadOrder()).toEqual([one, two, three])
      await eventStore.append({ ...write, queuedStreamIds: [three, one, two] })
      expect(await loadOrder()).toEqual([three, one, two])
      // A change of a stream leaves it in its place.
      await eventStore.append({
        ...write,
        streams: queued.map((stream) => streamOf(session, { ...stream, generation: 2 })),
      })
      expect(await loadOrder()).toEqual([three, one, two])
      const started = [streamOf(session, { id: one, status: 'RUNNING' })]
      await eventStore.append({ ...write, streams: started, queuedStreamIds: [two, three] })
      expect((await loadOrder()).filter((id) => id !== one)).toEqual([two, three])
    })

    test('leaves withdrawn messages without a position to be listed, until they have one', async () => {
      const { eventStore } = current()
      const session = await addSession(current(), {}, [])
      const [queued, withdrawn, placed] = [1, 2, 3].map((at) => newTextMessage(session.id, `${at}`, at))
      if (!queued || !withdrawn || !placed) throw new Error('A message is missing.')
      const unplaced = { ...withdrawn, position: null, withdrawn: true }
      const messages = [{ ...queued, position: null }, unplaced, { ...placed, withdrawn: true }]
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
      await eventStore.append({ ...write, messages })
      expect(await eventStore.listUnplacedWithdrawnMessages(session.id)).toEqual([unplaced])
      await eventStore.append({ ...write, messages: [{ ...unplaced, position: 8 }] })
      expect(await eventStore.listUnplacedWithdrawnMessages(session.id)).toEqual([])
    })

    test('replaces messages and streams with the same id, as a whole', async () => {
      const { eventStore, segueSessions } = current()
      const session = await addSession(current(), {}, [])
      const stream = streamOf(session)
      const message = { ...newTextMessage(session.id, 'Helo', 2), position: null }
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
      await eventStore.append({ ...write, streams: [stream], messages: [message] })
      const changed = {
        ...message,
        position: 4,
        withdrawn: true,
        status: 'PARTIAL' as const,
        parts: [{ type: 'text' as const, text: 'Hello' }],
        createdAt: 9_000,
        streamId: stream.id,
        model: 'test/other',
        usage,
      }
      const ended = {
        ...stream,
        status: 'FAILED' as const,
        generation: 2,
        model: 'test/other',
        messageId: 'msg_2',
        usage,
        startedAt: 7_000,
        finishedAt: 9_000,
        firstSeq: 3,
        lastSeq: 4,
        error: { code: 'PROVIDER' as const, message: 'It broke.' },
      }
      await eventStore.append({ ...write, streams: [ended], messages: [changed] })
      expect(await segueSessions.findMessage(message.id)).toEqual(changed)
      expect(await eventStore.findStream(stream.id)).toEqual(ended)
      expect(await segueSessions.countMessages([session.id])).toEqual(new Map([[session.id, 1]]))
    })

    test('adds the usage of streams that end, and additional usage, to the session', async () => {
      const { eventStore, segueSessions } = current()
      const session = await addSession(current())
      const running = streamOf(session, { usage })
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
      await eventStore.append({ ...write, streams: [running] })
      await eventStore.append({ ...write, streams: [{ ...running, status: 'COMPLETED', finishedAt: 2_000 }] })
      await eventStore.append({ ...write, additionalUsage: { usage, model: 'test/model', at: 1_000 } })
      const [stored] = await segueSessions.findSessions([session.id])
      expect(stored?.usage).toEqual({
        ...usage,
        inputTokens: 6,
        outputTokens: 10,
        reasoningTokens: 4,
        cachedInputTokens: 2,
      })
    })

    test('a figure of a usage that cannot be true costs neither its event, stream, message nor session', async () => {
      const { eventStore, segueSessions } = current()
      const impossible = { ...usage, inputTokens: -3, outputTokens: 0.5, cachedInputTokens: Number.NaN }
      const session = await addSession(current(), { usage: impossible }, [])
      const stream = streamOf(session, { usage: impossible, status: 'COMPLETED', finishedAt: 2_000 })
      const message = { ...newTextMessage(session.id, 'Hello', 2), usage: impossible }
      const finished: ChatEvent = {
        type: 'StreamFinished',
        seq: 1,
        at: 2_000,
        sessionId: session.id,
        streamId: stream.id,
        stream,
        messageId: message.id,
      }
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [finished] }
      await eventStore.append({ ...write, streams: [stream], messages: [message] })
      const possible = { estimated: true, inputTokens: 0, outputTokens: 2, reasoningTokens: 2, cachedInputTokens: 0 }
      expect((await eventStore.findStream(stream.id))?.usage).toEqual(possible)
      expect((await segueSessions.findMessage(message.id))?.usage).toEqual(possible)
      const [stored] = await segueSessions.findSessions([session.id])
      expect(stored?.usage).toEqual(addUsage(possible, possible))
      const [event] = await eventStore.readEvents({ sessionId: session.id, after: 0, limit: 10 })
      expect(event).toMatchObject({ type: 'StreamFinished', stream: { usage: possible } })
    })

    test('replaces a title only by one that ranks at least as high', async () => {
      const { eventStore, segueSessions } = current()
      const session = await addSession(current(), { title: 'By a model', titleSource: 'MODEL' })
      const patch = async (title: string, titleSource: 'MESSAGE' | 'PERSON'): Promise<string | null | undefined> => {
        const sessionPatch = { title, titleSource }
        await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], sessionPatch })
        return (await segueSessions.findSessions([session.id]))[0]?.title
      }
      expect(await patch('From the first message', 'MESSAGE')).toBe('By a model')
      expect(await patch('By a person', 'PERSON')).toBe('By a person')
      expect(await patch('By the same person', 'PERSON')).toBe('By the same person')
    })

    test('creates the session that continues this one', async () => {
      const { eventStore, idempotencyKeys } = current()
      const session = await addSession(current())
      const next = sessionOf({ parentId: session.id })
      const idempotencyKey = idempotencyKeyOf('key', { createdId: next.id })
      await eventStore.append({
        sessionId: session.id,
        expectedHeadSeq: 0,
        events: [],
        approvalRules: [approvalRuleOf({ sessionId: session.id, tool: 'look' })],
        sessionPatch: { endedAt: 2_000, endReason: 'compression' },
        continuation: { session: next, messages: [], idempotencyKey },
      })
      expect((await eventStore.findContinuation(session.id))?.id).toBe(next.id)
      expect(await eventStore.findContinuation(next.id)).toBeNull()
      expect(await idempotencyKeys.find('key')).toEqual(idempotencyKey)
    })

    test.each([
      ['another head', LogVersionConflictError, 1, 1],
      ['another generation', FencingError, 0, 2],
    ])('refuses a write that expects %s, and stores nothing of it', async (_, error, expectedHeadSeq, generation) => {
      const { eventStore, segueSessions } = current()
      const session = await addSession(current())
      const stream = streamOf(session)
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], streams: [stream] })
      const late = newTextMessage(session.id, 'late', 8)
      const refused = eventStore.append({
        sessionId: session.id,
        expectedHeadSeq,
        fences: [{ streamId: stream.id, generation }],
        events: [deltaOf(stream, expectedHeadSeq + 1)],
        messages: [late],
        continuation: { session: sessionOf({ parentId: session.id }), messages: [] },
      })
      await expect(refused).rejects.toThrow(error)
      expect(await eventStore.loadHeadSeq(session.id)).toBe(0)
      expect(await segueSessions.findMessage(late.id)).toBeNull()
      expect(await eventStore.findContinuation(session.id)).toBeNull()
    })

    test('stores, keeps or forgets what a model is sent next', async () => {
      const { eventStore, segueSessions } = current()
      const session = await addSession(current())
      const contextSize = {
        model: null,
        tokens: 3,
        instructions: 1,
        tools: 1,
        history: 1,
        scale: null,
        estimated: true,
      }
      const findContextSize = async () => (await segueSessions.findSessions([session.id]))[0]?.contextSize
      const append = (expectedHeadSeq: number, more: { contextSize?: ContextSize | null; activityAt?: number }) => {
        const events = [deltaOf(streamOf(session), expectedHeadSeq + 1)]
        return eventStore.append({ sessionId: session.id, expectedHeadSeq, events, ...more })
      }
      await append(0, { contextSize })
      expect(await findContextSize()).toEqual(contextSize)
      await append(1, {})
      await append(2, { activityAt: 5_000 })
      expect(await findContextSize()).toEqual(contextSize)
      await append(3, { contextSize: null })
      expect(await findContextSize()).toBeUndefined()
      await append(4, { contextSize, activityAt: 6_000 })
      expect(await findContextSize()).toEqual(contextSize)
      await append(5, { contextSize: null, activityAt: 7_000 })
      expect(await findContextSize()).toBeUndefined()
    })

    test('stores the last seq of the stream that writes, and leaves the rest of it as it is', async () => {
      const { eventStore } = current()
      const session = await addSession(current())
      const stream = streamOf(session)
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], streams: [stream] })
      const fence = { streamId: stream.id, generation: stream.generation }
      const events = [deltaOf(stream, 1), deltaOf(stream, 2)]
      await eventStore.append({
        sessionId: session.id,
        expectedHeadSeq: 0,
        fences: [{ ...fence, lastSeq: 2 }],
        events,
      })
      expect(await eventStore.findStream(stream.id)).toEqual({ ...stream, lastSeq: 2 })
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 2, fences: [fence], events: [] })
      expect(await eventStore.findStream(stream.id)).toEqual({ ...stream, lastSeq: 2 })
    })

    test('refuses to write to a session that does not exist', async () => {
      const write = { sessionId: newId('session'), expectedHeadSeq: 0, events: [] }
      await expect(current().eventStore.append(write)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await current().eventStore.loadHeadSeq(write.sessionId)).toBeNull()
    })

    test('reports a broken constraint of the engine as a StorageError', async () => {
      const { eventStore } = current()
      const session = await addSession(current())
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
      await eventStore.append({ ...write, streams: [streamOf(session)] })
      const second = eventStore.append({ ...write, streams: [streamOf(session)] })
      // Where several processes write, another one may have been faster.
      await expect(second).rejects.toMatchObject({
        name: expect.stringMatching(/^(StorageError|LogVersionConflictError)$/),
      })
      const again = eventStore.createSession({ session, messages: [] })
      await expect(again).rejects.toMatchObject({ name: 'StorageError', failure: 'CONSTRAINT' })
    })

    test('notifies subscribers to decisions after the commit', async () => {
      const { eventStore, decisions, changes } = current()
      const session = await addSession(current())
      const { version } = changes.decisions
      const waiting = changes.decisions.wait(version, AbortSignal.timeout(waitLimitMs))
      const decision = approvalOf(session)
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [] }
      await eventStore.append(write)
      expect(changes.decisions.version).toBe(version)
      await eventStore.append({ ...write, decisions: [decision] })
      await waiting
      expect(await decisions.findDecision(decision.id)).toEqual(decision)
    })
  })

  describe('the log', () => {
    test('is read in pages that end early when events are large', async () => {
      const { eventStore } = current()
      const session = await addSession(current())
      const stream = streamOf(session)
      const events = Array.from({ length: 1_100 }, (_, index) => deltaOf(stream, index + 1))
      const large = [1_101, 1_102, 1_103].map((seq) => deltaOf(stream, seq, 'y'.repeat(200_000)))
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [...events, ...large] })
      const read = (after: number, limit: number) => eventStore.readEvents({ sessionId: session.id, after, limit })
      expect((await read(0, 3)).map(({ seq }) => seq)).toEqual([1, 2, 3])
      expect(await read(0, 5_000)).toHaveLength(1_000)
      expect((await read(1_100, 10)).map(({ seq }) => seq)).toEqual([1_101, 1_102])
      expect(await read(1_103, 10)).toEqual([])
      expect(await read(0, 0)).toEqual([])
    })

    test('can have an event replaced under its seq, and any number of events deleted', async () => {
      const { eventStore } = current()
      const session = await addSession(current())
      const stream = streamOf(session)
      const events = Array.from({ length: 900 }, (_, index) => deltaOf(stream, index + 1))
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events })
      const coalesced = { ...deltaOf(stream, 900, 'x'.repeat(900)), offset: 0 }
      await eventStore.replaceEvent(coalesced)
      await eventStore.deleteEvents(
        session.id,
        events.slice(0, 899).map(({ seq }) => seq),
      )
      expect(await eventStore.readEvents({ sessionId: session.id, after: 0, limit: 10 })).toEqual([coalesced])
      expect(await eventStore.loadHeadSeq(session.id)).toBe(900)
    })

    test('outlives the process', async () => {
      const session = await addSession(current())
      const stream = streamOf(session)
      const write = { sessionId: session.id, expectedHeadSeq: 0, events: [deltaOf(stream, 1)], streams: [stream] }
      await current().eventStore.append(write)
      const { eventStore } = await opened().reopen()
      expect(await eventStore.readEvents({ sessionId: session.id, after: 0, limit: 10 })).toEqual([deltaOf(stream, 1)])
      expect(await eventStore.listUnfinishedStreams()).toEqual([stream])
    })
  })

  test('the own ones of streams are those that have not ended', async () => {
    const { eventStore } = current()
    const session = await addSession(current())
    const [running, queued, ended] = [
      streamOf(session, { firstSeq: 1 }),
      streamOf(session, { firstSeq: 2, status: 'QUEUED' }),
      streamOf(session, { firstSeq: 3, status: 'COMPLETED', finishedAt: 2_000 }),
    ]
    const streams = [running, queued, ended]
    await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], streams })
    const own = await eventStore.listOwnStreamIds([...streams.map(({ id }) => id), 'str_unknown'])
    expect(own.toSorted()).toEqual([running.id, queued.id].toSorted())
    expect(await eventStore.listOwnStreamIds([])).toEqual([])
  })

  test('unfinished streams are listed by session and start; ended ones are not', async () => {
    const { eventStore } = current()
    const sessions = [await addSession(current()), await addSession(current())]
    for (const session of sessions) {
      const streams = [
        streamOf(session, { firstSeq: 5, status: 'QUEUED' }),
        streamOf(session, { firstSeq: 3, status: 'WAITING' }),
        streamOf(session, { firstSeq: 1, status: 'COMPLETED', finishedAt: 2_000 }),
      ]
      await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events: [], streams })
    }
    const listed = await eventStore.listUnfinishedStreams()
    expect(listed.map(({ firstSeq }) => firstSeq)).toEqual([3, 5, 3, 5])
    expect(new Set(listed.slice(0, 2).map(({ sessionId }) => sessionId)).size).toBe(1)
  })

  test('a deleted session leaves nothing behind, and names the blobs that became unreferenced', async () => {
    const { eventStore, segueSessions, decisions } = current()
    const [unshared, shared] = ['a'.repeat(64), 'b'.repeat(64)]
    const withFiles = (sessionId: string, hashes: readonly string[]) => ({
      ...newTextMessage(sessionId, '', 2),
      parts: hashes.map((hash) => ({
        type: 'file' as const,
        mediaType: 'text/plain',
        name: null,
        url: `file:${hash}`,
      })),
    })
    const [session, other] = [sessionOf(), sessionOf()]
    await eventStore.createSession({ session, messages: [withFiles(session.id, [unshared, shared])] })
    await eventStore.createSession({ session: other, messages: [withFiles(other.id, [shared])] })
    const stream = streamOf(session)
    const decision = approvalOf(session)
    const write = { events: [deltaOf(stream, 1)], streams: [stream], decisions: [decision] }
    await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, ...write })
    expect(await eventStore.findUnreferencedBlobs([unshared, shared, 'c'.repeat(64)])).toEqual(['c'.repeat(64)])
    expect(await eventStore.deleteSessions([session.id])).toEqual([unshared])
    await expect(eventStore.deleteSessions([session.id])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await segueSessions.findSessions([session.id])).toEqual([])
    expect(await segueSessions.listMessages(session.id, firstPage)).toEqual([])
    expect(await eventStore.readEvents({ sessionId: session.id, after: 0, limit: 10 })).toEqual([])
    expect(await eventStore.findStream(stream.id)).toBeNull()
    expect(await decisions.findDecision(decision.id)).toBeNull()
  })

  test('a session refers to a blob that one of its messages has released as long as another message or an event does', async () => {
    const { eventStore } = current()
    const hashes = ['a', 'b', 'c'].map((digit) => digit.repeat(64))
    const [first = '', second = '', third = ''] = hashes
    const toFilePart = (hash: string) =>
      ({ type: 'file', mediaType: 'image/png', name: null, url: `file:${hash}` }) as const
    const session = sessionOf()
    const withFiles = (position: number, ...files: readonly string[]) => ({
      ...newTextMessage(session.id, '', 2),
      position,
      parts: files.map(toFilePart),
    })
    const message = withFiles(1, first, second, third)
    await eventStore.createSession({ session, messages: [message, withFiles(2, first)] })
    const stream = streamOf(session)
    const base = { at: 1, sessionId: session.id, streamId: stream.id, messageId: 'msg_answer' }
    const event: ChatEvent = { ...toFilePart(second), ...base, type: 'FilePartAdded', seq: 1, partIndex: 0 }
    const write = { sessionId: session.id, streams: [stream] }
    await eventStore.append({ ...write, expectedHeadSeq: 0, events: [event] })
    await eventStore.append({
      ...{ ...write, expectedHeadSeq: 1, events: [] },
      messages: [{ ...message, parts: [] }],
      releasedBlobs: hashes,
    })
    expect(await eventStore.findUnreferencedBlobs(hashes)).toEqual([third])
  })

  test('the blobs of an event are referred to from its commit on, before its message has a row', async () => {
    const { eventStore } = current()
    const session = await addSession(current(), {}, [])
    const stream = streamOf(session)
    const hashes = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64))
    const [file = '', image = '', whole = ''] = hashes
    const toolCall = { ...createToolCall('call_1', 'look'), resultFile: whole, resultBlobs: [image] }
    const base = { at: 1, sessionId: session.id, streamId: stream.id, messageId: 'msg_answer' }
    const events: ChatEvent[] = [
      { ...base, type: 'FilePartAdded', seq: 1, partIndex: 0, mediaType: 'image/png', name: null, url: `file:${file}` },
      { ...base, type: 'ToolCallChanged', seq: 2, partIndex: 1, toolCall },
    ]
    await eventStore.append({ sessionId: session.id, expectedHeadSeq: 0, events, streams: [stream] })
    expect(await eventStore.findUnreferencedBlobs(hashes)).toEqual(['d'.repeat(64)])
    expect((await eventStore.deleteSessions([session.id])).toSorted()).toEqual([file, image, whole].toSorted())
  })
}
