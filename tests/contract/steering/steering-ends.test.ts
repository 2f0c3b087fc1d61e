import { describe, expect, test } from 'vitest'
import { newTool } from '../../support/fixtures/tools.ts'
import { startSegueWithTools } from '../../support/server/segue-with-tools.ts'
import {
  AnswerApprovalDocument,
  ConversationsDocument,
  MessageDocument,
  SendQueuedMessageDocument,
  SteeringOfDocument,
} from '../generated/graphql.ts'
import {
  cancelStream,
  type ChatEvent,
  followStream,
  isEventOfType,
  loadSession,
  loadTranscript,
  never,
  startChat,
  streamChat,
  streamToEnd,
} from '../support/chat.ts'
import { type Client, connect, transports } from '../support/clients.ts'
import {
  isFinished,
  isSteered,
  listStates,
  listUsers,
  loadEventsAtRest,
  loadSteered,
  startHeldAnswer,
  steer,
} from '../support/steering.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { ask, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

const writeCommand = '/tool files__write {"text":"Hi"}'

/** The offline agent, which waits for an approval, with a message that is to join its answer. */
async function startWaiting(client: Client) {
  const { id: streamId, session } = await startChat(client, { text: writeCommand })
  const { last } = await readUntil(followStream(client, streamId), isEventOfType('ApprovalChanged'))
  expect(await steer(client, session.id, 'One')).toMatchObject({ id: streamId, status: 'WAITING' })
  return { streamId, sessionId: session.id, approvalId: last.approval.id }
}

