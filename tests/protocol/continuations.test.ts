import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ChatClient } from '../support/clients/chat-client.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { EventReader } from '../support/clients/reader.ts'
import { newTempFolder, startTestSegueWithFlags } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'

const never = new Promise<never>(() => undefined)
const createdSchema = z.object({ id: z.string() })

/** Compacts a session. Returns the id of the session that continues it. */
async function compact(client: ChatClient, id: string, key: string | null = null): Promise<string> {
  const query = 'mutation ($id: ID!, $key: String) { created: compactSession(id: $id, key: $key) { id } }'
  return createdSchema.parse((await client.ask(query, { id, key }))['created']).id
}

async function fork(client: ChatClient, messageId: string): Promise<string> {
  const query = 'mutation ($messageId: ID!) { created: forkSession(messageId: $messageId) { id } }'
  return createdSchema.parse((await client.ask(query, { messageId }))['created']).id
}

async function loadRetryLineage(client: ChatClient, id: string): Promise<unknown> {
  const query = `query ($id: ID!) { session(id: $id) {
    parent { id } lineageRoot { id } segmentCount forkedFrom { id } retryOf { id } conversation { root { id } tip { id } } } }`
  return (await client.ask(query, { id }))['session']
}

/** The ids of the alternatives of each message of a session. */
async function loadAlternatives(client: ChatClient, id: string): Promise<string[][]> {
  const query = 'query ($id: ID!) { session(id: $id) { messages { edges { node { alternatives { id } } } } } }'
  const form = z.object({
    session: z.object({
      messages: z.object({
        edges: z.array(z.object({ node: z.object({ alternatives: z.array(z.object({ id: z.string() })) }) })),
      }),
    }),
  })
  const { session } = form.parse(await client.ask(query, { id }))
  return session.messages.edges.map(({ node }) => node.alternatives.map((each) => each.id))
}

async function regenerate(
  client: ChatClient,
  messageId: string,
  text: string,
): Promise<{ id: string; sessionId: string }> {
  const query = `mutation ($messageId: ID!, $text: String) {
    created: regenerate(messageId: $messageId, text: $text) { id session { id } } }`
  const { id, session } = createdSchema
    .extend({ session: createdSchema })
    .parse((await client.ask(query, { messageId, text }))['created'])
  return { id, sessionId: session.id }
}

/** When and why a session ended, and which session it continues. */
async function loadLineage(client: ChatClient, id: string): Promise<unknown> {
  const query = 'query ($id: ID!) { session(id: $id) { endedAt endReason parent { id } segmentCount modelContext } }'
  return (await client.ask(query, { id }))['session']
}

/** Everything about a session except its deltas, which may be coalesced at any time. */
const loadEverything = async (client: ChatClient, id: string) =>
  [
    await client.session(id),
    (await client.events(id)).filter(({ type }) => !type.endsWith('Delta')),
    await loadLineage(client, id),
  ] as const

/** The same without what attempts to compact the session leave: events that tell of them. */
const loadWithoutAttempts = async (client: ChatClient, id: string) => {
  const [session, events, lineage] = await loadEverything(client, id)
  return { ...withoutHeadSeq(session), events: events.filter(({ type }) => type !== 'SessionChanged'), lineage }
}

const withoutHeadSeq = <Session extends { readonly headSeq: number }>({ headSeq: _headSeq, ...session }: Session) =>
  session

test('K1 SessionContinued is the last event of a compacted session, for every client and cursor', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id, session } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readToEnd()
  const live = new EventReader(client.followSession(session.id))
  const next = await compact(client, session.id)
  const continued = await live.readUntilType('SessionContinued')
  expect(continued).toMatchObject({ sessionId: session.id, streamId: null, from: { id: session.id }, to: { id: next } })
  const { headSeq } = await client.session(session.id)
  expect(continued.seq).toBe(headSeq)
  for (const after of [0, headSeq - 1]) {
    const later = new EventReader(provided.newClient().followSession(session.id, after))
    expect(await later.readUntilType('SessionContinued')).toEqual(continued)
    await later.unsubscribe()
  }
  expect((await client.events(session.id)).at(-1)).toEqual(continued)
  // Neither a refused message nor a message in the continuation adds an event.
  await expect(client.start({ text: 'Still there?', sessionId: session.id })).rejects.toMatchObject({ code: 'STALE' })
  const answer = await client.start({ text: 'Continue.', sessionId: next })
  await provided.newReader(answer.id).readToEnd()
  await compact(client, next)
  expect((await client.session(session.id)).headSeq).toBe(headSeq)
  await live.unsubscribe()
})

