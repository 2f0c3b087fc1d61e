import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ChatClient } from '../support/clients/chat-client.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../support/server/segue-with-provider.ts'
import { toParts, EventReader } from '../support/clients/reader.ts'

const never = new Promise<never>(() => undefined)

test('S1 cancelStream returns the saved message without waiting for the provider', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider, segue } = provided
  provider.enqueue([{ reasoning: 'Hm. ' }, { text: 'As far as this' }, { wait: never }])
  const { id } = await client.start({ text: 'Talk.' })
  const reader = provided.newReader(id)
  await reader.readUntil(({ text }) => text === 'As far as this')
  const { message, lastSeq, stream } = await provided.newClient().cancel(id)
  expect(stream).toMatchObject({ id, status: 'CANCELLED', lastSeq })
  expect(message && toParts(message)).toEqual(reader.parts)
  const all = await reader.readToEnd()
  expect(all.at(-1)).toMatchObject({ type: 'StreamFinished', seq: lastSeq, message })
  expect(await (await provider.waitForRequest(0)).closed).toBe('client')
  expect((await client.session(stream.session.id)).headSeq).toBe(lastSeq)
  expect(segue.warnings).toEqual([])
})

test('S2 one of many concurrent cancelStream calls has the outcome CANCELLED, and all other fields are the same', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue([{ text: 'Half' }, { wait: never }])
  const { id } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readUntil(({ text }) => text === 'Half')
  const clients = Array.from({ length: 10 }, () => provided.newClient())
  const results = [...(await Promise.all(clients.map((caller) => caller.cancel(id)))), await client.cancel(id)]
  const outcomes = results.map(({ outcome }) => outcome).sort()
  expect(outcomes).toEqual([...Array.from({ length: 10 }, () => 'ALREADY_CANCELLED'), 'CANCELLED'])
  const [first] = results
  for (const result of results) expect(result).toEqual({ ...first, outcome: result.outcome })
})

test('S2 cancelStream of a finished stream has the outcome ALREADY_FINISHED for every client', async () => {
  await using provided = await startSegueWithProvider()
  const { id } = await provided.client.start({ text: 'Talk.' })
  const { stream, message } = await provided.newReader(id).readUntilType('StreamFinished')
  const result = await provided.client.cancel(id)
  expect(result).toEqual({ outcome: 'ALREADY_FINISHED', lastSeq: stream.lastSeq, stream, message })
  expect(await provided.newClient().cancel(id)).toEqual(result)
})

test('S3 the session accepts a message when cancelStream returns', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  let { id, session } = { id: '', session: { id: await client.createSession() } }
  for (let round = 0; round < 5; round += 1) {
    provider.enqueue([{ text: 'Half' }, { wait: never }])
    ;({ id } = await client.start({ text: 'Talk.', sessionId: session.id, ifBusy: 'REJECT' }))
    if (round % 2 === 0) await provided.newReader(id).readUntil(({ text }) => text === 'Half')
    expect((await client.cancel(id)).outcome).toBe('CANCELLED')
  }
  const last = await client.start({ text: 'Talk.', sessionId: session.id, ifBusy: 'REJECT' })
  expect(last.status).toBe('RUNNING')
  await client.cancel(last.id)
})

/** A session with a running stream, which continues after `release`. */
async function startBusySession({ client, provider, newReader }: SegueWithProvider) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'First' }, { wait: released }, { text: ' answer.' }, { finish: 'stop' }])
  const { id, session } = await client.start({ text: 'One.' })
  const reader = newReader(id)
  await reader.readUntil(({ text }) => text === 'First')
  return { id, sessionId: session.id, reader, release }
}

test('B1 REJECT is refused with SESSION_BUSY, names the active stream, and changes nothing', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id, sessionId, reader, release } = await startBusySession(provided)
  const before = await client.session(sessionId)
  for (const ifBusy of [{}, { ifBusy: 'REJECT' } as const]) {
    const rejection = { code: 'SESSION_BUSY', extensions: { code: 'SESSION_BUSY', streamId: id } }
    const input = { text: 'Two.', sessionId, ...ifBusy }
    await expect(client.start(input)).rejects.toMatchObject(rejection)
    await expect(client.streamChat(input).next()).rejects.toMatchObject(rejection)
  }
  expect(await client.session(sessionId)).toEqual(before)
  release()
  await reader.readToEnd()
  expect(reader.text).toBe('First answer.')
})

