import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { expect, onTestFinished, test } from 'vitest'
import { type ApiEvent, ChatClient } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { type ProviderStep, StrictProvider } from '../support/providers/strict-provider.ts'
import { newTempFolder, startTestSegueWithFlags } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { type SegueWithProvider, startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { startSegueWithTools } from '../support/server/segue-with-tools.ts'

const never = new Promise<never>(() => undefined)

/** A session with a running stream, whose first request does `rest` after `release`. */
async function startBusySession({ client, provider, newReader }: SegueWithProvider, ...rest: readonly ProviderStep[]) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'First' }, { wait: released }, ...rest])
  const { id, session } = await client.start({ text: 'Begin.' })
  const reader = newReader(id)
  await reader.readUntil(({ text }) => text === 'First')
  return { id, sessionId: session.id, reader, release }
}

const steer = (client: ChatClient, sessionId: string, text: string) =>
  client.start({ text, sessionId, ifBusy: 'STEER' })

const listStates = (events: readonly ApiEvent[]) =>
  events.flatMap((event) => (event.type === 'MessageSteered' ? event.steeringState : []))

const listIds = (events: readonly ApiEvent[], state: string) =>
  events.flatMap((event) =>
    event.type === 'MessageSteered' && event.steeringState === state ? event.userMessage.id : [],
  )

/** What the user has said, in order. */
async function loadQuestions(client: ChatClient, sessionId: string): Promise<string[]> {
  return (await client.messages(sessionId)).filter(({ role }) => role === 'USER').map(({ text }) => text)
}

/** The ids of the stream that runs and of those that wait for it. */
async function listUnfinished(client: ChatClient, id: string): Promise<string[]> {
  const query = 'query ($id: ID!) { session(id: $id) { activeStream { id } queue { id } } }'
  const { session } = z
    .object({ session: z.object({ activeStream: withId.nullable(), queue: z.array(withId) }) })
    .parse(await client.ask(query, { id }))
  return [session.activeStream, ...session.queue].flatMap((stream) => (stream ? [stream.id] : []))
}

/** Resolves when the session answers nothing more. */
async function waitForRest(client: ChatClient, sessionId: string): Promise<void> {
  for (;;) {
    const [stream] = await listUnfinished(client, sessionId)
    if (!stream) return
    await new EventReader(client.followStream(stream)).readToEnd()
  }
}

const withId = z.object({ id: z.string() })

const stop = 'mutation ($id: ID!) { stopped: cancelStream(streamId: $id) { outcome withdrawn { text } } }'
const withdraw = 'mutation ($id: ID!) { withdrawMessage(messageId: $id) { text status steering { state } } }'

test('B9 STEER joins the running stream, and each message is applied once, in order, before the answer', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { id, sessionId, reader, release } = await startBusySession(provided, { finish: 'stop' })
  provider.enqueue(' answer.')
  const joined = await Promise.all(['One.', 'Two.', 'Three.'].map((text) => steer(client, sessionId, text)))
  expect(joined.map((stream) => stream.id)).toEqual([id, id, id])
  release()
  const { stream } = await reader.readUntilType('StreamFinished')
  expect(stream.status).toBe('COMPLETED')
  const pending = listIds(reader.events, 'PENDING')
  expect(new Set(pending).size).toBe(3)
  expect(listIds(reader.events, 'APPLIED')).toEqual(pending)
  const steps = reader.events.filter(({ type }) => type === 'StepFinished')
  expect(steps.length).toBe(2)
  const messages = await client.messages(sessionId)
  expect(messages.slice(1, -1).map((message) => message.id)).toEqual(pending)
  expect(messages.at(-1)).toMatchObject({ role: 'ASSISTANT', text: 'First answer.' })
  const sent = JSON.stringify(provider.requests.at(-1)?.body.messages)
  const places = messages.slice(1, -1).map(({ text }) => sent.indexOf(text))
  expect(places.includes(-1)).toBe(false)
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(provider.requests.length).toBe(2)
})

test('B10 streamChat with STEER reads from its MessageSteered to the end of the stream that it joined', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id, sessionId, reader, release } = await startBusySession(provided, { finish: 'stop' })
  // Its deltas go on in the middle of the answer.
  const joined: ApiEvent[] = []
  for await (const event of client.streamChat({ text: 'One.', sessionId, ifBusy: 'STEER' })) {
    joined.push(event)
    release()
  }
  await reader.readToEnd()
  expect(joined[0]).toMatchObject({ type: 'MessageSteered', streamId: id, steeringState: 'PENDING' })
  expect(joined.at(-1)).toMatchObject({ type: 'StreamFinished', streamId: id, seq: reader.cursor })
  const begun = new EventReader(client.streamChat({ text: 'Two.', sessionId, ifBusy: 'STEER' }))
  await begun.readToEnd()
  expect(begun.events[0]).toMatchObject({ type: 'StreamStarted', status: 'RUNNING' })
})

