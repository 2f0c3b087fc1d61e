import { describe, expect, test } from 'vitest'
import { requireNonNull, readUntil, mutate } from './support/typed-client.ts'
import {
  cancelStream,
  followSession,
  followStream,
  isEventOfType,
  never,
  newSession,
  loadSession,
  startChat,
  streamChat,
  loadTranscript,
  streamToEnd,
} from './support/chat.ts'
import { transports } from './support/clients.ts'
import { StartFourDocument } from './generated/graphql.ts'
import { newTestEnvironment } from './support/test-environment.ts'

describe.each(transports)('A message to a busy session, over %s,', (transport) => {
  test('waits for its turn with QUEUE, starts first with INTERRUPT, and joins with STEER', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.defaultAnswer = ({ body }) =>
      JSON.stringify(body.messages.at(-1)).includes('first') ? [{ text: 'One.' }, { wait: never }] : 'Yes.'
    const sessionId = await newSession(client)
    const events = followSession(client, sessionId)

    const { first, second, third, fourth } = await mutate(client, StartFourDocument, { sessionId })
    expect([first.status, second.status, third.status]).toEqual(['RUNNING', 'QUEUED', 'RUNNING'])
    expect(fourth.id).toBe(third.id)

    const ends = []
    while (ends.length < 3) ends.push((await readUntil(events, isEventOfType('StreamFinished'))).last)
    expect(ends.map(({ stream }) => [stream.id, stream.status])).toEqual([
      [first.id, 'CANCELLED'],
      [third.id, 'COMPLETED'],
      [second.id, 'COMPLETED'],
    ])
    expect(await loadSession(client, sessionId)).toMatchObject({ activeStream: null, headSeq: ends[2]?.seq })
    expect((await loadTranscript(client, sessionId)).filter((line) => line.startsWith('USER'))).toEqual([
      'USER first',
      'USER third',
      'USER fourth',
      'USER second',
    ])
    await events.return()
  })

  test('is reported while it is queued, when it starts and when it ends', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
    const { last } = await readUntil(streamChat(client, { text: 'First' }), isEventOfType('TextDelta'))
    const { sessionId } = last
    const events = streamChat(client, { sessionId, text: 'Second', ifBusy: 'QUEUE' })
    const { last: waiting } = await readUntil(events, isEventOfType('StreamStarted'))
    expect(waiting).toMatchObject({ stream: { status: 'QUEUED' }, userMessage: { text: 'Second' } })
    expect(await loadSession(client, sessionId)).toMatchObject({ activeStream: { id: last.streamId } })

    held.resolve()
    const { received, last: end } = await readUntil(events, isEventOfType('StreamFinished'))
    expect(received[0]).toMatchObject({
      type: 'StreamChanged',
      streamId: waiting.streamId,
      stream: { id: waiting.streamId, status: 'RUNNING' },
    })
    expect(end).toMatchObject({ streamId: waiting.streamId, stream: { status: 'COMPLETED' } })
  })

  test('is withdrawn by cancelStream before its turn, while the running answer continues', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: ' and half' }, { finish: 'stop' }])
    const { last } = await readUntil(streamChat(client, { text: 'First' }), isEventOfType('TextDelta'))
    const waiting = await startChat(client, { sessionId: last.sessionId, text: 'Second', ifBusy: 'QUEUE' })
    const cancelled = await cancelStream(client, waiting.id)
    expect(cancelled).toMatchObject({ outcome: 'CANCELLED', message: null, stream: { status: 'CANCELLED' } })
    expect(await cancelStream(client, waiting.id)).toEqual({ ...cancelled, outcome: 'ALREADY_CANCELLED' })

    held.resolve()
    const { last: end } = await readUntil(
      followStream(client, requireNonNull(last.streamId)),
      isEventOfType('StreamFinished'),
    )
    expect(end.message).toMatchObject({ text: 'Half and half', status: 'COMPLETE' })
    await streamToEnd(client, { sessionId: last.sessionId, text: 'Third' })
    const messages = JSON.stringify(requireNonNull(provider.requests.at(-1)).body.messages)
    expect(messages).toMatch(/First.*Half and half.*Third/)
    expect(messages).not.toContain('Second')
  })

  test('that is withdrawn keeps its place by time, behind those that still wait, and says that it was withdrawn', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
    const { last } = await readUntil(streamChat(client, { text: 'First' }), isEventOfType('TextDelta'))
    const { sessionId } = last
    const queued = []
    for (const text of ['one', 'two', 'three', 'four', 'five'])
      queued.push(await startChat(client, { sessionId, text, ifBusy: 'QUEUE' }))
    for (const index of [3, 1, 2]) await cancelStream(client, requireNonNull(queued[index]).id)
    expect(await loadTranscript(client, sessionId)).not.toContainEqual(expect.stringMatching(/two|three|four/))

    held.resolve()
    await readUntil(followStream(client, requireNonNull(queued[4]).id), isEventOfType('StreamFinished'))
    expect((await loadTranscript(client, sessionId)).filter((line) => line.startsWith('USER'))).toEqual([
      'USER First',
      'USER one',
      'USER two (WITHDRAWN)',
      'USER three (WITHDRAWN)',
      'USER four (WITHDRAWN)',
      'USER five',
    ])
  })
})