test('B2 queued streams deliver StreamStarted with QUEUED, and StreamChanged when they start to run, in order', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { sessionId, release } = await startBusySession(provided)
  const readers = ['Two.', 'Three.'].map(
    (text) => new EventReader(client.streamChat({ text, sessionId, ifBusy: 'QUEUE' })),
  )
  for (const reader of readers) {
    const started = await reader.readUntilType('StreamStarted')
    expect(started.status).toBe('QUEUED')
  }
  release()
  const turns: number[] = []
  for (const reader of readers) {
    const [, changed] = await reader.readToEnd()
    expect(changed).toMatchObject({ type: 'StreamChanged', status: 'RUNNING' })
    expect(reader.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
    turns.push(changed?.seq ?? 0, reader.cursor)
  }
  expect(turns).toEqual(turns.toSorted((a, b) => a - b))
})

test('B2 a session queues at most 100 messages', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { sessionId } = await startBusySession(provided)
  const queue = (text: string) => client.start({ text, sessionId, ifBusy: 'QUEUE' })
  for (let count = 1; count <= 100; count += 1) expect((await queue(`${count}`)).status).toBe('QUEUED')
  await expect(queue('101')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  expect((await client.start({ text: 'Elsewhere.' })).status).toBe('RUNNING')
})

test('B3 INTERRUPT cancels the active stream and starts the new one right after it, before queued messages', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id, sessionId, reader } = await startBusySession(provided)
  const queued = await client.start({ text: 'Later.', sessionId, ifBusy: 'QUEUE' })
  const started = await client.start({ text: 'Now.', sessionId, ifBusy: 'INTERRUPT' })
  expect(started.status).toBe('RUNNING')
  const { stream, seq } = await reader.readUntilType('StreamFinished')
  expect(stream).toMatchObject({ id, status: 'CANCELLED' })
  const interruptingEvents = await provided.newReader(started.id).readToEnd()
  expect(interruptingEvents[0]).toMatchObject({ type: 'StreamStarted', seq: seq + 1 })
  const queuedReader = new EventReader(client.followStream(queued.id))
  const changed = await queuedReader.readUntilType('StreamChanged')
  expect(changed.seq).toBeGreaterThan(interruptingEvents.at(-1)?.seq ?? 0)
  await queuedReader.readToEnd()
  expect((await client.messages(sessionId)).map(({ text }) => text).filter((_, index) => index % 2 === 0)).toEqual([
    'One.',
    'Now.',
    'Later.',
  ])
})

/** A busy session with queued messages that have these texts. */
async function startQueue(provided: SegueWithProvider, ...texts: string[]) {
  const busy = await startBusySession(provided)
  const { sessionId } = busy
  const ids: string[] = []
  for (const text of texts) ids.push((await provided.client.start({ text, sessionId, ifBusy: 'QUEUE' })).id)
  return { ...busy, ids }
}

async function loadQueue(client: ChatClient, sessionId: string): Promise<string[]> {
  const { session } = await client.ask('query ($id: ID!) { session(id: $id) { queue { id } } }', { id: sessionId })
  return z
    .object({ queue: z.array(z.object({ id: z.string() })) })
    .parse(session)
    .queue.map(({ id }) => id)
}

/** What the user has said, in order. */
async function loadQuestions(client: ChatClient, sessionId: string): Promise<string[]> {
  return (await client.messages(sessionId)).filter(({ role }) => role === 'USER').map(({ text }) => text)
}

const moveQueuedMessage = `mutation ($streamId: ID!, $before: ID) {
  moveQueuedMessage(streamId: $streamId, before: $before) { id }
}`
const updateQueuedMessage = `mutation ($streamId: ID!, $text: String) {
  updateQueuedMessage(streamId: $streamId, text: $text) { id }
}`
const sendQueuedMessage = 'mutation ($streamId: ID!) { sendQueuedMessage(streamId: $streamId) { id } }'

test('B4 Session.queue has the streams that wait, in order, and each change is a QueueChanged with all of them', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { sessionId, ids, release } = await startQueue(provided, 'One.', 'Two.', 'Three.')
  const [one, two, three = ''] = ids
  expect(await loadQueue(client, sessionId)).toEqual(ids)
  await client.cancel(two ?? '')
  expect(await loadQueue(client, sessionId)).toEqual([one, three])
  release()
  await provided.newReader(three).readUntilType('StreamFinished')
  expect(await loadQueue(client, sessionId)).toEqual([])
  const changes = (await client.events(sessionId)).filter(({ type }) => type === 'QueueChanged')
  const told = [[one], [one, two], [one, two, three], [one, three], [three], []]
  expect(changes).toMatchObject(told.map((streamIds) => ({ streamId: null, streamIds })))
})