describe.each(transports)('A message that joins an answer, over %s,', (transport) => {
  test('waits with an approval, and is applied once it is answered', async () => {
    const tool = newTool()
    await using segue = await startSegueWithTools([tool])
    await using client = connect(transport, segue.url)
    const { streamId, sessionId, approvalId } = await startWaiting(client)
    expect((await loadSteered(client, streamId)).map(({ steering }) => steering?.state)).toEqual(['PENDING'])
    await mutate(client, AnswerApprovalDocument, { id: approvalId, decision: 'ONCE' })
    const { received, last } = await readUntil(followStream(client, streamId), isFinished)
    expect(last.status).toBe('COMPLETED')
    expect(tool.runs.length).toBe(1)
    expect(listStates(received)).toEqual(['PENDING One', 'APPLIED One'])
    const [one] = await loadSteered(client, streamId)
    expect(one?.steering).toMatchObject({ state: 'APPLIED', step: 1, partIndex: 1 })
    // Behind the result of the tool that it follows.
    const isApplied = (event: ChatEvent) => isSteered(event) && event.steeringState === 'APPLIED'
    expect(received.findIndex(isApplied)).toBeGreaterThan(
      received.findLastIndex(({ type }) => type === 'ToolCallChanged'),
    )
    expect(await listUsers(client, sessionId)).toEqual([`USER ${writeCommand}`, 'USER One'])
  })

  test('is withdrawn by a stop while an approval waits', async () => {
    const tool = newTool()
    await using segue = await startSegueWithTools([tool])
    await using client = connect(transport, segue.url)
    const { streamId, sessionId } = await startWaiting(client)
    expect(await cancelStream(client, streamId)).toMatchObject({
      outcome: 'CANCELLED',
      withdrawn: [{ text: 'One' }],
    })
    expect(listStates(await loadEventsAtRest(client, sessionId))).toEqual(['PENDING One', 'WITHDRAWN One'])
    expect(await loadSession(client, sessionId)).toMatchObject({ activeStream: null })
    expect(tool.runs).toEqual([])
  })

  test('is queued by a crash before it was applied, in order, and answered once', async () => {
    await using segue = await startSegueWithTools([newTool()])
    await using client = connect(transport, segue.url)
    const { streamId, sessionId } = await startWaiting(client)
    const queued = await startChat(client, { sessionId, text: 'Queued', ifBusy: 'QUEUE' })
    await steer(client, sessionId, 'Two', 'k')
    const home = segue.copyHome()
    await using restarted = await startSegueWithTools([newTool()], { home })
    await using again = connect(transport, restarted.url)
    const events = await loadEventsAtRest(again, sessionId)
    expect(listStates(events)).toEqual(['PENDING One', 'PENDING Two', 'QUEUED One', 'QUEUED Two'])
    expect(await listUsers(again, sessionId)).toEqual([`USER ${writeCommand}`, 'USER One', 'USER Two', 'USER Queued'])
    const ends = events.filter(isFinished)
    expect(ends.map(({ status }) => status)).toEqual(['INTERRUPTED', 'COMPLETED', 'COMPLETED', 'COMPLETED'])
    expect(ends.at(-1)?.streamId).toBe(queued.id)
    for (const { id, steering } of await loadSteered(again, streamId)) {
      expect(steering).toMatchObject({ state: 'QUEUED', step: null, partIndex: null })
      const { message } = await ask(again, SteeringOfDocument, { id })
      expect(ends.map((end) => end.streamId)).toContain(message?.stream?.id)
      expect(message?.stream?.id).not.toBe(streamId)
    }
    // The call is repeated by a client that has not heard of the crash.
    await steer(again, sessionId, 'Two', 'k')
    expect(await listUsers(again, sessionId)).toHaveLength(4)
    const copy = restarted.copyHome()
    await using third = await startSegueWithTools([newTool()], { home: copy })
    await using reader = connect(transport, third.url)
    const [later, earlier] = await Promise.all([reader, again].map((each) => loadEventsAtRest(each, sessionId)))
    // Deltas are coalesced some time after the end.
    const listOthers = (all: readonly ChatEvent[] = []) =>
      all.filter(({ type }) => !type.endsWith('Delta')).map(({ seq, type }) => [seq, type])
    expect(listOthers(later)).toEqual(listOthers(earlier))
    expect(await loadTranscript(reader, sessionId)).toEqual(await loadTranscript(again, sessionId))
  })

  test('is queued before the others if the provider fails, and answered once', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId, release } = await startHeldAnswer(environment, { cut: true })
    await startChat(client, { sessionId, text: 'Queued', ifBusy: 'QUEUE' })
    await steer(client, sessionId, 'One')
    const followed = readUntil(streamChat(client, { sessionId, text: 'Two', ifBusy: 'STEER' }), isFinished)
    while ((await loadSteered(client, streamId)).length < 2);
    release()
    const { received } = await followed
    expect(listStates(received)).toEqual(['PENDING Two', 'QUEUED One', 'QUEUED Two'])
    const events = await loadEventsAtRest(client, sessionId)
    const ends = events.filter(isFinished)
    expect(ends.map(({ status }) => status)).toEqual(['FAILED', 'COMPLETED', 'COMPLETED', 'COMPLETED'])
    expect(await listUsers(client, sessionId)).toEqual(['USER Begin', 'USER One', 'USER Two', 'USER Queued'])
    const asked = provider.requests.map(({ body }) => body.messages.at(-1)?.content)
    expect(asked).toEqual(['Begin', 'One', 'Two', 'Queued'])
    expect(provider.rejections).toEqual([])
  })

  test('stays applied if the provider fails afterwards', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId, release } = await startHeldAnswer(environment, { finish: 'stop' })
    provider.enqueue([{ status: 400, body: { error: { message: 'No.' } } }])
    await steer(client, sessionId, 'One')
    release()
    const { received, last } = await readUntil(followStream(client, streamId), isFinished)
    expect(last.status).toBe('FAILED')
    expect(listStates(received)).toEqual(['PENDING One', 'APPLIED One'])
    expect(await loadSession(client, sessionId)).toMatchObject({ activeStream: null })
    expect(await listUsers(client, sessionId)).toEqual(['USER Begin', 'USER One'])
    // It is no part of the next message.
    await streamToEnd(client, { sessionId, text: 'Next' })
    expect(provider.requests.at(-1)?.body.messages.map(({ role, content }) => `${role} ${String(content)}`)).toEqual([
      'user Begin',
      'assistant Half',
      'user One',
      'assistant [No answer.]',
      'user Next',
    ])
  })

  test('is applied once with others that come at the same time, in the order of their events', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId, release } = await startHeldAnswer(environment, { finish: 'stop' })
    const other = environment.connect('webSocket')
    await Promise.all([
      ...['One', 'Two', 'Three'].map((text) => steer(client, sessionId, text)),
      // Two that repeat each other are one.
      steer(client, sessionId, 'Four', 'k'),
      steer(other, sessionId, 'Four', 'k'),
      steer(other, sessionId, 'Five'),
    ])
    release()
    const { received, last } = await readUntil(followStream(client, streamId), isFinished)
    expect(last.status).toBe('COMPLETED')
    const accepted = listStates(received).flatMap((state) => /^PENDING (.*)/.exec(state)?.[1] ?? [])
    expect(accepted.toSorted()).toEqual(['Five', 'Four', 'One', 'Three', 'Two'])
    expect(listStates(received).slice(5)).toEqual(accepted.map((text) => `APPLIED ${text}`))
    expect((await loadSteered(client, streamId)).map(({ text }) => text)).toEqual(accepted)
    expect(await listUsers(client, sessionId)).toEqual(['Begin', ...accepted].map((text) => `USER ${text}`))
    const sent = JSON.stringify(provider.requests.at(-1)?.body.messages)
    const places = accepted.map((text) => sent.indexOf(text))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    for (const text of accepted) expect(sent.split(text)).toHaveLength(2)
    expect(provider.requests.length).toBe(2)
    expect(provider.rejections).toEqual([])
  })

  test('is queued right behind a queued message that is sent now', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { streamId, sessionId } = await startHeldAnswer(environment, { wait: never })
    const queued = await startChat(client, { sessionId, text: 'Queued', ifBusy: 'QUEUE' })
    const now = await startChat(client, { sessionId, text: 'Now', ifBusy: 'QUEUE' })
    await steer(client, sessionId, 'One')
    await mutate(client, SendQueuedMessageDocument, { streamId: now.id })
    await readUntil(followStream(client, queued.id), isFinished)
    expect(await listUsers(client, sessionId)).toEqual(['USER Begin', 'USER Now', 'USER One', 'USER Queued'])
    expect((await cancelStream(client, streamId)).withdrawn).toEqual([])
  })

  test('takes its files along', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { streamId, sessionId, release } = await startHeldAnswer(environment, { finish: 'stop' })
    const url = `data:text/plain;base64,${Buffer.from('Birches and oaks').toString('base64')}`
    const files = [{ name: 'trees.txt', mediaType: 'text/plain', url }]
    await startChat(client, { sessionId, text: 'Look', files, ifBusy: 'STEER' })
    release()
    const { last } = await readUntil(followStream(client, streamId), isFinished)
    expect(last.status).toBe('COMPLETED')
    expect(JSON.stringify(provider.requests.at(-1)?.body.messages.at(-1))).toContain('Birches and oaks')
    expect(await listUsers(client, sessionId)).toEqual(['USER Begin', 'USER Look'])
    expect(provider.rejections).toEqual([])
  })

  test('marks what was said before it as read', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { streamId, sessionId, release } = await startHeldAnswer(environment, { finish: 'stop' })
    const load = async () =>
      requireNonNull((await ask(client, ConversationsDocument, { ids: [sessionId] })).conversations.edges[0]).node
    const before = (await load()).readAt
    await steer(client, sessionId, 'One')
    const { readAt } = await load()
    const id = requireNonNull((await loadSteered(client, streamId))[0]).id
    expect(readAt).toBe((await ask(client, MessageDocument, { id })).message?.createdAt)
    expect(requireNonNull(readAt) > requireNonNull(before)).toBe(true)
    release()
    await readUntil(followStream(client, streamId), isFinished)
    // The answer has ended since.
    expect(await load()).toMatchObject({ attention: 'UNREAD', readAt })
  })
})