test.for(['a failure', 'a message in its place'] as const)(
  'B11 what is pending is queued by %s, in order, before the queue, and is answered once',
  async (end) => {
    await using provided = await startSegueWithProvider()
    const { client, provider } = provided
    const { id, sessionId, reader, release } = await startBusySession(provided, { cut: true })
    await client.start({ text: 'Queued.', sessionId, ifBusy: 'QUEUE' })
    await steer(client, sessionId, 'One.')
    await steer(client, sessionId, 'Two.')
    const inPlace = end === 'a failure' ? [] : ['Now.']
    for (const text of inPlace) await client.start({ text, sessionId, ifBusy: 'INTERRUPT' })
    release()
    const { stream } = await reader.readUntilType('StreamFinished')
    expect(stream.status).toBe(end === 'a failure' ? 'FAILED' : 'CANCELLED')
    expect(listStates(reader.events)).toEqual(['PENDING', 'PENDING', 'QUEUED', 'QUEUED'])
    await waitForRest(client, sessionId)
    const expected = ['Begin.', ...inPlace, 'One.', 'Two.', 'Queued.']
    expect(await loadQuestions(client, sessionId)).toEqual(expected)
    expect(provider.requests.map(({ body }) => body.messages.at(-1)?.content)).toEqual(expected)
    const query = 'query ($id: ID!) { message(id: $id) { stream { id status } } }'
    for (const messageId of listIds(reader.events, 'QUEUED')) {
      const { message } = await client.ask(query, { id: messageId })
      expect(message).toMatchObject({ stream: { status: 'COMPLETED' } })
      expect(message).not.toMatchObject({ stream: { id } })
    }
  },
)

test('B11 what is pending is queued by a crash, in order, before the queue, and is answered once', async () => {
  await using segue = await startSegueWithTools([])
  await using client = new ChatClient(segue.url)
  const { id, session } = await client.start({ text: '/ask Where to?' })
  await new EventReader(client.followStream(id)).readUntilType('ClarificationChanged')
  await client.start({ text: 'Queued.', sessionId: session.id, ifBusy: 'QUEUE' })
  for (const text of ['One.', 'Two.']) await steer(client, session.id, text)
  await using restarted = await startSegueWithTools([], { home: segue.copyHome() })
  await using again = new ChatClient(restarted.url)
  await waitForRest(again, session.id)
  expect(await loadQuestions(again, session.id)).toEqual(['/ask Where to?', 'One.', 'Two.', 'Queued.'])
  expect(listStates(await again.events(session.id))).toEqual(['PENDING', 'PENDING', 'QUEUED', 'QUEUED'])
  const messages = await again.messages(session.id)
  expect(messages.filter(({ role }) => role === 'ASSISTANT')).toHaveLength(4)
})

test('B11 a message whose call was cut off by kill -9 and is repeated happens once, and one that was accepted is never lost', async () => {
  const home = newTempFolder()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const argv = ['--port', '0', '--home', home, '--no-hermes', '--model', 'offline/eliza', '--offline-delay', '0']
  const texts = ['One.', 'Two.', 'Three.', 'Four.', 'Five.', 'Six.']
  await using server = await startServerProcess({ argv })
  await using client = new ChatClient(server.url)
  const { id, session } = await client.start({ text: '/ask Where to?' })
  await new EventReader(client.followStream(id)).readUntilType('ClarificationChanged')
  const send = (to: ChatClient, text: string) => to.start({ text, sessionId: session.id, ifBusy: 'STEER', key: text })
  const accepted: string[] = []
  const sending = texts.map(async (text) => {
    await send(client, text)
    accepted.push(text)
    if (accepted.length === 2) await server.stop('SIGKILL')
  })
  await Promise.allSettled(sending)
  expect(accepted.length).toBeGreaterThanOrEqual(2)
  await using restarted = await startServerProcess({ argv })
  await using again = new ChatClient(restarted.url)
  await waitForRest(again, session.id)
  const answered = await loadQuestions(again, session.id)
  expect(answered).toEqual(expect.arrayContaining(accepted))
  for (const text of texts) await send(again, text)
  await waitForRest(again, session.id)
  const [first, ...others] = await loadQuestions(again, session.id)
  expect(first).toBe('/ask Where to?')
  expect(others.toSorted()).toEqual(texts.toSorted())
  const events = await again.events(session.id)
  const pending = listIds(events, 'PENDING')
  const ended = [...listIds(events, 'APPLIED'), ...listIds(events, 'QUEUED')]
  expect(ended.toSorted()).toEqual(pending.toSorted())
})

