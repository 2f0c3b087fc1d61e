import { expect, test } from 'vitest'
import { raceOperations, startThreeServers } from '../../support/postgres/several-servers.ts'

const followChanges = `subscription { result: conversationsChanged {
  kind conversationId conversation { title pinned archived readAt }
} }`
const followSession = `subscription ($id: ID!, $after: Int) {
  result: followSession(sessionId: $id, after: $after) { type: __typename seq }
}`
const busyText = '/ask Which one? | This | That'

test('a conversation in which one server runs an answer is changed through others, once, and all servers tell of it', async () => {
  const servers = await startThreeServers()
  const [owner, second, third] = servers
  const { id, session } = await owner.client.start({ text: busyText })
  await expect.poll(async () => (await second.client.stream(id)).status).toBe('WAITING')
  const after = (await second.client.session(session.id)).headSeq
  const feeds = servers.map((server) => server.subscribe(followChanges))
  const logs = servers.map((server) => server.subscribe(followSession, { id: session.id, after }))
  for (const feed of feeds) await feed.waitForFirst()
  const conversationId = `cnv_${session.id}`
  const variables = { id: session.id, conversationId }
  const changes: readonly (readonly [mutation: string, shown: object, eventCount: number])[] = [
    ['updateConversation(id: $conversationId, input: { title: "Renamed" }, key: "1")', { title: 'Renamed' }, 0],
    ['updateConversation(id: $conversationId, input: { pinned: true }, key: "2")', { pinned: true }, 1],
    ['updateConversation(id: $conversationId, input: { archived: true }, key: "3")', { archived: true }, 1],
    [
      'updateSession(id: $id, input: { title: "Again", pinned: false }, key: "4")',
      { title: 'Again', pinned: false },
      1,
    ],
    ['updateSession(id: $id, input: { archived: false, model: "offline/eliza" }, key: "5")', { archived: false }, 1],
    ['markRead(conversationId: $conversationId, key: "6")', { readAt: expect.any(String) }, 0],
  ]
  let eventCount = 0
  for (const [mutation, conversation, added] of changes) {
    const declared = ['id', 'conversationId'].filter((name) => mutation.includes(`$${name},`))
    const query = `mutation (${declared.map((name) => `$${name}: ID!`).join(', ')}) { result: ${mutation} { id } }`
    const { codes } = await raceOperations(servers.map((server) => [server, query, variables]))
    expect(codes).toEqual([])
    for (const feed of feeds) await feed.waitForNewest({ kind: 'UPSERTED', conversationId, conversation })
    eventCount += added
    for (const log of logs) await expect.poll(() => log.events.length).toBe(eventCount)
  }
  for (const log of logs)
    expect(log.events).toEqual(
      Array.from({ length: eventCount }, (_, index) => ({ type: 'SessionChanged', seq: after + 1 + index })),
    )
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
  expect((await third.client.cancel(id)).outcome).toBe('CANCELLED')
})

test('calls of several transactions that are repeated with their keys at several servers at the same moment succeed at all of them', async () => {
  const servers = await startThreeServers()
  const [first] = servers
  const ids = [await first.client.createSession({}), await first.client.createSession({})]
  const calls: readonly (readonly [query: string, variables: object])[] = [
    [
      'mutation ($ids: [ID!]!) { result: updateSessions(ids: $ids, input: { title: "Renamed" }, key: "1") { title } }',
      { ids },
    ],
    ['mutation { result: createProfile(name: "work", key: "2") { name } }', {}],
    ['mutation { result: deleteProfile(name: "work", key: "3") }', {}],
    ['mutation ($ids: [ID!]!) { result: deleteSessions(ids: $ids, key: "4") }', { ids }],
  ]
  const logs = servers.map((server) => server.subscribe(followSession, { id: ids[0], after: 0 }))
  for (const [query, variables] of calls) {
    const { results, codes } = await raceOperations(servers.map((server) => [server, query, { ...variables }]))
    expect(codes).toEqual([])
    expect(results).toEqual(servers.map(() => results[0]))
  }
  await Promise.all(logs.map(({ completed }) => completed))
  for (const log of logs) expect(log.events).toEqual([{ type: 'SessionChanged', seq: 1 }])
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
})
