import { describe, expect, test } from 'vitest'
import {
  cancelStream,
  followSession,
  followStream,
  isEventOfType,
  loadEvents,
  loadSession,
  loadTranscript,
  omitSessionChanges,
  startChat,
  streamChat,
} from '../support/chat.ts'
import { type Client, connect, transports } from '../support/clients.ts'
import { newTool } from '../../support/fixtures/tools.ts'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import {
  MoveQueuedMessageDocument,
  SendQueuedMessageDocument,
  UpdateQueuedMessageDocument,
  type UpdateQueuedMessageMutationVariables,
} from '../generated/graphql.ts'
import { mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

/** A session whose answer stops after the first word until the test releases it, with queued messages. */
async function newBusySession({ client, provider }: TestEnvironment, texts: readonly string[]) {
  const held = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
  const { last } = await readUntil(streamChat(client, { text: 'First' }), isEventOfType('TextDelta'))
  const { sessionId } = last
  const ids: string[] = []
  for (const text of texts) ids.push((await startChat(client, { sessionId, text, ifBusy: 'QUEUE' })).id)
  return { sessionId, activeId: requireNonNull(last.streamId), ids, release: () => held.resolve() }
}

const toIds = (...ids: string[]) => ids.map((id) => ({ id }))

const move = async (client: Client, streamId: string, before: string | null = null) =>
  (await mutate(client, MoveQueuedMessageDocument, { streamId, before })).moveQueuedMessage

const update = async (client: Client, variables: UpdateQueuedMessageMutationVariables) =>
  (await mutate(client, UpdateQueuedMessageDocument, variables)).updateQueuedMessage

const send = async (client: Client, streamId: string) =>
  (await mutate(client, SendQueuedMessageDocument, { streamId })).sendQueuedMessage

const readToEnd = (client: Client, streamId: string) =>
  readUntil(followStream(client, streamId), isEventOfType('StreamFinished'))

/** What the user has said, in order. */
const loadQuestions = async (client: Client, sessionId: string): Promise<string[]> =>
  (await loadTranscript(client, sessionId)).flatMap((line) => /^USER (.*)/.exec(line)?.[1] ?? [])

const queueOf = async (client: Client, sessionId: string): Promise<string[]> =>
  (await loadSession(client, sessionId)).queue.map(({ id }) => id)

describe.each(transports)('The queue of a session, over %s,', (transport) => {
  test('has the streams that wait for their turn, in order, without the active one', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { sessionId, activeId, ids } = await newBusySession(environment, ['one', 'two', 'three'])
    const session = await loadSession(client, sessionId)
    expect(session.activeStream).toMatchObject({ id: activeId })
    expect(session.queue).toEqual(ids.map((id) => ({ id, status: 'QUEUED' })))
  })

  test('tells of each change: a message is queued, taken back, and begins its turn', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { sessionId, ids, release } = await newBusySession(environment, ['one', 'two', 'three'])
    const [one = '', two = '', three = ''] = ids
    await cancelStream(client, two)
    const events = followSession(client, sessionId, (await loadSession(client, sessionId)).headSeq)
    release()
    const { received } = await readUntil(
      events,
      (event): event is typeof event => event.type === 'StreamFinished' && event.streamId === three,
    )
    const log = await loadEvents(client, sessionId)
    const changes = log.filter(isEventOfType('QueueChanged'))
    expect(changes.map(({ streamId, streamIds }) => [streamId, streamIds])).toEqual([
      [null, [one]],
      [null, [one, two]],
      [null, [one, two, three]],
      [null, [one, three]],
      [null, [three]],
      [null, []],
    ])
    // What it leads to is as of the delivery.
    expect(changes.map(({ queue }) => queue)).toEqual(changes.map(() => []))
    expect(received.filter(isEventOfType('QueueChanged')).map(({ streamIds }) => streamIds)).toEqual([[three], []])
    expect(await queueOf(client, sessionId)).toEqual([])
    await events.return()
  })

  test('is read as of the event that was received', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { sessionId, ids } = await newBusySession(environment, ['one'])
    const events = followSession(client, sessionId)
    const { last } = await readUntil(events, isEventOfType('QueueChanged'))
    expect(last.queue).toEqual([{ id: ids[0], status: 'QUEUED' }])
    await events.return()
  })

  test('is reordered by moveQueuedMessage, and its messages are answered in the new order', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { sessionId, ids, release } = await newBusySession(environment, ['one', 'two', 'three'])
    const [one = '', two = '', three = ''] = ids
    const { headSeq } = await loadSession(client, sessionId)
    expect(await move(client, three, one)).toEqual({
      id: sessionId,
      headSeq: headSeq + 1,
      queue: toIds(three, one, two),
    })
    expect(await move(client, one)).toMatchObject({ headSeq: headSeq + 2, queue: toIds(three, two, one) })
    // Where it is already.
    expect(await move(client, one)).toMatchObject({ headSeq: headSeq + 2 })
    expect(await move(client, three, two)).toMatchObject({ headSeq: headSeq + 2 })
    const changes = (await loadEvents(client, sessionId, headSeq)).filter(isEventOfType('QueueChanged'))
    expect(changes.map(({ streamIds }) => streamIds)).toEqual([
      [three, one, two],
      [three, two, one],
    ])
    release()
    await readToEnd(client, one)
    expect(await loadQuestions(client, sessionId)).toEqual(['First', 'three', 'two', 'one'])
  })

  test('takes another text and other files for a message, which is then answered', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { sessionId, ids, release } = await newBusySession(environment, ['one'])
    const [streamId = ''] = ids
    const file = { name: 'a.txt', mediaType: 'text/plain', url: 'data:,Bees' }
    const { headSeq } = await loadSession(client, sessionId)
    const events = followSession(client, sessionId, headSeq)
    const updated = await update(client, { streamId, text: 'Look at this.', files: [file] })
    expect(updated).toMatchObject({ id: streamId, status: 'QUEUED', lastSeq: headSeq + 1 })
    expect(updated.userMessage.text).toBe('Look at this.')
    const { last } = await readUntil(events, isEventOfType('StreamChanged'))
    expect(last).toMatchObject({ seq: headSeq + 1, streamId, status: 'QUEUED' })
    expect(last.stream.userMessage.text).toBe('Look at this.')
    expect(last.stream.userMessage.parts).toMatchObject([{ type: 'TextPart' }, { type: 'FilePart', name: 'a.txt' }])
    await events.return()

    // Files that are left out stay, and so does a text that is left out.
    expect((await update(client, { streamId, text: 'Read this.' })).userMessage.parts).toMatchObject([
      { text: 'Read this.' },
      { name: 'a.txt' },
    ])
    const withoutFiles = await update(client, { streamId, files: [] })
    expect(withoutFiles.userMessage.parts).toMatchObject([{ text: 'Read this.' }])
    await expect(update(client, { streamId, text: ' ' })).rejects.toThrow('"code":"BAD_USER_INPUT","path":["text"]')
    // Nothing changes.
    expect((await update(client, { streamId })).lastSeq).toBe(withoutFiles.lastSeq)

    release()
    await readToEnd(client, streamId)
    expect(await loadQuestions(client, sessionId)).toEqual(['First', 'Read this.'])
    expect(provider.requests.at(-1)?.body.messages.at(-1)?.content).toBe('Read this.')
  })

  test('sends a message now: it takes the place of the active answer, and the others wait on', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { sessionId, activeId, ids } = await newBusySession(environment, ['one', 'two', 'three'])
    const [one = '', two = '', three = ''] = ids
    const { headSeq } = await loadSession(client, sessionId)
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Now' }, { wait: held.promise }, { finish: 'stop' }])
    expect(await send(client, two)).toMatchObject({ id: two, status: 'RUNNING' })
    expect(await loadSession(client, sessionId)).toMatchObject({
      activeStream: { id: two },
      queue: [{ id: one }, { id: three }],
    })
    const [finished, changed, queue] = omitSessionChanges(await loadEvents(client, sessionId, headSeq)).filter(
      ({ type }) => type !== 'PartFinished',
    )
    expect(finished).toMatchObject({ type: 'StreamFinished', streamId: activeId, status: 'CANCELLED' })
    expect(changed).toMatchObject({ type: 'StreamChanged', streamId: two, status: 'RUNNING' })
    expect(queue).toMatchObject({ type: 'QueueChanged', streamIds: [one, three] })
    held.resolve()
    await readToEnd(client, three)
    expect(await loadQuestions(client, sessionId)).toEqual(['First', 'two', 'one', 'three'])
  })

  test('refuses changes of a message whose turn has begun, that was taken back, or of another session', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { ids, activeId } = await newBusySession(environment, ['one', 'two', 'three'])
    const other = await newBusySession(environment, ['Elsewhere'])
    const [one = '', two = '', taken = ''] = ids
    const [elsewhere = ''] = other.ids
    await cancelStream(client, taken)
    for (const streamId of [activeId, taken]) {
      const stale = '"code":"STALE"'
      await expect(update(client, { streamId, text: 'Late' })).rejects.toThrow(stale)
      await expect(move(client, streamId)).rejects.toThrow(stale)
      await expect(move(client, one, streamId)).rejects.toThrow(stale)
      await expect(send(client, streamId)).rejects.toThrow(stale)
    }
    for (const before of [one, elsewhere, other.activeId])
      await expect(move(client, one, before)).rejects.toThrow('"code":"BAD_USER_INPUT","path":["before"]')
    await expect(move(client, one, 'str_unknown')).rejects.toThrow('"code":"NOT_FOUND"')
    for (const refused of [update(client, { streamId: 'str_unknown' }), move(client, 'x', two), send(client, 'x')])
      await expect(refused).rejects.toThrow('"code":"NOT_FOUND"')
  })
})