test.for(['between their acceptance and the next request', 'right after they were applied'] as const)(
  'B11 a server that is killed %s has each message in its session once, and answers what no request had',
  { timeout: 60_000 },
  async (moment) => {
    await using provider = await StrictProvider.start()
    const home = newTempFolder()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const providers = { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ providers, model: 'strict/test', titles: false }))
    const argv = ['--port', '0', '--home', home, '--no-hermes']
    const isApplied = moment === 'right after they were applied'
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'First' }, { wait: isApplied ? held.promise : never }, { finish: 'stop' }])
    if (isApplied) provider.enqueue([{ open: true }, { wait: never }])
    await using first = await startServerProcess({ argv })
    await using before = new ChatClient(first.url)
    const { id, session } = await before.start({ text: 'Begin.' })
    await new EventReader(before.followStream(id)).readUntil(({ text }) => text === 'First')
    for (const text of ['One.', 'Two.']) await steer(before, session.id, text)
    held.resolve()
    if (isApplied) await provider.waitForRequest(1)
    await first.stop('SIGKILL')

    await using server = await startTestSegueWithFlags({ argv })
    await using client = new ChatClient(server.url)
    await waitForRest(client, session.id)
    expect(await client.stream(id)).toMatchObject({ status: 'INTERRUPTED' })
    expect(await loadQuestions(client, session.id)).toEqual(['Begin.', 'One.', 'Two.'])
    const ends = isApplied ? ['APPLIED', 'APPLIED'] : ['QUEUED', 'QUEUED']
    expect(listStates(await client.events(session.id))).toEqual(['PENDING', 'PENDING', ...ends])
    await client.start({ text: 'Next.', sessionId: session.id })
    await waitForRest(client, session.id)
    const { messages } = (await provider.waitForRequest(provider.requests.length - 1)).body
    const words = messages.map(({ role, content }) => `${role} ${String(content)}`)
    const answers = words.filter((line) => line.startsWith('assistant Hello')).length
    expect(answers).toBe(isApplied ? 0 : 2)
    expect(words.filter((line) => !line.startsWith('assistant Hello'))).toEqual(
      isApplied
        ? ['user Begin.', 'assistant First', 'user One.\n\nTwo.', 'assistant [No answer.]', 'user Next.']
        : ['user Begin.', 'assistant First', 'user One.', 'user Two.', 'user Next.'],
    )
    expect(provider.rejections).toEqual([])
  },
)

test('B12 a stop withdraws what is pending and gives it back, withdrawMessage one message, and no model has either', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { id, sessionId, reader } = await startBusySession(provided, { wait: never })
  for (const text of ['One.', 'Two.', 'Three.']) await steer(client, sessionId, text)
  await reader.readUntil(({ events }) => listIds(events, 'PENDING').length === 3)
  const [, two = ''] = listIds(reader.events, 'PENDING')
  expect((await client.ask(withdraw, { id: two }))['withdrawMessage']).toEqual({
    text: 'Two.',
    status: 'WITHDRAWN',
    steering: { state: 'WITHDRAWN' },
  })
  await expect(client.ask(withdraw, { id: two })).rejects.toMatchObject({ code: 'STALE' })
  const withdrawn = [{ text: 'One.' }, { text: 'Three.' }]
  expect((await client.ask(stop, { id }))['stopped']).toEqual({ outcome: 'CANCELLED', withdrawn })
  expect((await client.ask(stop, { id }))['stopped']).toEqual({ outcome: 'ALREADY_CANCELLED', withdrawn })
  await reader.readToEnd()
  expect(listStates(reader.events).slice(3)).toEqual(['WITHDRAWN', 'WITHDRAWN', 'WITHDRAWN'])
  await client.start({ text: 'Next.', sessionId })
  await waitForRest(client, sessionId)
  expect(JSON.stringify(provider.requests.at(-1)?.body.messages)).not.toMatch(/One|Two|Three/)
})