test('K1 a chat in a continued session is STALE and names the tip, with every ifBusy', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id, session } = await client.start({ text: 'Talk.', key: 'first' })
  const { stream } = await provided.newReader(id).readUntilType('StreamFinished')
  const second = await compact(client, session.id)
  const more = await client.start({ text: 'More.', sessionId: second })
  await provided.newReader(more.id).readUntilType('StreamFinished')
  const third = await compact(client, second)
  for (const sessionId of [session.id, second]) {
    for (const ifBusy of ['REJECT', 'QUEUE', 'INTERRUPT'] as const) {
      const input = { text: 'Still there?', sessionId, ifBusy }
      const stale = { code: 'STALE', extensions: { code: 'STALE', tipId: third } }
      await expect(client.start(input)).rejects.toMatchObject(stale)
      await expect(client.streamChat(input).next()).rejects.toMatchObject(stale)
    }
  }
  // A key of the old session still joins its stream.
  expect(await client.start({ text: 'Talk.', key: 'first' })).toEqual(stream)
})

/** A session that is being compacted. Its summary ends, or fails, after `release`. */
async function startCompaction(outcomeOfSummary: 'complete' | 'failed' = 'complete') {
  const provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { id, session } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readToEnd()
  const before = await client.session(session.id)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const end = outcomeOfSummary === 'complete' ? [{ finish: 'stop' } as const] : [{ cut: true } as const]
  provider.enqueue([{ text: 'In short.' }, { wait: released }, ...end])
  const outcome = compact(provided.newClient(), session.id)
  outcome.catch(() => undefined)
  const request = await provider.waitForRequest(1)
  return { provided, client, sessionId: session.id, before, release, outcome, request }
}

test('K2 during a compaction REJECT is refused, and INTERRUPT cancels the compaction', async () => {
  const { provided, client, sessionId, before, outcome, request } = await startCompaction()
  await using _ = provided
  await expect(client.start({ text: 'Hi', sessionId })).rejects.toMatchObject({
    code: 'SESSION_BUSY',
    extensions: { code: 'SESSION_BUSY' },
  })
  await expect(compact(client, sessionId)).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  expect(withoutHeadSeq(await client.session(sessionId))).toEqual(withoutHeadSeq(before))
  const { id, status } = await client.start({ text: 'Hi', sessionId, ifBusy: 'INTERRUPT' })
  expect(status).toBe('RUNNING')
  await expect(outcome).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  expect(await request.closed).toBe('client')
  await provided.newReader(id).readToEnd()
  expect(await loadLineage(client, sessionId)).toMatchObject({ endedAt: null, endReason: null })
  expect(provided.segue.warnings).toEqual([])
})

test('K2 QUEUE waits for the end of the compaction, and is then STALE with the id of the continuation', async () => {
  const { provided, client, sessionId, release, outcome } = await startCompaction()
  await using _ = provided
  const waiting = client.start({ text: 'Hi', sessionId, ifBusy: 'QUEUE' })
  waiting.catch(() => undefined)
  // The queued start was sent before this one, so it is waiting now.
  await expect(client.start({ text: 'Hi', sessionId })).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  release()
  await expect(waiting).rejects.toMatchObject({ code: 'STALE', extensions: { tipId: await outcome } })
})

test('K2 a compaction that fails leaves the session unchanged, and a waiting message starts', async () => {
  const { provided, client, sessionId, before, release, outcome } = await startCompaction('failed')
  await using _ = provided
  const waiting = client.start({ text: 'Hi', sessionId, ifBusy: 'QUEUE' })
  await expect(client.start({ text: 'Hi', sessionId })).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  release()
  await expect(outcome).rejects.toMatchObject({ code: 'PROVIDER' })
  const { id } = await waiting
  const { stream } = await provided.newReader(id).readUntilType('StreamFinished')
  expect(stream.status).toBe('COMPLETED')
  const { messages, ...now } = await client.session(sessionId)
  expect(now.messageCount).toBe(before.messageCount + 2)
  expect(messages.edges.slice(0, 2)).toEqual(before.messages.edges)
})