test('B5 moveQueuedMessage reorders the queue, also of clients that move at once, and the messages run in that order', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id: activeId, sessionId, ids, release } = await startQueue(provided, 'One.', 'Two.', 'Three.')
  const [one = '', two = '', three = ''] = ids
  await client.ask(moveQueuedMessage, { streamId: three, before: one })
  await client.ask(moveQueuedMessage, { streamId: one })
  expect(await loadQueue(client, sessionId)).toEqual([three, two, one])
  const stranger = await client.start({ text: 'Elsewhere.' })
  for (const [streamId, before, code] of [
    [activeId, one, 'STALE'],
    [one, activeId, 'STALE'],
    [one, stranger.id, 'BAD_USER_INPUT'],
    [one, 'str_unknown', 'NOT_FOUND'],
  ])
    await expect(client.ask(moveQueuedMessage, { streamId, before })).rejects.toMatchObject({ code })
  const moves = [
    [one, three],
    [two, three],
  ].map(([streamId, before]) => client.ask(moveQueuedMessage, { streamId, before }))
  await Promise.all(moves)
  const order = await loadQueue(client, sessionId)
  expect(order.at(-1)).toBe(three)
  const changes = (await client.events(sessionId)).filter(({ type }) => type === 'QueueChanged')
  expect(changes.at(-1)).toMatchObject({ streamIds: order })
  release()
  await provided.newReader(three).readUntilType('StreamFinished')
  const texts = new Map([
    [one, 'One.'],
    [two, 'Two.'],
    [three, 'Three.'],
  ])
  expect(await loadQuestions(client, sessionId)).toEqual(['One.', ...order.map((id) => texts.get(id))])
})

test('B6 updateQueuedMessage changes a message until its turn, and the last change counts', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { id: activeId, sessionId, ids, release } = await startQueue(provided, 'Two.')
  const [two = ''] = ids
  await client.ask(updateQueuedMessage, { streamId: two, text: 'Three.' })
  const reader = provided.newReader(two)
  await client.ask(updateQueuedMessage, { streamId: two, text: 'Four.' })
  const [started, ...changes] = await reader.readUntil(({ events }) => events.length === 3).then(() => reader.events)
  expect(started).toMatchObject({ type: 'StreamStarted', status: 'QUEUED' })
  expect(changes).toMatchObject([1, 2].map(() => ({ type: 'StreamChanged', status: 'QUEUED', streamId: two })))
  await expect(client.ask(updateQueuedMessage, { streamId: activeId, text: 'No.' })).rejects.toMatchObject({
    code: 'STALE',
  })
  release()
  await reader.readUntilType('StreamFinished')
  await expect(client.ask(updateQueuedMessage, { streamId: two, text: 'No.' })).rejects.toMatchObject({ code: 'STALE' })
  expect(await loadQuestions(client, sessionId)).toEqual(['One.', 'Four.'])
  expect(provider.requests.at(-1)?.body.messages.at(-1)?.content).toBe('Four.')
})

test('B7 sendQueuedMessage cancels the active stream and runs the message in its place, in one transaction', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id: activeId, sessionId, ids } = await startQueue(provided, 'Two.', 'Three.')
  const [two = '', three = ''] = ids
  const { headSeq } = await client.session(sessionId)
  // Both at once: one takes the place of the other, or of the first answer.
  const sent = await Promise.allSettled([three, three].map((streamId) => client.ask(sendQueuedMessage, { streamId })))
  expect(sent.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(sent.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'STALE' } })
  const log = (await client.events(sessionId, headSeq)).filter(
    ({ type }) => type !== 'PartFinished' && type !== 'SessionChanged',
  )
  const [finished, changed, queue] = log
  expect(finished).toMatchObject({ type: 'StreamFinished', streamId: activeId, status: 'CANCELLED' })
  expect(changed).toMatchObject({ type: 'StreamChanged', streamId: three, status: 'RUNNING' })
  expect(queue).toMatchObject({ type: 'QueueChanged', streamIds: [two] })
  await provided.newReader(two).readUntilType('StreamFinished')
  expect(await loadQuestions(client, sessionId)).toEqual(['One.', 'Three.', 'Two.'])
})

test('B8 a message that is taken back keeps its place by time, never reaches a model, and cannot be changed', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { sessionId, ids, release } = await startQueue(provided, 'Two.', 'Three.', 'Four.')
  const [two = '', three = '', four = ''] = ids
  await client.ask(moveQueuedMessage, { streamId: four, before: two })
  await client.cancel(three)
  await client.cancel(two)
  for (const [mutation, variables] of [
    [updateQueuedMessage, { streamId: two, text: 'No.' }],
    [moveQueuedMessage, { streamId: two }],
    [moveQueuedMessage, { streamId: four, before: two }],
    [sendQueuedMessage, { streamId: two }],
  ] as const)
    await expect(client.ask(mutation, variables)).rejects.toMatchObject({ code: 'STALE' })
  release()
  await provided.newReader(four).readUntilType('StreamFinished')
  expect(await loadQuestions(client, sessionId)).toEqual(['One.', 'Two.', 'Three.', 'Four.'])
  expect(JSON.stringify(provider.requests.map(({ body }) => body.messages))).not.toMatch(/Two|Three/)
})
