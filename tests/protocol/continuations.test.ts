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
const made = z.object({ id: z.string() })

/** Has a session compacted; the id of the one that goes on. */
async function compact(client: ChatClient, id: string, key: string | null = null): Promise<string> {
  const query = 'mutation ($id: ID!, $key: String) { made: compactSession(id: $id, key: $key) { id } }'
  return made.parse((await client.ask(query, { id, key }))['made']).id
}

async function fork(client: ChatClient, messageId: string): Promise<string> {
  const query = 'mutation ($messageId: ID!) { made: forkSession(messageId: $messageId) { id } }'
  return made.parse((await client.ask(query, { messageId }))['made']).id
}

async function regenerate(
  client: ChatClient,
  messageId: string,
  text: string,
): Promise<{ id: string; sessionId: string }> {
  const query = `mutation ($messageId: ID!, $text: String) {
    made: regenerate(messageId: $messageId, text: $text) { id session { id } } }`
  const { id, session } = made.extend({ session: made }).parse((await client.ask(query, { messageId, text }))['made'])
  return { id, sessionId: session.id }
}

/** Why and when a session ended, and the id of the one that it continues. */
async function fate(client: ChatClient, id: string): Promise<unknown> {
  const query = 'query ($id: ID!) { session(id: $id) { endedAt endReason parent { id } segmentCount modelContext } }'
  return (await client.ask(query, { id }))['session']
}

/** All that can be read of a session; deltas may be merged at any time. */
const everything = async (client: ChatClient, id: string) => [
  await client.session(id),
  (await client.events(id)).filter(({ type }) => !type.endsWith('Delta')),
  await fate(client, id),
]

test('K1 SessionContinued is the last event of a session, whoever follows it, from any cursor', async () => {
  await using provided = await startSegueWithProvider()
  const { client } = provided
  const { id, session } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readToEnd()
  const live = new EventReader(client.followSession(session.id))
  const next = await compact(client, session.id)
  const told = await live.readUntilType('SessionContinued')
  expect(told).toMatchObject({ sessionId: session.id, streamId: null, from: { id: session.id }, to: { id: next } })
  const { headSeq } = await client.session(session.id)
  expect(told.seq).toBe(headSeq)
  for (const after of [0, headSeq - 1]) {
    const later = new EventReader(provided.newClient().followSession(session.id, after))
    expect(await later.readUntilType('SessionContinued')).toEqual(told)
    await later.unsubscribe()
  }
  expect((await client.events(session.id)).at(-1)).toEqual(told)
  // Neither a refused message nor one in the session that goes on adds anything.
  await expect(client.start({ text: 'Still there?', sessionId: session.id })).rejects.toMatchObject({ code: 'STALE' })
  const answer = await client.start({ text: 'Go on.', sessionId: next })
  await provided.newReader(answer.id).readToEnd()
  await compact(client, next)
  expect((await client.session(session.id)).headSeq).toBe(headSeq)
  await live.unsubscribe()
})

test('K1 a chat that is sent to a session that was continued is STALE and names the tip, however it is sent', async () => {
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
  // What began there with a key is joined all the same.
  expect(await client.start({ text: 'Talk.', key: 'first' })).toEqual(stream)
})

/** A session of which a summary is being made, until `go`. */
async function summarising(reply: 'whole' | 'refused' = 'whole') {
  const provided = await startSegueWithProvider()
  const { client, provider, newReader: read } = provided
  const { id, session } = await client.start({ text: 'Talk.' })
  await read(id).readToEnd()
  const before = await client.session(session.id)
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  const end = reply === 'whole' ? [{ finish: 'stop' } as const] : [{ cut: true } as const]
  provider.enqueue([{ text: 'In short.' }, { wait: held }, ...end])
  const outcome = compact(provided.newClient(), session.id)
  outcome.catch(() => undefined)
  const request = await provider.waitForRequest(1)
  return { provided, client, sessionId: session.id, before, go, outcome, request }
}