test('K2 a compaction that a crash interrupts leaves the session unchanged', { timeout: 60_000 }, async () => {
  await using provider = await StrictProvider.start()
  const home = newTempFolder()
  const providers = { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ providers, model: 'strict/test', titles: false }))
  const argv = ['--port', '0', '--home', home, '--no-hermes']

  const first = await startServerProcess({ argv })
  const before = new ChatClient(first.url)
  const { id, session } = await before.start({ text: 'Talk.' })
  await new EventReader(before.followStream(id)).readToEnd()
  const state = await loadWithoutAttempts(before, session.id)
  provider.enqueue([{ text: 'In sh' }, { wait: never }])
  compact(before, session.id, 'k').catch(() => undefined)
  await provider.waitForRequest(1)
  await first.stop('SIGKILL')
  await before[Symbol.asyncDispose]()

  await using server = await startTestSegueWithFlags({ argv })
  await using client = new ChatClient(server.url)
  expect(await loadWithoutAttempts(client, session.id)).toEqual(state)
  // The key of the interrupted compaction can be used again.
  const next = await compact(client, session.id, 'k')
  expect(await compact(client, session.id, 'k')).toBe(next)
  expect(await loadLineage(client, next)).toMatchObject({ parent: { id: session.id }, segmentCount: 2 })
})

test('K2 SessionChanged tells when a compaction begins and when it ends, and compacting is true between', async () => {
  const { provided, client, sessionId, before, release, outcome } = await startCompaction('failed')
  await using _ = provided
  const loadCompacting = async () =>
    (await client.ask('query ($id: ID!) { session(id: $id) { compacting } }', { id: sessionId }))['session']
  const follower = new EventReader(client.followSession(sessionId, before.headSeq))
  await follower.readUntilType('SessionChanged')
  expect(await loadCompacting()).toEqual({ compacting: true })
  release()
  await expect(outcome).rejects.toMatchObject({ code: 'PROVIDER' })
  await follower.readUntilType('SessionChanged')
  expect(await loadCompacting()).toEqual({ compacting: false })
  await follower.unsubscribe()

  // With a success it ends right before the last event.
  const next = await compact(client, sessionId)
  const events = (await client.events(sessionId)).slice(-3)
  expect(events.map(({ type }) => type)).toEqual(['SessionChanged', 'SessionChanged', 'SessionContinued'])
  expect(events.at(-1)).toMatchObject({ to: { id: next } })
})

test('K2 compactSession is refused while a stream runs or waits', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue([{ text: 'Talk' }, { wait: never }])
  const running = await client.start({ text: 'Talk.' })
  // The next request is that of the other message.
  await provider.waitForRequest(0)
  const sessionId = running.session.id
  const queued = await client.start({ text: 'More.', sessionId, ifBusy: 'QUEUE' })
  const busy = (streamId: string) => ({ code: 'SESSION_BUSY', extensions: { code: 'SESSION_BUSY', streamId } })
  await expect(compact(client, sessionId)).rejects.toMatchObject(busy(running.id))
  await client.cancel(running.id)
  await provided.newReader(queued.id).readToEnd()
  expect(await compact(client, sessionId)).toMatch(/^ses_/)
})

