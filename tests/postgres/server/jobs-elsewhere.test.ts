import { expect, test } from 'vitest'
import { z } from 'zod'
import { type ConnectedServer, raceOperations, startThreeServers } from '../../support/postgres/several-servers.ts'

const followRuns = 'subscription { result: jobRuns { id status output } }'
const create = 'mutation ($input: CreateJobInput!) { result: createJob(input: $input) { id name prompt enabled } }'
const update = `mutation ($id: ID!, $input: UpdateJobInput!, $key: String) {
  result: updateJob(id: $id, input: $input, key: $key) { id state }
}`
const run = `mutation ($id: ID!, $key: String) {
  result: runJob(id: $id, key: $key) { alreadyRunning run { id session { activeStream { id } } } }
}`
const remove = 'mutation ($id: ID!) { result: deleteJob(id: $id) }'
const list = `{ result: profile(name: "default") { jobs { id name prompt enabled state } } }`

const idSchema = z.object({ id: z.string() })
const runSchema = z.object({ alreadyRunning: z.boolean(), run: idSchema })
const clarificationsSchema = z.array(idSchema)

/** A job that is not due soon, whose runs ask a question. */
const input = { name: 'Ask', prompt: '/ask Which one? | This | That', schedule: '0 0 1 1 *' }

/** Waits until a run asks its question, and answers it through a server. */
async function answerQuestion(server: ConnectedServer): Promise<void> {
  const pending = '{ result: clarifications(pending: true) { id } }'
  await expect.poll(async () => clarificationsSchema.parse(await server.ask(pending)).length).toBe(1)
  const [question] = clarificationsSchema.parse(await server.ask(pending))
  await server.ask('mutation ($id: ID!) { result: answerClarification(id: $id, answer: "This") { id } }', {
    id: question?.id,
  })
}

test('a job is created, changed and paused through several servers at the same moment: each change counts once', async () => {
  const servers = await startThreeServers()
  const created = await raceOperations(servers.map((server) => [server, create, { input: { ...input, key: 'k' } }]))
  expect(created.codes).toEqual([])
  expect(created.results).toEqual(servers.map(() => created.results[0]))
  const { id } = idSchema.parse(created.results[0])
  const changed = await raceOperations([
    [servers[0], update, { id, input: { name: 'Renamed' } }],
    [servers[1], update, { id, input: { prompt: 'Hello' } }],
    [servers[2], update, { id, input: { enabled: false } }],
  ])
  expect(changed.codes).toEqual([])
  const job = { id, name: 'Renamed', prompt: 'Hello', enabled: false, state: 'PAUSED' }
  for (const server of servers) expect(await server.ask(list)).toEqual({ jobs: [job] })
  const removed = await raceOperations([
    [servers[1], remove, { id }],
    [servers[2], remove, { id }],
  ])
  expect(removed).toEqual({ results: [id], codes: ['NOT_FOUND'] })
  await expect(servers[0].ask(update, { id, input: {} })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a job that several servers run at the same moment has one run, which all of them tell of once', async () => {
  const servers = await startThreeServers()
  const feeds = servers.map((server) => server.subscribe(followRuns))
  const { id } = idSchema.parse(await servers[0].ask(create, { input }))
  const { results, codes } = await raceOperations(servers.map((server) => [server, run, { id }]))
  expect(codes).toEqual([])
  const started = z.array(runSchema).parse(results)
  expect(new Set(started.map((each) => each.run.id)).size).toBe(1)
  expect(started.filter(({ alreadyRunning }) => !alreadyRunning)).toHaveLength(1)
  await servers[0].ask(update, { id, input: { name: 'Renamed' } })
  await answerQuestion(servers[1])
  const runId = started[0]?.run.id
  for (const feed of feeds) {
    await feed.waitForNewest({ id: runId, status: 'OK' })
    expect(feed.events).toEqual([
      { id: runId, status: 'RUNNING', output: null },
      { id: runId, status: 'OK', output: expect.stringContaining('This') },
    ])
  }
  for (const server of servers) expect(await server.ask(list)).toMatchObject({ jobs: [{ state: 'SCHEDULED' }] })
})

test('a run that is asked for with one key at several servers is the same for all; a job is deleted through another server while it runs', async () => {
  const servers = await startThreeServers()
  const { id } = idSchema.parse(await servers[0].ask(create, { input }))
  const { results, codes } = await raceOperations(servers.map((server) => [server, run, { id, key: 'k' }]))
  expect(codes).toEqual([])
  const [first, ...others] = z.array(runSchema).parse(results)
  expect(first?.alreadyRunning).toBe(false)
  for (const other of others) expect(other).toEqual(first)
  for (const server of servers.slice(1)) await server.ask(remove, { id }).catch(() => undefined)
  for (const server of servers) expect(await server.ask(list)).toEqual({ jobs: [] })
  await answerQuestion(servers[2])
  const running = '{ result: sessions(first: 5) { edges { node { activeStream { id } } } } }'
  await expect.poll(() => servers[1].ask(running)).toEqual({ edges: [{ node: { activeStream: null } }] })
  for (const { segue } of servers) expect(segue.warnings).toEqual([])
})
