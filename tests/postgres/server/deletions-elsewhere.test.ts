import { expect, test } from 'vitest'
import { raceOperations, startThreeServers } from '../../support/postgres/several-servers.ts'

const busyText = '/ask Which one? | This | That'
const followChanges = 'subscription { result: conversationsChanged { kind conversationId } }'
const followSession = 'subscription ($id: ID!) { result: followSession(sessionId: $id) { type: __typename } }'
const deleteSession = 'mutation ($id: ID!, $key: String) { result: deleteSession(id: $id, key: $key) }'
const deleteConversation = 'mutation ($id: ID!, $key: String) { result: deleteConversation(id: $id, key: $key) }'

test.each([
  ['session', deleteSession, (id: string) => id],
  ['conversation', deleteConversation, (id: string) => `cnv_${id}`],
] as const)(
  'a %s is busy for all servers while one runs an answer in it; then it is deleted once, and all servers tell of it',
  async (_, mutation, toId) => {
    const servers = await startThreeServers()
    const [owner, second, third] = servers
    const feeds = servers.map((server) => server.subscribe(followChanges))
    for (const feed of feeds) await feed.waitForFirst()
    const { id: streamId, session } = await owner.client.start({ text: busyText })
    const logs = servers.map((server) => server.subscribe(followSession, { id: session.id }))
    for (const log of logs) await log.waitForFirst()
    const id = toId(session.id)
    for (const server of servers)
      await expect(server.ask(mutation, { id })).rejects.toMatchObject({
        code: 'SESSION_BUSY',
        extensions: { streamId },
      })
    expect((await second.client.cancel(streamId)).outcome).toBe('CANCELLED')
    const { results, codes } = await raceOperations([
      [second, mutation, { id }],
      [third, mutation, { id }],
    ])
    expect([results, codes]).toEqual([[id], ['NOT_FOUND']])
    await Promise.all(logs.map(({ completed }) => completed))
    const removed = { kind: 'REMOVED', conversationId: `cnv_${session.id}` }
    for (const feed of feeds) {
      await feed.waitForNewest(removed)
      expect(feed.list(removed)).toHaveLength(1)
    }
    for (const server of servers) expect(await server.ask(`{ result: session(id: "${session.id}") { id } }`)).toBeNull()
  },
)

test('a deletion that is repeated with its key at several servers at the same moment succeeds at all of them', async () => {
  const servers = await startThreeServers()
  for (const [key, mutation, toId] of [
    ['1', deleteSession, (id: string) => id],
    ['2', deleteConversation, (id: string) => `cnv_${id}`],
  ] as const) {
    const { id: streamId, session } = await servers[0].client.start({ text: 'Hello' })
    await Array.fromAsync(servers[1].client.followStream(streamId))
    const variables = { id: toId(session.id), key }
    const { results, codes } = await raceOperations(servers.map((server) => [server, mutation, variables]))
    expect([results, codes]).toEqual([servers.map(() => variables.id), []])
  }
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
})

test('a session that is created with a key at several servers at the same moment is one, and all of them show it', async () => {
  const servers = await startThreeServers()
  const query =
    'mutation ($key: String) { result: createSession(input: { title: "New", key: $key }) { id title archived } }'
  const { results, codes } = await raceOperations(servers.map((server) => [server, query, { key: 'k' }]))
  expect(codes).toEqual([])
  expect(results).toEqual(servers.map(() => results[0]))
  for (const server of servers)
    expect(await server.ask('{ result: sessions(first: 5) { edges { node { id title archived } } } }')).toEqual({
      edges: [{ node: results[0] }],
    })
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
})
