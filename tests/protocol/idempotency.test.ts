import { cpSync, rmSync } from 'node:fs'
import { createClient } from 'graphql-ws'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { EventStream } from '../support/clients/event-stream.ts'
import { post } from '../support/server/post.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../support/server/segue.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'
import { startTcpProxy } from '../support/server/tcp-proxy.ts'
import { TestDatabase } from '../support/storage/test-database.ts'
import { waitUntil } from '../support/wait-until.ts'
import { usesPostgres } from '../support/postgres/database-of-home.ts'

const createSession =
  'mutation ($key: String, $title: String) { createSession(input: { key: $key, title: $title }) { id } }'
const mismatch = [{ extensions: { code: 'IDEMPOTENCY_MISMATCH' } }]
const notFound = [{ extensions: { code: 'NOT_FOUND' } }]

const sessionsSchema = z.object({ sessions: z.object({ edges: z.array(z.unknown()) }) })

async function countSessions(url: string): Promise<number> {
  const { data } = await post(url, '{ sessions(first: 1000) { edges { cursor } } }')
  return sessionsSchema.parse(data).sessions.edges.length
}

/** What a copy of the home, as a crash leaves it, answers. */
async function afterCrash<T>(segue: TestSegue, ask: (url: string) => Promise<T>): Promise<T> {
  const home = newTempFolder()
  cpSync(segue.home, home, { recursive: true })
  try {
    await using restarted = await startTestSegue({ settings: { home } })
    return await ask(restarted.url)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

test.skipIf(usesPostgres)(
  'R3 graphql-ws repeats a mutation whose answer was lost with the connection, and it happens once',
  async () => {
    await using segue = await startTestSegue()
    using database = TestDatabase.read(segue.home)
    for (const [index, query] of [
      'mutation { result: createSession(input: { title: "One" }) { id } }',
      'mutation { result: startChat(input: { text: "Hello" }) { id } }',
      'mutation { result: createJob(input: { name: "J", prompt: "p", schedule: "0 9 29 2 *" }) { id } }',
    ].entries()) {
      await using proxy = await startTcpProxy(segue.url)
      const client = createClient({
        url: `${proxy.url.replace('http', 'ws')}/graphql`,
        retryAttempts: 1,
        retryWait: () => Promise.resolve(),
        shouldRetry: () => true,
      })
      client.on('connected', () => {
        if (proxy.connectionCount === 1) proxy.withholdResponses()
      })
      const results = Array.fromAsync(client.iterate({ query }))
      await waitUntil(() => database.count('idempotency_keys') === index + 1)
      proxy.resetConnections()
      expect(await results).toMatchObject([{ data: { result: { id: expect.any(String) } } }])
      expect(proxy.connectionCount).toBe(2)
      await client.dispose()
    }
    expect(await countSessions(segue.url)).toBe(2)
    expect((await post(segue.url, '{ jobs { name } }')).data).toEqual({ jobs: [{ name: 'J' }] })
  },
)

test('I1 the key of a call is its argument, else the header, over HTTP and as server-sent events', async () => {
  await using segue = await startTestSegue()
  const { url } = segue
  const header = { 'idempotency-key': 'header' }
  const first = await post(url, createSession, {}, header)
  expect((await post(url, createSession, {}, header)).data).toEqual(first.data)
  expect((await post(url, createSession, { key: 'header' })).data).toEqual(first.data)
  const stream = await EventStream.open(url, { query: createSession, headers: header })
  expect(JSON.parse((await stream.next())?.data ?? '')).toEqual({ data: first.data })
  const other = await post(url, createSession, { key: 'argument' }, header)
  expect(other.data).not.toEqual(first.data)
  expect((await post(url, createSession, { key: 'argument' })).data).toEqual(other.data)
  expect(await countSessions(url)).toBe(2)
  // Without a key, each call is another one.
  await post(url, createSession)
  await post(url, createSession)
  expect(await countSessions(url)).toBe(4)
  // A query has no key, whatever the header says.
  expect((await post(url, '{ server: __typename }', {}, { 'idempotency-key': '' })).errors).toEqual([])
})

test('I1 a key of another length is BAD_USER_INPUT, whatever it comes from', async () => {
  await using segue = await startTestSegue()
  const refusal = (path: readonly string[]) => [{ extensions: { code: 'BAD_USER_INPUT', path } }]
  for (const key of ['', 'x'.repeat(201)]) {
    expect((await post(segue.url, createSession, { key })).errors).toMatchObject(refusal(['input', 'key']))
    const deletion = await post(segue.url, `mutation { deleteSession(id: "ses_1", key: "${key}") }`)
    expect(deletion.errors).toMatchObject(refusal(['key']))
    const headers = { 'idempotency-key': key }
    expect((await post(segue.url, createSession, {}, headers)).errors).toMatchObject(refusal([]))
  }
  const { errors } = await post(segue.url, createSession, {}, { 'idempotency-key': 'x'.repeat(200) })
  expect(errors).toEqual([])
})

test('I2 each of several root fields has a key of its own, and the only one has that of the request', async () => {
  await using segue = await startTestSegue()
  const { url } = segue
  const header = { 'idempotency-key': 'k' }
  const two = 'mutation { a: createSession(input: {}) { id } b: createSession(input: {}) { id } }'
  const { data } = await post(url, two, {}, header)
  expect(data?.['a']).not.toEqual(data?.['b'])
  expect((await post(url, two, {}, header)).data).toEqual(data)
  expect((await post(url, createSession, { key: 'k:b' })).data).toEqual({ createSession: data?.['b'] })

  const one = await post(url, createSession, {}, header)
  for (const selection of [
    'createSession(input: {}) { id } __typename',
    'createSession(input: {}) { id } more: createSession(input: {}) @skip(if: true) { id }',
    'createSession(input: {}) { id } ... @include(if: false) { more: createSession(input: {}) { id } }',
    '...One } fragment One on Mutation { createSession(input: {}) { id } ... { createSession(input: {}) { id } }',
  ])
    expect((await post(url, `mutation { ${selection} }`, {}, header)).data).toMatchObject(one.data ?? {})
  expect(await countSessions(url)).toBe(3)
})

test('I2 a batch with the header and more than one mutation is refused', async () => {
  await using segue = await startTestSegue()
  const response = await fetch(`${segue.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
    body: JSON.stringify([{ query: createSession }, { query: createSession }]),
  })
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
  expect(await countSessions(segue.url)).toBe(0)
})

test('I3 a key holds in one profile, and startChat and streamChat are one field', async () => {
  await using segue = await startTestSegue()
  const { url } = segue
  const inProfile = async (profile: string) => {
    const query = `mutation { createSession(input: { key: "k", profile: "${profile}" }) { id } }`
    return (await post(url, query)).data?.['createSession']
  }
  const [ofDefault, ofWork] = [await inProfile('default'), await inProfile('work')]
  expect(ofDefault).not.toEqual(ofWork)
  expect([await inProfile('default'), await inProfile('work')]).toEqual([ofDefault, ofWork])

  // Both ids in one list: the key is one of default, where it is taken.
  const ids = [ofDefault, ofWork].map((session) => z.object({ id: z.string() }).parse(session).id)
  const update = 'mutation ($ids: [ID!]!, $key: String) { updateSessions(ids: $ids, input: {}, key: $key) { id } }'
  expect((await post(url, update, { ids, key: 'k' })).errors).toMatchObject(mismatch)
  expect((await post(url, update, { ids, key: 'list' })).errors).toEqual([])
  expect((await post(url, createSession, { key: 'list' })).errors).toMatchObject(mismatch)
  expect((await post(url, 'mutation { createProfile(name: "new", key: "k") { name } }')).errors).toMatchObject(mismatch)

  const started = await post(url, 'mutation { startChat(input: { text: "Hello", key: "chat" }) { id } }')
  const query = 'subscription { streamChat(input: { text: "Hello", key: "chat" }, after: 1) { streamId } }'
  const stream = await EventStream.open(url, { query })
  const [event] = await stream.readToEnd()
  expect(JSON.parse(event?.data ?? '').data.streamChat.streamId).toBe(Object(started.data?.['startChat']).id)
})

test('I4 equal arguments are the same call: after defaults, with null as left out, files by content', async () => {
  await using segue = await startTestSegue()
  const { url } = segue
  const start = 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }'
  const file = { name: 'a.txt', mediaType: 'text/plain' }
  const input = { text: 'Hello', key: 'k', files: [{ ...file, url: 'data:text/plain,Hello' }] }
  const { data } = await post(url, start, { input })
  expect(data).not.toBeNull()
  for (const same of [
    { ...input, model: null, sessionId: null },
    { ...input, profile: 'default' },
    { ...input, ifBusy: 'QUEUE' },
    { ...input, files: [{ ...file, url: 'data:text/plain;base64,SGVsbG8=' }] },
    { ...input, files: [{ ...file, url: 'data:,%48ello' }] },
  ])
    expect((await post(url, start, { input: same })).data).toEqual(data)
  for (const other of [
    { ...input, text: 'Hello!' },
    { ...input, model: 'offline/eliza' },
    { ...input, files: [] },
    { ...input, files: [{ ...file, url: 'data:text/plain,Hello!' }] },
    { ...input, files: [...input.files, ...input.files] },
  ])
    expect((await post(url, start, { input: other })).errors).toMatchObject(mismatch)
  expect(await countSessions(url)).toBe(1)
})

test.skipIf(usesPostgres)(
  'I5 a repetition returns objects as they are now, and does not change them again',
  async () => {
    await using segue = await startTestSegue()
    const { url } = segue
    const { id } = await segue.defaultProfile.sessions.create({ title: null, model: null, continues: null })
    const rename =
      'mutation ($id: ID!, $title: String, $key: String) { updateSession(id: $id, input: { title: $title }, key: $key) { title } }'
    await post(url, rename, { id, title: 'Bees', key: 'k' })
    await post(url, rename, { id, title: 'Owls' })
    const owls = { updateSession: { title: 'Owls' } }
    expect((await post(url, rename, { id, title: 'Bees', key: 'k' })).data).toEqual(owls)
    const repeat = (to: string) => post(to, rename, { id, title: 'Bees', key: 'k' })
    expect((await afterCrash(segue, repeat)).data).toEqual(owls)
  },
)

test.skipIf(usesPostgres)(
  'I5 what was deleted since is NOT_FOUND, a repeated deletion returns the id, and a new key is another call',
  async () => {
    await using segue = await startTestSegue()
    const { url } = segue
    const { data } = await post(url, createSession, { key: 'k' })
    const { id } = z.object({ createSession: z.object({ id: z.string() }) }).parse(data).createSession
    const deletion = `mutation ($key: String) { deleteSession(id: "${id}", key: $key) }`
    for (let round = 0; round < 2; round += 1)
      expect((await post(url, deletion, { key: 'd' })).data).toEqual({ deleteSession: id })
    const repeat = async (to: string) => [
      await post(to, createSession, { key: 'k' }),
      await post(to, deletion, { key: 'd' }),
      await post(to, deletion, { key: 'another' }),
    ]
    for (const [creation, again, another] of [await repeat(url), await afterCrash(segue, repeat)]) {
      expect(creation?.errors).toMatchObject(notFound)
      expect(again?.data).toEqual({ deleteSession: id })
      expect(another?.errors).toMatchObject(notFound)
    }
  },
)

test('I5 a call that was refused does not use up its key', async () => {
  await using segue = await startTestSegue()
  const refused = await post(segue.url, createSession, { key: 'k', title: 'x'.repeat(201) })
  const badInput = [{ extensions: { code: 'BAD_USER_INPUT' } }]
  expect(refused.errors).toMatchObject(badInput)
  expect((await post(segue.url, createSession, { key: 'k', title: 'Mine' })).errors).toEqual([])
  const profile = 'mutation ($name: String!) { createProfile(name: $name, key: "p") { name } }'
  await segue.profiles.create('work')
  expect((await post(segue.url, profile, { name: 'work' })).errors).toMatchObject(badInput)
  expect((await post(segue.url, profile, { name: 'play' })).data).toEqual({ createProfile: { name: 'play' } })
})

test.skipIf(usesPostgres)(
  'I5 a deletion of several sessions that a crash has cut off is completed by its repetition',
  async () => {
    await using segue = await startTestSegue()
    const create = async () => {
      const { data } = await post(segue.url, createSession)
      return z.object({ createSession: z.object({ id: z.string() }) }).parse(data).createSession.id
    }
    const ids = [await create(), await create()]
    const before = newTempFolder()
    cpSync(segue.home, before, { recursive: true })
    const deletion = 'mutation ($ids: [ID!]!) { deleteSessions(ids: $ids, key: "k") }'
    await post(segue.url, deletion, { ids })
    {
      using written = TestDatabase.read(segue.home)
      using database = TestDatabase.write(before)
      const fingerprint = written.value('SELECT fingerprint FROM idempotency_keys')
      database.run("INSERT INTO idempotency_keys VALUES ('k', ?, NULL, NULL, 1, ?)", fingerprint, Date.now())
    }
    await using restarted = await startTestSegue({ settings: { home: before } })
    await post(restarted.url, `mutation { deleteSession(id: "${ids[0]}") }`)
    expect((await post(restarted.url, deletion, { ids: [] })).errors).toMatchObject(mismatch)
    for (let round = 0; round < 2; round += 1)
      expect((await post(restarted.url, deletion, { ids })).data).toEqual({ deleteSessions: ids })
    expect(await countSessions(restarted.url)).toBe(0)
    rmSync(before, { recursive: true, force: true })
  },
)

test.skipIf(usesPostgres)('I6 a key is kept as long as what its call created, and a day at least', async () => {
  await using segue = await startTestSegue()
  await post(segue.url, createSession, { key: 'old' })
  const old = await post(segue.url, createSession, { key: 'old' })
  const { data } = await post(segue.url, createSession, { key: 'deleted' })
  const { id } = z.object({ createSession: z.object({ id: z.string() }) }).parse(data).createSession
  await post(segue.url, `mutation { deleteSession(id: "${id}", key: "recent") }`)
  {
    using database = TestDatabase.write(segue.home)
    database.run("UPDATE idempotency_keys SET created_at = created_at - 86400001 WHERE key <> 'recent'")
  }
  const [kept, recreated, recent] = await afterCrash(segue, async (url) => [
    await post(url, createSession, { key: 'old' }),
    await post(url, createSession, { key: 'deleted' }),
    await post(url, `mutation { deleteSession(id: "${id}", key: "recent") }`),
  ])
  expect(kept?.data).toEqual(old.data)
  expect(recreated?.errors).toEqual([])
  expect(recent?.data).toEqual({ deleteSession: id })
})

test('I7 a POST with Last-Event-ID joins the stream of its key after that event, and starts none', async () => {
  await using provided = await startSegueWithProvider()
  const { url } = provided.segue
  const query =
    'subscription ($input: StreamChatInput!, $after: Int) { streamChat(input: $input, after: $after) { seq } }'
  const open = (input: object, lastEventId: string | null, variables: object = {}, headers: object = {}) =>
    EventStream.open(url, {
      query,
      variables: { input, ...variables },
      headers: { ...(lastEventId !== null && { 'last-event-id': lastEventId }), ...headers },
    })
  const input = { text: 'Talk.', key: 'k' }
  provided.provider.enqueue([{ reasoning: 'Hm.' }, { text: 'Talking.' }, { finish: 'stop' }])
  const ids = async (stream: EventStream) => (await stream.readToEnd()).flatMap(({ id }) => id ?? [])
  const all = await ids(await open(input, null))
  expect(all.length).toBeGreaterThan(2)
  expect(await ids(await open(input, '2'))).toEqual(all.slice(2))
  expect(await ids(await open({ text: 'Talk.' }, '2', {}, { 'idempotency-key': 'k' }))).toEqual(all.slice(2))
  expect(await ids(await open(input, '1', { after: 2 }))).toEqual(all.slice(1))
  expect(await ids(await open(input, all.at(-1) ?? null))).toEqual([])
  const refusalOf = async (stream: EventStream) => JSON.parse((await stream.next())?.data ?? '').errors
  expect(await refusalOf(await open({ text: 'Talk.' }, '2'))).toMatchObject([
    { message: expect.stringContaining('key'), extensions: { code: 'BAD_USER_INPUT', path: ['input', 'key'] } },
  ])
  expect(await refusalOf(await open({ ...input, key: 'unknown' }, '2'))).toMatchObject(notFound)
  expect(await refusalOf(await open({ ...input, text: 'Other.' }, '2'))).toMatchObject(mismatch)
  expect(provided.provider.requests).toHaveLength(1)
})
