import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask, requireNonNull, expectRefusal } from '../support/typed-client.ts'
import { type EventOfType, loadSession, streamToEnd } from '../support/chat.ts'
import { readingTransports } from '../support/clients.ts'
import {
  CreateSessionDocument,
  ModelsDocument,
  NodeDocument,
  SessionDocument,
  SessionNodeDocument,
  SessionsByKindDocument,
  SessionsDocument,
  SessionsOfProfileDocument,
  type SessionsQueryVariables,
} from '../generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

const sources = ['webui', 'cli', 'telegram', 'api_server', 'cron', 'subagent', 'a_plugin'] as const

/** Adds a session of every kind, each with a message, one second apart; one is archived, one is pinned. */
function manyKinds(db: HermesDb): void {
  for (const [index, source] of sources.entries()) {
    db.addSession(`at-${source}`, { source, started_at: index + 1, title: `From ${source}` })
    db.addMessage(`at-${source}`, index + 10, { content: `Hello from ${source}` })
  }
  db.addSession('old', { started_at: 0.5, archived: 1 })
  db.addSession('dear', { started_at: 0.25, pinned: 1 })
}

/** Adds a chain of three sessions, and one that only looks like a continuation. */
function aChain(db: HermesDb): void {
  db.addSession('one', { started_at: 1, ended_at: 2, end_reason: 'compression' })
  db.addSession('two', { started_at: 3, ended_at: 4, end_reason: 'cli_close', parent_session_id: 'one' })
  db.addSession('three', { started_at: 5, parent_session_id: 'two' })
  db.addSession('branch', { started_at: 6, parent_session_id: 'two', model_config: '{"_branched_from": "two"}' })
  db.addSession('stranger', { started_at: 7, parent_session_id: 'three' })
}

const ids = ({ edges }: { readonly edges: readonly { readonly node: { readonly id: string } }[] }) =>
  edges.map(({ node }) => node.id)

let many: TestEnvironment
/** Runs one answer in the only Segue session. */
let end: EventOfType<'StreamFinished'>
let segueSessionId: string
let chain: TestEnvironment
beforeAll(async () => {
  many = await newTestEnvironment('http', { fillHermes: manyKinds })
  end = (await streamToEnd(many.client, { text: 'Hello' })).end
  segueSessionId = end.sessionId
  chain = await newTestEnvironment('http', { fillHermes: aChain })
})
afterAll(async () => {
  await many[Symbol.asyncDispose]()
  await chain[Symbol.asyncDispose]()
})

