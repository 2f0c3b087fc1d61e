import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema, getNamedType, type GraphQLField, isAbstractType, isInputObjectType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toProfileFolder } from '../../../src/profiles/profile-paths.ts'
import { HermesDb } from '../../support/hermes/hermes-db.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { ask, requireNonNull, mutate } from '../support/typed-client.ts'
import { startChat, streamToEnd } from '../support/chat.ts'
import { type Client, connect, type Result } from '../support/clients.ts'
import { buildDeepSelection } from '../support/deep-selection.ts'
import {
  ApprovalsDocument,
  ClarificationsDocument,
  CreateJobDocument,
  CreateSessionDocument,
  RunJobDocument,
} from '../generated/graphql.ts'
import {
  type ValidIds,
  buildValidVariables,
  newQueuedIds,
  newSteeringId,
  waitForFirst,
} from '../support/good-variables.ts'
import { type InputPath, withValue } from '../support/input-positions.ts'

const schema = buildSchema(readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8'))

/** A field of a root type, with a selection of everything below it. */
interface Entry {
  readonly name: string
  readonly kind: 'query' | 'mutation' | 'subscription'
  readonly operation: string
  /** The positions of ids and of profile names in its arguments. */
  readonly ids: readonly InputPath[]
  readonly profiles: readonly InputPath[]
  readonly hasArguments: boolean
}

const roots = [
  ['query', schema.getQueryType()],
  ['mutation', schema.getMutationType()],
  ['subscription', schema.getSubscriptionType()],
] as const

const entries: readonly Entry[] = roots.flatMap(([kind, root]) =>
  Object.values(root?.getFields() ?? {}).map((field) => entryOf(kind, `${root?.name}.${field.name}`, field)),
)

function entryOf(kind: Entry['kind'], name: string, field: GraphQLField<unknown, unknown>): Entry {
  const type = getNamedType(field.type)
  const selection = isObjectType(type) || isAbstractType(type) ? buildDeepSelection(schema, type, 2) : ''
  const declared = field.args.map((arg) => `$${arg.name}: ${String(arg.type)}`).join(', ')
  const passed = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ')
  const places = field.args.flatMap((arg) => {
    const of = getNamedType(arg.type)
    const inner = isInputObjectType(of) ? Object.values(of.getFields()) : []
    return [
      { path: [arg.name], type: of.name },
      ...inner.map((each) => ({ path: [arg.name, each.name], type: getNamedType(each.type).name })),
    ]
  })
  return {
    name,
    kind,
    operation: `${kind} ${declared && `(${declared})`} { ${field.name} ${passed && `(${passed})`} ${selection} }`,
    ids: places.filter((place) => place.type === 'ID').map(({ path }) => path),
    profiles: places.filter(({ path }) => path.at(-1) === 'profile').map(({ path }) => path),
    hasArguments: field.args.length > 0,
  }
}

/** The content of a profile, and words that occur only in it. */
interface Filled extends ValidIds {
  readonly word: string
  readonly ids: readonly string[]
  readonly rows: TestDatabase
}

interface World {
  readonly segue: TestSegue
  readonly client: Client
  readonly of: ReadonlyMap<string, Filled>
}

const names = ['default', 'alpha', 'beta'] as const
const job = { name: 'Birds', schedule: '0 9 29 2 *', timezone: 'UTC' }
const file = { name: 'a.txt', mediaType: 'text/plain', url: 'data:,The%20same%20in%20all' }

async function fill(segue: TestSegue, client: Client, profile: string): Promise<Filled> {
  const word = `word-of-${profile}`
  const { end } = await streamToEnd(client, { profile, text: `Hello, ${word}`, key: 'the same', files: [file] })
  const answer = requireNonNull(end.message)
  const sessionKey = 'the same for a session'
  const empty = async (key: string | null) =>
    (await mutate(client, CreateSessionDocument, { profile, title: `Empty, ${word}`, key })).createSession.id
  const [spareId, lastId, spareRootId] = [await empty(sessionKey), await empty(null), await empty(null)]
  const waiting = await startChat(client, { profile, text: `/tool look {"for": "${word}"}\n/ask Where is ${word}?` })
  const sessionId = end.sessionId
  const rows = TestDatabase.read(toProfileFolder(segue.home, profile))
  // Wait until the deltas are coalesced: later writes come from the operation under test.
  const deltas = "events WHERE session_id = ? AND type LIKE '%Delta'"
  await waitUntil(() => rows.count(deltas, sessionId) === answer.parts.length)
  const pending = "decisions WHERE state = 'PENDING'"
  await waitUntil(() => rows.count(pending) === 2)
  const [approval] = (await ask(client, ApprovalsDocument, { profile })).approvals
  const [question] = (await ask(client, ClarificationsDocument, { profile })).clarifications
  const newJob = async () =>
    (await mutate(client, CreateJobDocument, { profile, ...job, prompt: `Hello, ${word}` })).createJob.id
  const asks = { profile, ...job, prompt: `/ask Where is ${word}?` }
  const runningJobId = (await mutate(client, CreateJobDocument, asks)).createJob.id
  await mutate(client, RunJobDocument, { id: runningJobId })
  await waitUntil(() => rows.count(pending) === 3)
  const known = {
    ...(await newQueuedIds(client, profile)),
    steeringId: await newSteeringId(client, profile),
    profile,
    runningJobId,
    sessionId,
    spareId,
    lastId,
    spareRootId,
    streamId: end.stream.id,
    messageId: answer.id,
    approvalId: requireNonNull(approval).id,
    clarificationId: requireNonNull(question).id,
    jobId: await newJob(),
    spareJobId: await newJob(),
    spareProfile: 'spare',
    sessionKey,
  }
  const { profile: _, spareProfile: __, sessionKey: ___, ...ids } = known
  return { ...known, word, rows, ids: [...Object.values(ids), waiting.id, waiting.session.id] }
}

/** All rows of the database of a profile, and the names of its files. */
function stateOf({ segue, of }: World, profile: string): Record<string, unknown[]> {
  const storedFiles = readdirSync(join(toProfileFolder(segue.home, profile), 'files'))
  return { ...requireNonNull(of.get(profile)).rows.readAll(), storedFiles }
}

async function firstResult(client: Client, { kind, operation }: Entry, variables: object): Promise<Result<unknown>> {
  if (kind !== 'subscription') return client.execute(operation, variables)
  for await (const result of client.subscribe(operation, variables)) if (!isReady(result)) return result
  throw new Error('The subscription ended without a result.')
}

/** The first event of `conversationsChanged` tells nothing. */
const isReady = ({ data }: Result<unknown>): boolean => JSON.stringify(data)?.includes('"kind":"READY"') ?? false

/** Valid variables, all from one profile. */
function variablesFor({ name, profiles, hasArguments }: Entry, of: ValidIds): object {
  const good = hasArguments ? buildValidVariables({ field: name, path: [] }, of) : {}
  return profiles.reduce((variables, path) => withValue(variables, path, of.profile), good)
}

/** True for null, empty lists, the page info of an empty page, type names, and objects that contain only those. */
function holdsNothing(data: unknown): boolean {
  if (data === null || data === undefined || data === false || data === 0) return true
  if (typeof data !== 'object') return false
  return Object.entries(data).every(([key, value]) => key === '__typename' || holdsNothing(value))
}

let hermesHome: string
const agents: HermesDb[] = []
const worlds: World[] = []

beforeAll(() => {
  hermesHome = newTempFolder()
  for (const name of names) {
    const folder = toProfileFolder(hermesHome, name)
    mkdirSync(folder, { recursive: true })
    const db = new HermesDb(join(folder, 'state.db'))
    db.addSession('hermes-1', { title: `Theirs, word-of-${name}`, end_reason: 'cli_close' })
    db.addMessage('hermes-1', 2, { content: `word-of-${name}` })
    agents.push(db)
  }
})

afterAll(async () => {
  for (const { client, segue, of } of worlds) {
    for (const { rows } of of.values()) rows[Symbol.dispose]()
    await client[Symbol.asyncDispose]()
    await segue[Symbol.asyncDispose]()
  }
  for (const db of agents) db.close()
  rmSync(hermesHome, { recursive: true, force: true })
})

async function newWorld(): Promise<World> {
  const toolsOf = () => newToolSource(newTool({ name: 'look' }))
  const segue = await startTestSegue({ settings: { hermesHome }, createToolSource: toolsOf })
  const client = connect('webSocket', segue.url)
  mkdirSync(join(segue.home, 'profiles', 'spare'), { recursive: true })
  const filled = await Promise.all(names.map((name) => fill(segue, client, name)))
  const of = new Map(filled.map((each) => [each.profile, each]))
  const environment = { segue, client, of }
  worlds.push(environment)
  return environment
}

const mutations = entries.filter(({ kind }) => kind === 'mutation')
const others = entries.filter(({ kind }) => kind !== 'mutation')
const mixed = entries.filter(({ ids, profiles }) => ids.length > 0 && profiles.length > 0)

test('Every field of the root types is tried', () => {
  expect(entries.length).toBeGreaterThan(25)
  expect(mixed.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'Query.sessions',
      'Mutation.createSession',
      'Mutation.startChat',
      'Subscription.streamChat',
    ]),
  )
})

