import { describe, expect, test } from 'vitest'
import {
  cancelStream,
  followStream,
  isEventOfType,
  loadSession,
  loadTranscript,
  never,
  startChat,
  streamChat,
  streamToEnd,
} from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import { RegenerateDocument, SteeringOfDocument, WithdrawMessageDocument } from '../generated/graphql.ts'
import { isFinished, listStates, loadEventsAtRest, loadSteered, startHeldAnswer, steer } from '../support/steering.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { ask, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'
import { toolCallSteps } from '../../support/providers/strict-provider.ts'

/** Starts an answer that holds after its first words, until `release` is called. */
async function startAnswer(environment: TestEnvironment, ...after: readonly string[]) {
  const held = await startHeldAnswer(environment, { text: ' done.' }, { finish: 'stop' })
  for (const script of after) environment.provider.enqueue(script)
  return held
}

describe.each(transports)('A message that is sent with STEER, over %s,', (transport) => {
  test('joins the running answer, which has one more step for it', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId, release } = await startAnswer(environment, 'And more.')
    expect(await steer(client, sessionId, 'In short', 'k')).toMatchObject({ id: streamId })
    const [pending] = await loadSteered(client, streamId)
    expect(pending).toMatchObject({ text: 'In short', steering: { state: 'PENDING', step: null } })
    expect(await loadTranscript(client, sessionId)).not.toContain('USER In short')
    release()
    const { received, last } = await readUntil(followStream(client, streamId), isFinished)
    expect(listStates(received)).toEqual(['PENDING In short', 'APPLIED In short'])
    expect(last).toMatchObject({ status: 'COMPLETED', message: { text: 'Half done.And more.' } })
    expect(last.message?.parts.map(({ step }) => step)).toEqual([0, 1])
    expect(await loadTranscript(client, sessionId)).toEqual([
      'USER Begin',
      'USER In short',
      'ASSISTANT Half done.And more.',
    ])
    const { message } = await ask(client, SteeringOfDocument, { id: requireNonNull(pending).id })
    expect(message).toMatchObject({
      key: 'k',
      stream: { id: streamId },
      steering: { state: 'APPLIED', stream: { id: streamId }, step: 1, partIndex: 1 },
    })
    const sent = provider.requests.at(-1)?.body.messages.map(({ role, content }) => `${role} ${String(content)}`)
    expect(sent).toEqual(['user Begin', 'assistant Half done.', 'user In short'])
    // The next turn is sent the same.
    await streamToEnd(client, { sessionId, text: 'Next' })
    const next = provider.requests.at(-1)?.body.messages.map(({ role, content }) => `${role} ${String(content)}`)
    expect(next).toEqual([...(sent ?? []), 'assistant And more.', 'user Next'])
    expect(provider.rejections).toEqual([])
  })

  test('stands behind the results of the tools of the step that it follows', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Let me see.' }, { wait: held.promise }, ...toolCallSteps({ name: 'look', input: {} })])
    provider.enqueue('Seen.')
    const { id, session } = await startChat(client, { text: 'Begin' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    await steer(client, session.id, 'One')
    await steer(client, session.id, 'Two')
    held.resolve()
    const { last } = await readUntil(followStream(client, id), isFinished)
    expect(last.message?.text).toBe('Let me see.Seen.')
    expect(provider.requests.at(-1)?.body.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      // Nothing is known of this provider: some require an answer between results and the user's next message.
      'assistant',
      'user',
    ])
    expect((await loadSteered(client, id)).map(({ text, steering }) => [text, steering?.step])).toEqual([
      ['One', 1],
      ['Two', 1],
    ])
    expect(provider.rejections).toEqual([])
  })

  test('is followed from its own event to the end of the answer, and happens once', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { streamId, sessionId, release } = await startAnswer(environment, 'And more.')
    const variables = { sessionId, text: 'In short', ifBusy: 'STEER', key: 'once' } as const
    const events = streamChat(client, variables)
    const first = await events.next()
    expect(first.value).toMatchObject({ type: 'MessageSteered', steeringState: 'PENDING', streamId })
    expect(await startChat(client, variables)).toMatchObject({ id: streamId })
    release()
    const { received } = await readUntil(events, isFinished)
    expect(listStates(received)).toEqual(['APPLIED In short'])
    const { received: again } = await readUntil(streamChat(client, variables), isFinished)
    expect(listStates(again)).toEqual(['PENDING In short', 'APPLIED In short'])
    expect(again[0]?.type).toBe('MessageSteered')
    expect((await loadSteered(client, streamId)).length).toBe(1)
  })

  test('begins an answer where nothing runs', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { end, events } = await streamToEnd(client, { text: 'Hello', ifBusy: 'STEER' })
    expect(events[0]?.type).toBe('StreamStarted')
    expect((await steer(client, end.sessionId, 'Again')).id).not.toBe(end.stream.id)
  })

  test('has its model and effort count where it begins an answer of its own, and only there', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const joining = { text: 'In short', ifBusy: 'STEER', model: 'offline/eliza', effort: 'low' } as const
    const { streamId, sessionId, release } = await startAnswer(environment, 'And more.')
    expect(await startChat(client, { sessionId, ...joining })).toMatchObject({ id: streamId })
    release()
    const { last } = await readUntil(followStream(client, streamId), isFinished)
    expect(last.message?.text).toBe('Half done.And more.')
    expect(last.stream).toMatchObject({ model: 'local/test', effort: null })

    const failing = await startHeldAnswer(environment, { cut: true })
    const { id } = await startChat(client, { sessionId: failing.sessionId, ...joining })
    expect(id).toBe(failing.streamId)
    failing.release()
    const ends = (await loadEventsAtRest(client, failing.sessionId)).filter(isFinished)
    expect(ends.map(({ stream: { status, model, effort } }) => [status, model, effort])).toEqual([
      ['FAILED', 'local/test', null],
      ['COMPLETED', 'offline/eliza', 'low'],
    ])
  })

  test('is withdrawn when a person stops the answer, and given back', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId } = await startAnswer(environment)
    await steer(client, sessionId, 'In short')
    const cancelled = await cancelStream(client, streamId)
    expect(cancelled).toMatchObject({ outcome: 'CANCELLED', withdrawn: [{ text: 'In short' }] })
    expect(await cancelStream(client, streamId)).toEqual({ ...cancelled, outcome: 'ALREADY_CANCELLED' })
    expect(await loadTranscript(client, sessionId)).toEqual([
      'USER Begin',
      'ASSISTANT Half (PARTIAL)',
      'USER In short (WITHDRAWN)',
    ])
    await streamToEnd(client, { sessionId, text: 'Next' })
    expect(JSON.stringify(provider.requests.at(-1)?.body)).not.toContain('In short')
  })

  test('can be taken back while it is pending, once', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { streamId, sessionId, release } = await startAnswer(environment)
    await steer(client, sessionId, 'In short')
    const messageId = requireNonNull((await loadSteered(client, streamId))[0]).id
    const { withdrawMessage } = await mutate(client, WithdrawMessageDocument, { messageId, key: 'w' })
    expect(withdrawMessage).toMatchObject({ status: 'WITHDRAWN', steering: { state: 'WITHDRAWN' } })
    expect((await mutate(client, WithdrawMessageDocument, { messageId, key: 'w' })).withdrawMessage).toEqual(
      withdrawMessage,
    )
    await expect(mutate(client, WithdrawMessageDocument, { messageId })).rejects.toThrow(/does not wait/)
    release()
    const { last } = await readUntil(followStream(client, streamId), isFinished)
    expect(last.message?.text).toBe('Half done.')
    expect((await cancelStream(client, streamId)).withdrawn).toEqual([])
  })

  test('is queued before the others if the answer fails, and behind a message that interrupts it', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId } = await startAnswer(environment)
    const queued = await startChat(client, { sessionId, text: 'Queued', ifBusy: 'QUEUE' })
    await steer(client, sessionId, 'One')
    await steer(client, sessionId, 'Two')
    provider.defaultAnswer = () => 'Yes.'
    const started = await startChat(client, { sessionId, text: 'Now', ifBusy: 'INTERRUPT' })
    const { received } = await readUntil(followStream(client, streamId), isFinished)
    expect(listStates(received).slice(-2)).toEqual(['QUEUED One', 'QUEUED Two'])
    await readUntil(followStream(client, started.id), isFinished)
    await readUntil(followStream(client, queued.id), isFinished)
    expect((await loadTranscript(client, sessionId)).filter((line) => line.startsWith('USER'))).toEqual([
      'USER Begin',
      'USER Now',
      'USER One',
      'USER Two',
      'USER Queued',
    ])
    const [one] = await loadSteered(client, streamId)
    const { message } = await ask(client, SteeringOfDocument, { id: requireNonNull(one).id })
    expect(message).toMatchObject({ status: 'COMPLETE', steering: { state: 'QUEUED', stream: { id: streamId } } })
    expect(message?.stream?.id).not.toBe(streamId)
    expect(await loadSession(client, sessionId)).toMatchObject({ activeStream: null })
  })

  test('is tried again with its turn, in one message', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId, release } = await startAnswer(environment, 'And more.')
    await steer(client, sessionId, 'In short')
    release()
    const { last } = await readUntil(followStream(client, streamId), isFinished)
    const messageId = requireNonNull((await loadSteered(client, streamId))[0]).id
    for (const id of [messageId, requireNonNull(last.message).id]) {
      const { regenerate } = await mutate(client, RegenerateDocument, { messageId: id })
      const { last: end } = await readUntil(followStream(client, regenerate.id), isFinished)
      expect(end.status).toBe('COMPLETED')
      expect(JSON.stringify(provider.requests.at(-1)?.body.messages)).toContain('Begin\\n\\nIn short')
    }
    expect(await loadTranscript(client, sessionId)).toHaveLength(3)
  })

  test('waits while the answer waits for a person, or never reaches a model', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue([{ text: 'Half' }, { wait: never }])
    const { id, session } = await startChat(client, { text: 'Begin' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))
    await steer(client, session.id, 'In short')
    expect((await loadSteered(client, id))[0]?.steering?.state).toBe('PENDING')
    await cancelStream(client, id)
    expect(provider.requests.length).toBe(1)
  })
})