describe.each(readingTransports)('sessions, over %s,', (transport) => {
  test('lists the sessions of both origins, newest activity first', async () => {
    await using client = many.connect(transport)
    const { sessions } = await ask(client, SessionsDocument, {})
    expect(ids(sessions)).toEqual([segueSessionId, ...sources.map((source) => `at-${source}`).reverse(), 'old', 'dear'])
    expect(sessions.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false })
    expect(sessions.edges[0]?.node).toMatchObject({
      origin: 'SEGUE',
      source: 'segue',
      channel: 'SEGUE',
      profile: { name: 'default', isDefault: true },
      messageCount: 2,
      headSeq: end.seq,
      activeStream: null,
      usage: end.stream.usage,
      segmentCount: 1,
      endedAt: null,
      endReason: null,
    })
    expect(sessions.edges.at(-2)?.node).toMatchObject({ archived: true, pinned: false, messageCount: 0 })
    expect(sessions.edges[1]?.node).toMatchObject({
      id: 'at-a_plugin',
      origin: 'HERMES',
      source: 'a_plugin',
      channel: 'OTHER',
      title: 'From a_plugin',
      messageCount: 1,
      startedAt: '1970-01-01T00:00:07.000Z',
      lastActivityAt: '1970-01-01T00:00:16.000Z',
    })
  })

  test('lists only what matches the filter', async () => {
    await using client = many.connect(transport)
    const kinds = await ask(client, SessionsByKindDocument, {})
    expect(Object.fromEntries(Object.entries(kinds).map(([kind, page]) => [kind, ids(page)]))).toEqual({
      segue: [segueSessionId],
      web: ['at-webui'],
      cli: ['at-cli', 'old', 'dear'],
      messaging: ['at-telegram'],
      api: ['at-api_server'],
      cron: ['at-cron'],
      tool: ['at-subagent'],
      other: ['at-a_plugin'],
      own: [segueSessionId],
      hermes: [...sources.map((source) => `at-${source}`).reverse(), 'old', 'dear'],
    })
    const filtered = async (variables: SessionsQueryVariables) =>
      ids((await ask(client, SessionsDocument, variables)).sessions)
    expect(await filtered({ archived: true })).toEqual(['old'])
    expect(await filtered({ pinned: true })).toEqual(['dear'])
    expect(await filtered({ archived: false, pinned: false, channels: ['CLI', 'WEB'] })).toEqual(['at-cli', 'at-webui'])
    expect(await filtered({ ids: ['at-cli', segueSessionId, 'nobody'] })).toEqual([segueSessionId, 'at-cli'])
    expect(await filtered({ ids: [] })).toEqual([])
    expect(await filtered({ channels: [] })).toEqual([])
    expect(await filtered({ origin: 'HERMES', profile: 'default', channels: ['CRON'] })).toEqual(['at-cron'])
    // A profile that does not exist reads as an empty one.
    expect(await filtered({ profile: 'work' })).toEqual([])
  })

  test('can be paged through in both directions, with every session once', async () => {
    await using client = many.connect(transport)
    const { sessions } = await ask(client, SessionsDocument, {})
    const all = ids(sessions)
    expect(all).toHaveLength(10)

    const forwards: string[] = []
    for (let after: string | null = null, more = true; more;) {
      const page: typeof sessions = (await ask(client, SessionsDocument, { first: 4, after })).sessions
      expect(page.pageInfo.hasPreviousPage).toBe(forwards.length > 0)
      expect(page.pageInfo.startCursor).toBe(page.edges[0]?.cursor)
      forwards.push(...ids(page))
      after = requireNonNull(page.pageInfo.endCursor)
      more = page.pageInfo.hasNextPage
    }
    expect(forwards).toEqual(all)

    const backwards: string[] = []
    for (let before: string | null = null, more = true; more;) {
      const page: typeof sessions = (await ask(client, SessionsDocument, { last: 4, before })).sessions
      expect(page.pageInfo.hasNextPage).toBe(backwards.length > 0)
      expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor)
      backwards.unshift(...ids(page))
      before = requireNonNull(page.pageInfo.startCursor)
      more = page.pageInfo.hasPreviousPage
    }
    expect(backwards).toEqual(all)

    const [second, , fourth] = sessions.edges.slice(1).map(({ cursor }) => cursor)
    const between = await ask(client, SessionsDocument, {
      after: requireNonNull(second),
      before: requireNonNull(fourth),
    })
    expect(ids(between.sessions)).toEqual([all[2]])
    const beyond = await ask(client, SessionsDocument, { first: 4, after: requireNonNull(sessions.pageInfo.endCursor) })
    expect(beyond.sessions).toMatchObject({ edges: [], pageInfo: { startCursor: null, endCursor: null } })
  })

  test('is the same list as the sessions of a profile', async () => {
    await using client = many.connect(transport)
    const all = (await ask(client, SessionsDocument, {})).sessions
    const first = (await ask(client, SessionsOfProfileDocument, { id: 'old', first: 3 })).session?.profile
    expect(first).toMatchObject({ name: 'default', isDefault: true })
    expect(first?.sessions.edges).toEqual(all.edges.slice(0, 3))
    const after = requireNonNull(first?.sessions.pageInfo.endCursor)
    const rest = (await ask(client, SessionsOfProfileDocument, { id: 'old', after })).session?.profile
    expect(rest?.sessions.edges).toEqual(all.edges.slice(3))
    const variables = { id: 'old', last: 2, before: after }
    const before = (await ask(client, SessionsOfProfileDocument, variables)).session?.profile
    expect(before?.sessions.edges).toEqual(all.edges.slice(0, 2))
  })

  test('shows the lineage of each session', async () => {
    await using client = chain.connect(transport)
    const { sessions } = await ask(client, SessionsDocument, {})
    const places = sessions.edges.map(({ node }) => [node.id, node.parent?.id, node.lineageRoot.id, node.segmentCount])
    expect(places).toEqual([
      ['stranger', undefined, 'stranger', 1],
      ['branch', undefined, 'branch', 1],
      ['three', 'two', 'one', 3],
      ['two', 'one', 'one', 2],
      ['one', undefined, 'one', 1],
    ])
    for (const { node } of sessions.edges)
      expect((await ask(client, SessionDocument, { id: node.id })).session).toEqual(node)
  })

  test('finds a session by id, with session and with node, and returns null for an unknown id', async () => {
    await using client = many.connect(transport)
    for (const id of ['at-cli', segueSessionId]) {
      const session = await loadSession(client, id)
      expect(session).toMatchObject((await ask(client, SessionNodeDocument, { id })).node ?? {})
      expect((await ask(client, NodeDocument, { id })).node).toEqual({ type: 'Session', id })
    }
    expect((await ask(client, NodeDocument, { id: requireNonNull(end.message).id })).node?.type).toBe('Message')
    expect((await ask(client, NodeDocument, { id: end.stream.id })).node?.type).toBe('Stream')
    for (const id of ['nobody', 'ses_00000000000000000000000000', 'at-cli:99', '', 'a:b', '%']) {
      expect((await ask(client, NodeDocument, { id })).node).toBeNull()
      expect((await ask(client, SessionDocument, { id })).session).toBeNull()
    }
  })
})

describe.each(readingTransports)('models, over %s,', (transport) => {
  test('lists the models that can answer, and the default one', async () => {
    await using environment = await newTestEnvironment(transport)
    const { models } = await ask(environment.client, ModelsDocument, {})
    expect(models).toMatchObject([
      { id: 'mdl_default:local/test', qualifiedName: 'local/test', provider: 'local', name: 'test', isDefault: true },
      { qualifiedName: 'offline/eliza', provider: 'offline', name: 'eliza', isDefault: false },
    ])
  })
})

describe('createSession', () => {
  test('is refused over GET', async () => {
    await using environment = await newTestEnvironment('httpGet')
    expect(await expectRefusal(environment.client, CreateSessionDocument, {})).toMatchObject({ code: 'FORBIDDEN' })
    expect((await ask(environment.client, SessionsDocument, {})).sessions.edges).toEqual([])
  })
})