/** Environments that all tests so far have left unchanged. */
const untouched: World[] = []

describe('An id of one profile', () => {
  let environment: World
  beforeAll(async () => {
    environment = await newWorld()
    untouched.push(environment)
  })
  const pairs = names.flatMap((owner) => names.filter((name) => name !== owner).map((named) => [owner, named] as const))

  test.each(mixed)('is unknown to $name with the name of another profile', async (entry) => {
    const { client, of } = environment
    const before = names.map((name) => stateOf(environment, name))
    const tries = pairs.flatMap(([owner, named]) => {
      const { sessionId, messageId, streamId } = requireNonNull(of.get(owner))
      const hermesId = owner === 'default' ? 'hermes-1' : `${owner}@hermes-1`
      return entry.ids.flatMap((path) =>
        [sessionId, messageId, streamId, hermesId].map(async (id) => {
          const value = path.at(-1) === 'ids' ? [id] : id
          const variables = withValue(variablesFor(entry, requireNonNull(of.get(named))), path, value)
          const { data, errors } = await firstResult(client, entry, variables)
          const codes = errors?.map(({ extensions }) => extensions?.['code'])
          if (codes) expect(['NOT_FOUND', 'BAD_USER_INPUT'], `${id} in ${named}`).toEqual(expect.arrayContaining(codes))
          else expect(holdsNothing(data), `${id} in ${named}`).toBe(true)
        }),
      )
    })
    await Promise.all(tries)
    expect(names.map((name) => stateOf(environment, name))).toEqual(before)
  })
})