test('K4 an automatic summary does not make the session busy, which is continued when nothing runs or waits', async () => {
  const settings = { autoCompactThreshold: 0.3 }
  await using provided = await startSegueWithProvider({ settings, contextWindow: 1000 })
  const { client, provider } = provided
  const summary = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const isSummary = (messages: unknown) => JSON.stringify(messages).includes('Above is a chat between')
  provider.defaultAnswer = ({ body }) =>
    isSummary(body.messages) ? [{ text: 'In short.' }, { wait: summary.promise }, { finish: 'stop' }] : 'Fine.'
  provider.enqueue('leaf '.repeat(260))
  const first = await client.start({ text: 'Talk.' })
  const sessionId = first.session.id
  await provided.newReader(first.id).readToEnd()
  await provider.waitForRequest(1)

  provider.enqueue([{ text: 'Fine' }, { wait: answer.promise }, { finish: 'stop' }])
  const second = await client.start({ text: 'More.', sessionId, ifBusy: 'REJECT' })
  expect(second.status).toBe('RUNNING')
  const third = await client.start({ text: 'And more.', sessionId, ifBusy: 'QUEUE' })
  summary.resolve()
  expect(await loadLineage(client, sessionId)).toMatchObject({ endedAt: null })
  answer.resolve()
  const follower = new EventReader(client.followSession(sessionId))
  const { to } = await follower.readUntilType('SessionContinued')
  await follower.unsubscribe()
  const events = await client.events(sessionId)
  const ends = events.filter(({ type }) => type === 'StreamFinished')
  expect(ends.map((event) => event.streamId)).toEqual([first.id, second.id, third.id])
  expect(events.slice(-2).map(({ type }) => type)).toEqual(['StreamFinished', 'SessionContinued'])
  expect(provider.requests.filter(({ body }) => isSummary(body.messages))).toHaveLength(1)
  const stale = { code: 'STALE', extensions: { tipId: to?.id } }
  await expect(client.start({ text: 'Late.', sessionId })).rejects.toMatchObject(stale)
})

test('K4 a request that does not fit is made to fit within its stream, in its session', async () => {
  const settings = { autoCompactThreshold: 0 }
  await using provided = await startSegueWithProvider({ settings, contextWindow: 1000 })
  const { client, provider } = provided
  provider.enqueue('leaf '.repeat(400))
  const first = await client.start({ text: 'The key is 4711.' })
  await provided.newReader(first.id).readToEnd()
  provider.enqueue('In short.')
  provider.enqueue('Fine.')
  const second = await client.start({ text: `Talk. ${'oak '.repeat(400)}`, sessionId: first.session.id })
  const { stream } = await provided.newReader(second.id).readUntilType('StreamFinished')
  expect(stream).toMatchObject({ status: 'COMPLETED', session: { id: first.session.id } })
  expect(provider.requests).toHaveLength(3)
  expect(JSON.stringify(provider.requests[2]?.body.messages)).toMatch(/In short\..*> The key is 4711\..*Talk\./)
  expect(provider.rejections).toEqual([])
})

test('K3 forkSession and regenerate create sessions without the later messages, and do not change the old session', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.defaultAnswer = ({ body }) => `Answer to ${JSON.stringify(body.messages.at(-1)?.content)}`
  let sessionId = await client.createSession()
  const old = sessionId
  for (const text of ['One.', 'Two.', 'Three.']) {
    const { id } = await client.start({ text, sessionId })
    await provided.newReader(id).readToEnd()
  }
  const before = await loadEverything(client, old)
  const messages = await client.messages(old)

  sessionId = await fork(client, messages[1]?.id ?? '')
  expect(await client.messages(sessionId)).toMatchObject([{ text: 'One.' }, { text: 'Answer to "One."' }])
  const { id } = await client.start({ text: 'Other.', sessionId })
  await provided.newReader(id).readToEnd()
  expect(provider.requests.at(-1)?.body.messages.map(({ content }) => content)).toEqual([
    'One.',
    'Answer to "One."',
    'Other.',
  ])

  const again = await regenerate(client, messages[3]?.id ?? '', 'Two, once more.')
  await provided.newReader(again.id).readToEnd()
  expect(again.sessionId).not.toBe(old)
  expect(provider.requests.at(-1)?.body.messages.map(({ content }) => content)).toEqual([
    'One.',
    'Answer to "One."',
    'Two, once more.',
  ])
  expect(await loadRetryLineage(client, sessionId)).toMatchObject({
    parent: null,
    lineageRoot: { id: sessionId },
    forkedFrom: { id: messages[1]?.id },
    retryOf: null,
  })
  expect(await loadRetryLineage(client, again.sessionId)).toMatchObject({
    parent: null,
    lineageRoot: { id: old },
    segmentCount: 1,
    forkedFrom: null,
    retryOf: { id: messages[2]?.id },
    conversation: { root: { id: old }, tip: { id: again.sessionId } },
  })
  expect(await loadEverything(client, old)).toEqual(before)
})

