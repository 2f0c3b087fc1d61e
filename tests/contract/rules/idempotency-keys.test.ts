import { randomUUID } from 'node:crypto'
import { print } from 'graphql'
import { createClient } from 'graphql-ws'
import { describe, expect, onTestFinished, test } from 'vitest'
import { graphqlPath } from '../../../src/server/graphql/graphql-path.ts'
import { requireNonNull, readUntil, expectRefusal, expectSubscriptionRefusal } from '../support/typed-client.ts'
import {
  isEventOfType,
  never,
  newSession,
  loadSession,
  omitEntities,
  startChat,
  streamChat,
  streamToEnd,
} from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import {
  StartChatDocument,
  StreamChatDocument,
  type StreamChatSubscription,
  type StreamChatSubscriptionVariables,
} from '../generated/graphql.ts'
import { newTestEnvironment } from '../support/test-environment.ts'

describe.each(transports)('An idempotency key, over %s,', (transport) => {
  test('joins the stream that it started, while it runs and after its end', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const variables = { text: 'Hello', key: 'mine' }
    const first = streamChat(client, variables)
    const { received, last } = await readUntil(first, isEventOfType('TextDelta'))

    expect((await startChat(client, variables)).id).toBe(last.streamId)
    const second = await readUntil(streamChat(client, variables), isEventOfType('TextDelta'))
    expect(second.received.map(omitEntities)).toEqual(received.map(omitEntities))
    const third = await readUntil(streamChat(client, { ...variables, after: 1 }), isEventOfType('TextDelta'))
    expect(third.received.map(omitEntities)).toEqual(received.slice(1).map(omitEntities))

    held.resolve()
    const { last: end } = await readUntil(first, isEventOfType('StreamFinished'))
    const again = await streamToEnd(client, variables)
    expect(again.end).toEqual(end)
    expect(await startChat(client, variables)).toEqual(end.stream)
    expect(provider.requests).toHaveLength(1)
    expect(await loadSession(client, last.sessionId)).toMatchObject({ messageCount: 2, headSeq: end.seq })
  })

  test('starts one stream for any number of concurrent calls', async () => {
    await using environment = await newTestEnvironment(transport)
    const started = await Promise.all(
      Array.from({ length: 8 }, () => startChat(environment.client, { text: 'Hello', key: 'mine' })),
    )
    expect(new Set(started.map(({ id }) => id)).size).toBe(1)
  })

  test('is an IDEMPOTENCY_MISMATCH with other input, and the error names the stream', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const sessionId = await newSession(client)
    const input = { sessionId, text: 'Hello', model: 'local/test', profile: 'default', key: 'mine' }
    const { end } = await streamToEnd(client, input)
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH', streamId: end.streamId }
    for (const other of [
      { ...input, text: 'Hello!' },
      { ...input, model: 'offline/eliza' },
      { ...input, sessionId: await newSession(client) },
      { ...input, sessionId: null },
    ]) {
      expect(await expectRefusal(client, StartChatDocument, other)).toMatchObject(mismatch)
      expect(await expectSubscriptionRefusal(client, StreamChatDocument, other)).toMatchObject(mismatch)
    }
    // Naming the profile default is the same as omitting it.
    const { profile: _, ...withoutProfile } = input
    expect((await startChat(client, withoutProfile)).id).toBe(end.streamId)
  })

  test('is free again after a refused start', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ text: 'Still' }, { wait: never }])
    const { last } = await readUntil(streamChat(client, { text: 'Hello', key: 'one' }), isEventOfType('TextDelta'))
    const busy = { sessionId: last.sessionId, text: 'Another', key: 'two' }
    expect(await expectRefusal(client, StartChatDocument, busy)).toMatchObject({ code: 'SESSION_BUSY' })
    expect(await startChat(client, { text: 'Elsewhere', key: 'two' })).toMatchObject({ status: 'RUNNING' })
    // The key of the active stream joins it, and is not a second start.
    expect((await startChat(client, { text: 'Hello', key: 'one' })).id).toBe(last.streamId)
  })
})

describe('Over a WebSocket, without a key,', () => {
  /** Starts or joins a stream over a new socket, and returns its id. */
  async function streamOf(url: string, id: string, variables: StreamChatSubscriptionVariables): Promise<string> {
    const client = createClient({
      url: url.replace(/^http/, 'ws') + graphqlPath,
      generateID: () => id,
      retryAttempts: 0,
    })
    onTestFinished(() => client.dispose())
    const results = client.iterate<StreamChatSubscription>({ query: print(StreamChatDocument), variables })
    for await (const { data } of results) return requireNonNull(data?.streamChat.streamId)
    throw new Error('No event was received.')
  }

  test('a repeated operation with the same UUID joins its stream', async () => {
    await using environment = await newTestEnvironment('webSocket')
    const id = randomUUID()
    const first = await streamOf(environment.segue.url, id, { text: 'Hello' })
    expect(await streamOf(environment.segue.url, id, { text: 'Hello' })).toBe(first)
    expect(await streamOf(environment.segue.url, randomUUID(), { text: 'Hello' })).not.toBe(first)
    expect((await startChat(environment.client, { text: 'Hello', key: id })).id).toBe(first)
  })

  test('an id that is not a UUID joins nothing', async () => {
    await using environment = await newTestEnvironment('webSocket')
    const first = await streamOf(environment.segue.url, '1', { text: 'Hello' })
    expect(await streamOf(environment.segue.url, '1', { text: 'Hello' })).not.toBe(first)
  })

  test('an explicit key takes precedence over the id', async () => {
    await using environment = await newTestEnvironment('webSocket')
    const id = randomUUID()
    const first = await streamOf(environment.segue.url, id, { text: 'Hello', key: 'one' })
    expect(await streamOf(environment.segue.url, id, { text: 'Hello', key: 'two' })).not.toBe(first)
    expect(await streamOf(environment.segue.url, randomUUID(), { text: 'Hello', key: 'one' })).toBe(first)
  })
})