/** Fields that always belong to all profiles. */
const ofAll = new Set(['Query.profiles'])
/** A profile cannot keep the keys of its own creation and deletion. */
const keysInDefault = new Set(['Mutation.createProfile', 'Mutation.deleteProfile'])

describe.each([
  ['default', 'beta'],
  ['alpha', 'default'],
])('An operation in %s, beside %s,', (profile, otherProfile) => {
  let environment: World
  beforeAll(async () => {
    environment = untouched.pop() ?? (await newWorld())
  })

  // Mutations come last, in an order in which each of them is possible.
  test.each([...others, ...mutations])(
    '$name reveals nothing of the other one, and does not change it',
    async (entry) => {
      const { client, of } = environment
      const other = requireNonNull(of.get(otherProfile))
      const before = stateOf(environment, otherProfile)
      const ownIds = requireNonNull(of.get(profile))
      const first = firstResult(client, entry, variablesFor(entry, ownIds))
      const { data, errors } = await waitForFirst(entry.name, { ...ownIds, client }, first)
      expect(errors).toBeUndefined()
      const after = stateOf(environment, otherProfile)
      if (keysInDefault.has(entry.name)) after['idempotency_keys'] = before['idempotency_keys'] ?? []
      expect(after).toEqual(before)
      if (ofAll.has(entry.name)) return
      const response = JSON.stringify(data)
      expect([other.word, ...other.ids].filter((secret) => response.includes(secret))).toEqual([])
    },
  )
})
