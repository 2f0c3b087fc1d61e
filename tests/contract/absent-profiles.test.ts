import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { waitUntil } from '../support/wait-until.ts'
import { CreateJobDocument, CreateSessionDocument } from './generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from './support/test-environment.ts'
import { expectRefusal, mutate } from './support/typed-client.ts'

const readingQuery = `query ($name: String!) {
  profile(name: $name) {
    models { qualifiedName isDefault }
    allowedTools
    jobs { id }
    sessions { edges { node { id } } }
  }
  sessions(filter: { profile: $name }) { edges { node { id } } }
  conversations(filter: { profile: $name }) { edges { node { id } } }
  search(query: "anything", filter: { profile: $name }) { edges { node { snippet } } }
  approvals(profile: $name) { id }
  clarifications(profile: $name) { id }
  jobs(profile: $name) { id }
}`

const empty = { edges: [] }
const emptyReading = {
  profile: {
    models: [{ qualifiedName: 'offline/eliza', isDefault: true }],
    allowedTools: [],
    jobs: [],
    sessions: empty,
  },
  sessions: empty,
  conversations: empty,
  search: empty,
  approvals: [],
  clarifications: [],
  jobs: [],
}

const subscriptions = [
  'subscription ($name: String!) { approvals(profile: $name) { id } }',
  'subscription ($name: String!) { clarifications(profile: $name) { id } }',
  'subscription ($name: String!) { conversationsChanged(profile: $name) { kind } }',
]

/** Starts a subscription on a socket of its own, and does not wait for events. Returns a function that ends it. */
function subscribe(environment: TestEnvironment, query: string, name: string): () => Promise<void> {
  const client = environment.connect('webSocket')
  const events = client.subscribe<unknown, object>(query, { name })
  void events[Symbol.asyncIterator]().next()
  return async () => client[Symbol.asyncDispose]()
}

test('300 reads of profiles that do not exist open none of them', async () => {
  await using environment = await newTestEnvironment('http')
  const { profiles } = environment.segue
  const before = profiles.openCount
  for (let number = 1; number <= 300; number += 1) {
    const { data } = await environment.client.execute<unknown, object>(readingQuery, { name: `ghost${number}` })
    expect(data).toEqual(emptyReading)
  }
  expect(profiles.openCount).toBe(before)
  expect(await profiles.listNames()).toEqual(['default'])
  expect(existsSync(join(environment.segue.home, 'profiles'))).toBe(false)
})

test('Subscriptions to a profile that does not exist keep it open until the last of them ends', async () => {
  await using environment = await newTestEnvironment('http')
  const { profiles } = environment.segue
  const before = profiles.openCount
  const ends = ['ghost1', 'ghost2'].flatMap((name) => subscriptions.map((query) => subscribe(environment, query, name)))
  await waitUntil(() => profiles.openCount === before + 2)
  const [lastEnd, ...otherEnds] = ends
  for (const end of otherEnds) await end()
  await waitUntil(() => profiles.openCount === before + 1)
  await lastEnd?.()
  await waitUntil(() => profiles.openCount === before)
  expect(existsSync(join(environment.segue.home, 'profiles'))).toBe(false)
})

test('The subscription jobRuns opens no profile', async () => {
  await using environment = await newTestEnvironment('http')
  const before = environment.segue.profiles.openCount
  const end = subscribe(environment, 'subscription { jobRuns { id } }', 'ghost1')
  const { data } = await environment.client.execute<unknown, object>(readingQuery, { name: 'ghost1' })
  expect(data).toEqual(emptyReading)
  expect(environment.segue.profiles.openCount).toBe(before)
  await end()
})

test('A subscriber to a profile that does not exist receives what happens once it exists, and the profile stays open', async () => {
  await using environment = await newTestEnvironment('http')
  const { profiles } = environment.segue
  const before = profiles.openCount
  await using client = environment.connect('webSocket')
  const query = 'subscription { conversationsChanged(profile: "work") { kind conversation { title } } }'
  const changes = client.subscribe<unknown, object>(query, {})[Symbol.asyncIterator]()
  expect(await changes.next()).toMatchObject({ value: { data: { conversationsChanged: { kind: 'READY' } } } })
  expect(profiles.openCount).toBe(before + 1)
  const mutation = 'mutation { startChat(input: { profile: "work", text: "Hello.", model: "offline/eliza" }) { id } }'
  expect((await environment.client.execute<unknown, object>(mutation, {})).errors).toBeUndefined()
  expect(await changes.next()).toMatchObject({ value: { data: { conversationsChanged: { kind: 'UPSERTED' } } } })
  await changes.return?.()
  expect(
    (await environment.client.execute<unknown, object>('{ profile(name: "work") { jobs { id } } }', {})).data,
  ).toEqual({
    profile: { jobs: [] },
  })
  expect(profiles.openCount).toBe(before + 1)
  expect(await profiles.listNames()).toEqual(['default', 'work'])
})

test('A refused write to a profile that does not exist leaves it closed, and an accepted one opens it', async () => {
  await using environment = await newTestEnvironment('http')
  const { client, segue } = environment
  const before = segue.profiles.openCount
  const badInput = { code: 'BAD_USER_INPUT' }
  expect(
    await expectRefusal(client, CreateSessionDocument, { profile: 'ghost1', model: 'nowhere/model' }),
  ).toMatchObject(badInput)
  const job = { name: 'Job', prompt: 'Hello.', schedule: 'never', profile: 'ghost2' }
  expect(await expectRefusal(client, CreateJobDocument, job)).toMatchObject(badInput)
  expect(segue.profiles.openCount).toBe(before)
  await mutate(client, CreateSessionDocument, { profile: 'work' })
  expect(segue.profiles.openCount).toBe(before + 1)
})
