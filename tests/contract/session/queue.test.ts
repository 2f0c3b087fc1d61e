import { describe, expect, test } from 'vitest'
import {
  cancelStream,
  followSession,
  isEventOfType,
  loadEvents,
  loadSession,
  startChat,
  streamChat,
} from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { readUntil, requireNonNull } from '../support/typed-client.ts'

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
})