test.each(['webSocket', 'sse'] as const)(
  'A queue that was edited, moved and shortened is the same after a crash, and is answered in its order, over %s',
  async (transport) => {
    await using segue = await startSegueWithTools([newTool()])
    await using client = connect(transport, segue.url)
    const { id, session } = await startChat(client, { text: '/ask Where?' })
    await readUntil(
      followStream(client, id),
      (event): event is typeof event => event.type === 'StreamChanged' && event.status === 'WAITING',
    )
    const ids: string[] = []
    for (const text of ['/ask And then?', 'two', 'three', 'four'])
      ids.push((await startChat(client, { sessionId: session.id, text, ifBusy: 'QUEUE' })).id)
    const [one = '', two = '', three = '', four = ''] = ids
    await move(client, one)
    await move(client, four, two)
    await cancelStream(client, three)
    await update(client, { streamId: two, text: 'two, changed' })

    await using crashed = await startSegueWithTools([newTool()], { home: segue.copyHome() })
    await using again = connect(transport, crashed.url)
    await readToEnd(again, two)
    expect(await loadSession(again, session.id)).toMatchObject({ activeStream: { id: one }, queue: [] })
    expect(await loadQuestions(again, session.id)).toEqual([
      '/ask Where?',
      'four',
      'two, changed',
      '/ask And then?',
      // It stands behind all that was sent before it.
      'three (WITHDRAWN)',
    ])
  },
)
