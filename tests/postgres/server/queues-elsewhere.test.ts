import { expect, test } from 'vitest'
import { z } from 'zod'
import { type ConnectedServer, raceOperations, startThreeServers } from '../../support/postgres/several-servers.ts'

const busyText = '/ask Which one? | This | That'
const move = `mutation ($id: ID!, $before: ID, $key: String) {
  result: moveQueuedMessage(streamId: $id, before: $before, key: $key) { id }
}`
const update = `mutation ($id: ID!, $text: String!, $key: String) {
  result: updateQueuedMessage(streamId: $id, text: $text, key: $key) { id }
}`
const send = 'mutation ($id: ID!) { result: sendQueuedMessage(streamId: $id) { id } }'
const followSession = `subscription ($id: ID!) {
  result: followSession(sessionId: $id) { type: __typename streamId ... on QueueChanged { streamIds } }
}`

const queueSchema = z.object({
  queue: z.array(z.object({ id: z.string(), userMessage: z.object({ text: z.string() }) })),
})

async function listQueue(server: ConnectedServer, sessionId: string) {
  const query = `{ result: session(id: "${sessionId}") { queue { id userMessage { text } } } }`
  return queueSchema.parse(await server.ask(query)).queue
}

const listIds = async (server: ConnectedServer, sessionId: string): Promise<string[]> =>
  (await listQueue(server, sessionId)).map(({ id }) => id)

/** A session whose answer runs in the first of three servers, and two messages that wait for their turns there. */
async function startQueue() {
  const servers = await startThreeServers()
  const [owner] = servers
  const running = await owner.client.start({ text: busyText })
  const sessionId = running.session.id
  const enqueue = async (text: string): Promise<string> =>
    (await owner.client.start({ sessionId, text, ifBusy: 'QUEUE' })).id
  const [first, second] = [await enqueue('One'), await enqueue('Two')]
  const logs = servers.map((server) => server.subscribe(followSession, { id: sessionId }))
  return { servers, running, sessionId, first, second, logs }
}

test('servers change the queue of another one at the same moment: each change counts once, and all show the same', async () => {
  const { servers, sessionId, first, second, logs } = await startQueue()
  const moves = await raceOperations([
    [servers[1], move, { id: first }],
    [servers[2], move, { id: second }],
  ])
  expect(moves.codes).toEqual([])
  const order = await listIds(servers[0], sessionId)
  expect(order.toSorted()).toEqual([first, second].toSorted())
  const texts = ['From the first', 'From the second', 'From the third']
  const updates = await raceOperations(
    servers.map((server, index) => [server, update, { id: second, text: texts[index] }]),
  )
  expect(updates.codes).toEqual([])
  const changed = (await listQueue(servers[0], sessionId)).find(({ id }) => id === second)
  expect(texts).toContain(changed?.userMessage.text)
  for (const [index, server] of servers.entries()) {
    expect(await listIds(server, sessionId)).toEqual(order)
    expect(await listQueue(server, sessionId)).toContainEqual(changed)
    const log = logs[index]
    await expect.poll(() => log?.list({ type: 'StreamChanged', streamId: second })).toHaveLength(texts.length)
    expect(log?.list({ type: 'QueueChanged' }).at(-1)).toMatchObject({ streamIds: order })
  }
})

test('calls for a queue of another server that are repeated with their keys at the same moment have one effect, and nothing is logged', async () => {
  const { servers, sessionId, first, second, logs } = await startQueue()
  const repeat = async (query: string, variables: object): Promise<void> => {
    const { results, codes } = await raceOperations(servers.map((server) => [server, query, { ...variables }]))
    expect(codes).toEqual([])
    expect(results).toEqual(servers.map(() => results[0]))
  }
  const input = { sessionId, text: 'Three', ifBusy: 'QUEUE', key: 'start' }
  await repeat('mutation ($input: StreamChatInput!) { result: startChat(input: $input) { id } }', { input })
  const [, , third = ''] = await listIds(servers[1], sessionId)
  expect(await listIds(servers[1], sessionId)).toEqual([first, second, third])
  await repeat(move, { id: third, before: first, key: 'move' })
  await repeat(update, { id: first, text: 'One, changed', key: 'update' })
  for (const log of logs) {
    await expect.poll(() => log.list({ type: 'StreamChanged', streamId: first })).toHaveLength(1)
    expect(log.list({ type: 'QueueChanged' })).toEqual(
      [[first], [first, second], [first, second, third], [third, first, second]].map((streamIds) => ({
        type: 'QueueChanged',
        streamId: null,
        streamIds,
      })),
    )
  }
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
})

test('of two servers that send a queued message of another one, one does, and the other one says that it is not queued', async () => {
  const { servers, running, sessionId, first, second, logs } = await startQueue()
  const { results, codes } = await raceOperations([
    [servers[1], send, { id: second }],
    [servers[2], send, { id: second }],
  ])
  expect([results, codes]).toEqual([[{ id: second }], ['STALE']])
  for (const log of logs) {
    await expect.poll(() => log.list({ type: 'StreamFinished', streamId: running.id })).toHaveLength(1)
    await expect.poll(() => log.list({ type: 'StreamFinished', streamId: second })).toHaveLength(1)
  }
  for (const query of [move, update, send])
    await expect(servers[2].ask(query, { id: second, ...(query === update && { text: '' }) })).rejects.toMatchObject({
      code: 'STALE',
    })
  for (const log of logs) await expect.poll(() => log.list({ type: 'StreamFinished', streamId: first })).toHaveLength(1)
  expect(await listIds(servers[1], sessionId)).toEqual([])
})

test('a message that several servers send to an answer of another one with one key joins it once, and is withdrawn once', async () => {
  const servers = await startThreeServers()
  const { id, session } = await servers[0].client.start({ text: busyText })
  const input = { sessionId: session.id, text: 'Wait', ifBusy: 'STEER', key: 'k' }
  const joined = await raceOperations(
    servers.map((server) => [
      server,
      'mutation ($input: StreamChatInput!) { result: startChat(input: $input) { id } }',
      { input },
    ]),
  )
  expect(joined).toEqual({ results: servers.map(() => ({ id })), codes: [] })
  const steered = `{ result: stream(id: "${id}") { steered { id text steering { state } } } }`
  const schema = z.object({ steered: z.array(z.object({ id: z.string() })).length(1) })
  const [message] = schema.parse(await servers[1].ask(steered)).steered
  const withdraw = 'mutation ($id: ID!, $key: String) { result: withdrawMessage(messageId: $id, key: $key) { id } }'
  const withdrawn = await raceOperations([
    [servers[1], withdraw, { id: message?.id }],
    [servers[2], withdraw, { id: message?.id }],
  ])
  expect(withdrawn).toEqual({ results: [{ id: message?.id }], codes: ['STALE'] })
  for (const server of servers)
    expect(await server.ask(steered)).toEqual({
      steered: [{ id: message?.id, text: 'Wait', steering: { state: 'WITHDRAWN' } }],
    })
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
})