test('K2 while a session is being compacted REJECT refuses, and INTERRUPT breaks it off', async () => {
  const { provided, client, sessionId, before, outcome, request } = await summarising()
  await using _ = provided
  await expect(client.start({ text: 'Hi', sessionId })).rejects.toMatchObject({
    code: 'SESSION_BUSY',
    extensions: { code: 'SESSION_BUSY' },
  })
  await expect(compact(client, sessionId)).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  expect(await client.session(sessionId)).toEqual(before)
  const { id, status } = await client.start({ text: 'Hi', sessionId, ifBusy: 'INTERRUPT' })
  expect(status).toBe('RUNNING')
  await expect(outcome).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  expect(await request.closed).toBe('client')
  await provided.newReader(id).readToEnd()
  expect(await fate(client, sessionId)).toMatchObject({ endedAt: null, endReason: null })
  expect(provided.segue.warnings).toEqual([])
})

test('K2 QUEUE waits for the end of it, and is told where the session goes on', async () => {
  const { provided, client, sessionId, go, outcome } = await summarising()
  await using _ = provided
  const waiting = client.start({ text: 'Hi', sessionId, ifBusy: 'QUEUE' })
  waiting.catch(() => undefined)
  // It is behind this one, and waits as long as that.
  await expect(client.start({ text: 'Hi', sessionId })).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  go()
  await expect(waiting).rejects.toMatchObject({ code: 'STALE', extensions: { tipId: await outcome } })
})

test('K2 one that fails leaves the session as it was, and what waited has its turn', async () => {
  const { provided, client, sessionId, before, go, outcome } = await summarising('refused')
  await using _ = provided
  const waiting = client.start({ text: 'Hi', sessionId, ifBusy: 'QUEUE' })
  await expect(client.start({ text: 'Hi', sessionId })).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  go()
  await expect(outcome).rejects.toMatchObject({ code: 'PROVIDER' })
  const { id } = await waiting
  const { stream } = await provided.newReader(id).readUntilType('StreamFinished')
  expect(stream.status).toBe('COMPLETED')
  const { messages, ...now } = await client.session(sessionId)
  expect(now.messageCount).toBe(before.messageCount + 2)
  expect(messages.edges.slice(0, 2)).toEqual(before.messages.edges)
})

test('K2 one that is cut off by a kill leaves the session as it was', async () => {
  await using provider = await StrictProvider.start()
  const home = newTempFolder()
  const providers = { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ providers, model: 'strict/test', titles: false }))
  const argv = ['--port', '0', '--home', home, '--no-hermes']

  const first = await startServerProcess({ argv })
  const before = new ChatClient(first.url)
  const { id, session } = await before.start({ text: 'Talk.' })
  await new EventReader(before.followStream(id)).readToEnd()
  const state = await everything(before, session.id)
  provider.enqueue([{ text: 'In sh' }, { wait: never }])
  compact(before, session.id, 'k').catch(() => undefined)
  await provider.waitForRequest(1)
  await first.stop('SIGKILL')
  await before[Symbol.asyncDispose]()

  await using server = await startTestSegueWithFlags({ argv })
  await using client = new ChatClient(server.url)
  expect(await everything(client, session.id)).toEqual(state)
  // Its key came to nothing, and is free.
  const next = await compact(client, session.id, 'k')
  expect(await compact(client, session.id, 'k')).toBe(next)
  expect(await fate(client, next)).toMatchObject({ parent: { id: session.id }, segmentCount: 2 })
})

test('K3 forkSession and regenerate make new sessions; nothing of the old one changes, nothing later is known', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.defaultAnswer = ({ body }) => `Answer to ${JSON.stringify(body.messages.at(-1)?.content)}`
  let sessionId = await client.createSession()
  const old = sessionId
  for (const text of ['One.', 'Two.', 'Three.']) {
    const { id } = await client.start({ text, sessionId })
    await provided.newReader(id).readToEnd()
  }
  const before = await everything(client, old)
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
  for (const other of [sessionId, again.sessionId]) expect(await fate(client, other)).toMatchObject({ parent: null })
  expect(await everything(client, old)).toEqual(before)
})