test('K6 alternatives are the same set from each try and from each copy, with the copy of the session that is read', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const send = async (text: string, sessionId: string | null) => {
    const stream = await client.start({ text, ...(sessionId !== null && { sessionId }) })
    await provided.newReader(stream.id).readToEnd()
    return stream.session.id
  }
  const old = await send('One.', null)
  await send('Two.', old)
  const [u1 = '', a1 = '', , a2 = ''] = (await client.messages(old)).map(({ id }) => id)
  const first = await regenerate(client, a1, 'One, once more.')
  await provided.newReader(first.id).readToEnd()
  const second = await regenerate(client, a2, 'Two, once more.')
  await provided.newReader(second.id).readToEnd()
  const [u1b, a1b] = (await client.messages(first.sessionId)).map(({ id }) => id)
  const [u1c, a1c] = (await client.messages(second.sessionId)).map(({ id }) => id)
  const expected = { [old]: [u1, a1], [first.sessionId]: [u1, a1], [second.sessionId]: [u1c, a1c] }
  for (const [sessionId, [user, answer]] of Object.entries(expected)) {
    const alternatives = await loadAlternatives(client, sessionId)
    expect(alternatives.slice(0, 2)).toEqual([
      [user, u1b],
      [answer, a1b],
    ])
  }
})

test('K7 the oldest retry has the place of a session that is deleted', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const stream = await client.start({ text: 'One.' })
  await provided.newReader(stream.id).readToEnd()
  const old = stream.session.id
  const next = await compact(client, old)
  const [, answer] = (await client.messages(old)).map(({ id }) => id)
  const retries = [await regenerate(client, answer ?? '', 'Two.'), await regenerate(client, answer ?? '', 'Three.')]
  for (const { id } of retries) await provided.newReader(id).readToEnd()
  await client.ask('mutation ($id: ID!) { deleteSession(id: $id) }', { id: old })
  const [oldest, other] = retries.map(({ sessionId }) => sessionId)
  for (const id of [oldest, other])
    expect(await loadRetryLineage(client, id ?? '')).toMatchObject({ parent: null, lineageRoot: { id: oldest } })
  expect(await loadRetryLineage(client, next)).toMatchObject({ parent: null, lineageRoot: { id: next } })
})

test('K5 a summary leaves the messages that it stands for where they are', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const query = 'query ($id: ID!) { session(id: $id) { messages { edges { node { id kind } } } } }'
  const listKinds = async (id: string) => (await client.ask(query, { id }))['session']
  const { id, session } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readToEnd()
  const before = await client.messages(session.id)
  const next = await compact(client, session.id)
  expect(await client.messages(session.id)).toEqual(before)
  const toEdges = (kind: string, messages: readonly { readonly id: string }[]) => ({
    messages: { edges: messages.map((message) => ({ node: { id: message.id, kind } })) },
  })
  expect(await listKinds(session.id)).toEqual(toEdges('CHAT', before))
  expect(await listKinds(next)).toEqual(toEdges('SUMMARY', await client.messages(next)))

  // A later summary stands for what the one before it stands for, too.
  const countQuery = 'query ($id: ID!) { session(id: $id) { messages { edges { node { summarizedCount } } } } }'
  const listCounts = async (of: string) => JSON.stringify((await client.ask(countQuery, { id: of }))['session'])
  const toCounts = (...counts: (number | null)[]) =>
    JSON.stringify({ messages: { edges: counts.map((summarizedCount) => ({ node: { summarizedCount } })) } })
  expect(await listCounts(next)).toBe(toCounts(2))
  const second = await client.start({ sessionId: next, text: 'Talk on.' })
  await provided.newReader(second.id).readToEnd()
  expect(await listCounts(next)).toBe(toCounts(2, null, null))
  expect(await listCounts(await compact(client, next))).toBe(toCounts(4))
})
