import { expect, test } from 'vitest'
import { z } from 'zod'
import { raceOperations, startThreeServers } from '../../support/postgres/several-servers.ts'

const diceText = '/tool roll_dice {"count": 2}'
const followApprovals = 'subscription { result: approvals { id state decision } }'
const followClarifications = 'subscription { result: clarifications { id state answer } }'
const answerApproval = `mutation ($id: ID!, $decision: ApprovalDecision!, $key: String) {
  result: answerApproval(id: $id, decision: $decision, key: $key) { id state decision }
}`
const answerClarification = `mutation ($id: ID!, $answer: String!, $key: String) {
  result: answerClarification(id: $id, answer: $answer, key: $key) { id state answer }
}`
const listRules = '{ result: profile(name: "default") { approvalRules { id tool } } }'
const forget = 'mutation ($id: ID!) { result: forgetApproval(id: $id) { name } }'

const idSchema = z.object({ id: z.string() })
const rulesSchema = z.object({ approvalRules: z.array(idSchema) })

test('of two servers that answer an approval of a third one, one decides, and the other one says that it is resolved', async () => {
  const servers = await startThreeServers()
  const [owner, second, third] = servers
  const feeds = servers.map((server) => server.subscribe(followApprovals))
  const { id } = await owner.client.start({ text: diceText })
  for (const feed of feeds) await feed.waitForFirst()
  const { id: approvalId } = idSchema.parse(feeds[1]?.events[0])
  const { results, codes } = await raceOperations([
    [second, answerApproval, { id: approvalId, decision: 'ONCE' }],
    [third, answerApproval, { id: approvalId, decision: 'DENY' }],
  ])
  expect([results.length, codes]).toEqual([1, ['STALE']])
  const [answered] = results
  for (const feed of feeds) {
    await feed.waitForNewest({ state: 'ANSWERED' })
    expect(feed.events).toEqual([{ id: approvalId, state: 'PENDING', decision: null }, answered])
  }
  const isAllowed = z.object({ decision: z.string() }).parse(answered).decision === 'ONCE'
  await expect.poll(async () => (await second.client.stream(id)).status).toBe('COMPLETED')
  const [part] = (await third.client.stream(id)).message?.parts ?? []
  expect(part).toMatchObject({ toolCall: { state: isAllowed ? 'SUCCEEDED' : 'DENIED' } })
})

test('of two servers that answer a question of a third one, one answers; an answer that is repeated with its key is the same', async () => {
  const servers = await startThreeServers()
  const [owner, second, third] = servers
  const feeds = servers.map((server) => server.subscribe(followClarifications))
  const { id } = await owner.client.start({ text: '/ask Which one? | This | That\n/ask And which one? | This | That' })
  for (const feed of feeds) await expect.poll(() => feed.list({ state: 'PENDING' })).toHaveLength(2)
  const [first, other] = z.array(idSchema).parse(feeds[1]?.events)
  const raced = await raceOperations([
    [second, answerClarification, { id: first?.id, answer: 'This' }],
    [third, answerClarification, { id: first?.id, answer: 'That' }],
  ])
  expect([raced.results.length, raced.codes]).toEqual([1, ['STALE']])
  const repeated = await raceOperations(
    servers.map((server) => [server, answerClarification, { id: other?.id, answer: 'Both', key: 'k' }]),
  )
  expect(repeated).toEqual({
    results: servers.map(() => ({ id: other?.id, state: 'ANSWERED', answer: 'Both' })),
    codes: [],
  })
  for (const feed of feeds) {
    await expect.poll(() => feed.list({ state: 'ANSWERED' })).toEqual([raced.results[0], repeated.results[0]])
    expect(feed.events).toHaveLength(4)
  }
  await expect.poll(async () => (await second.client.stream(id)).status).toBe('COMPLETED')
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
})

test('a rule is forgotten once, by whichever server, and all of them ask again', async () => {
  const [owner, second, third] = await startThreeServers()
  const feed = second.subscribe(followApprovals)
  const { session } = await owner.client.start({ text: diceText })
  await feed.waitForFirst()
  const { id: approvalId } = idSchema.parse(feed.events[0])
  await second.ask(answerApproval, { id: approvalId, decision: 'ALWAYS' })
  const [rule] = rulesSchema.parse(await third.ask(listRules)).approvalRules
  await expect.poll(async () => (await owner.client.session(session.id)).activeStream).toBeNull()
  const allowed = await owner.client.start({ sessionId: session.id, text: diceText })
  await expect.poll(async () => (await second.client.stream(allowed.id)).status).toBe('COMPLETED')
  const { results, codes } = await raceOperations([
    [second, forget, { id: rule?.id }],
    [third, forget, { id: rule?.id }],
  ])
  expect([results, codes]).toEqual([[{ name: 'default' }], ['NOT_FOUND']])
  expect(rulesSchema.parse(await owner.ask(listRules)).approvalRules).toEqual([])
  const asking = await owner.client.start({ sessionId: session.id, text: diceText })
  await feed.waitForNewest({ state: 'PENDING' })
  expect((await third.client.cancel(asking.id)).outcome).toBe('CANCELLED')
})
