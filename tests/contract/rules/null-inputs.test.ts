import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildSchema,
  graphql,
  type GraphQLSchema,
  isNonNullType,
  isIntrospectionType,
  isObjectType,
  parse,
  subscribe,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { omitNullArguments } from '../../../src/schema/resolvers/omit-null-arguments.ts'
import { transports } from '../support/clients.ts'
import { buildValidVariables, type ValidIds } from '../support/good-variables.ts'
import { type InputPath, type InputPosition, listInputPositions, withValue } from '../support/input-positions.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { requireNonNull } from '../support/typed-client.ts'

const sdl = readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8')

const positions = listInputPositions(buildSchema(sdl), {
  Job: (selection) => `jobs { ${selection} }`,
  Conversation: (selection) => `session(id: "id") { conversation { ${selection} } }`,
  Profile: (selection) => `session(id: "id") { profile { ${selection} } }`,
  Session: (selection) => `session(id: "id") { ${selection} }`,
}).filter(({ type }) => !isNonNullType(type))

/** Resolvers that only record do not look at ids. */
const ids: ValidIds = {
  profile: 'default',
  spareProfile: 'spare',
  sessionId: 'session',
  sessionKey: 'key',
  spareId: 'spare',
  lastId: 'last',
  spareRootId: 'root',
  streamId: 'stream',
  messageId: 'message',
  approvalId: 'approval',
  clarificationId: 'clarification',
  queuedId: 'queued',
  spareQueuedId: 'spareQueued',
  steeringId: 'steering',
  jobId: 'job',
  spareJobId: 'spareJob',
  runningJobId: 'runningJob',
}

/** The schema, with resolvers that record their arguments. */
function recordArguments(record: (field: string, args: unknown) => void): GraphQLSchema {
  const schema = buildSchema(sdl)
  for (const type of Object.values(schema.getTypeMap())) {
    // All schemas of the process share the types of introspection.
    if (!isObjectType(type) || isIntrospectionType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const resolve = (_: unknown, args: unknown) => {
        record(`${type.name}.${field.name}`, args)
        return String(field.type).includes('[') ? [{}] : {}
      }
      if (type === schema.getSubscriptionType()) field.subscribe = resolve
      else field.resolve = resolve
    }
  }
  return omitNullArguments(schema)
}

/** The arguments that the resolver of a field is called with. */
async function resolveArguments({ kind, operation, field }: InputPosition, variableValues: object): Promise<unknown> {
  const recorded = new Map<string, unknown>()
  const schema = recordArguments((name, args) => recorded.set(name, args))
  const variables = { ...variableValues }
  if (kind === 'subscription') await subscribe({ schema, document: parse(operation), variableValues: variables })
  else await graphql({ schema, source: operation, variableValues: variables })
  expect(recorded.has(field)).toBe(true)
  return recorded.get(field)
}

/** Leaves out the value at a position. */
function withoutValue(variables: object, [first, ...rest]: InputPath): object {
  const entries = Object.entries(variables).flatMap(([name, value]): [string, unknown][] => {
    if (name !== String(first)) return [[name, value]]
    return rest.length === 0 ? [] : [[name, withoutValue(value, rest)]]
  })
  return Array.isArray(variables) ? entries.map(([, value]) => value) : Object.fromEntries(entries)
}

describe('Null is the same as leaving out', () => {
  test('is tried for many arguments and input fields', () => {
    expect(positions.length).toBeGreaterThan(80)
  })

  test.each(positions)('in $name', async (position) => {
    const variables = buildValidVariables(position, ids)
    const withNull = withValue(variables, position.path, null)
    const withoutIt = withoutValue(withNull, position.path)
    expect(withoutIt).not.toEqual(withNull)
    expect(await resolveArguments(position, withNull)).toEqual(await resolveArguments(position, withoutIt))
  })
})

describe.each(transports)('Over %s, null', (transport) => {
  let environment: TestEnvironment
  beforeAll(async () => {
    environment = await newTestEnvironment(transport)
  })
  afterAll(() => environment[Symbol.asyncDispose]())

  /** Executes an operation whose only field is `it`. */
  const execute = async (operation: string, variables: object = {}) => {
    const { data, errors } = await environment.client.execute<{ it: { id: string } }, object>(operation, variables)
    expect(errors).toBeUndefined()
    return requireNonNull(data).it
  }

  test('in everything that updateSession could change changes nothing', async () => {
    const fields = '{ id title pinned archived model }'
    const create = `mutation ($input: CreateSessionInput!) { it: createSession(input: $input) ${fields} }`
    const input = { title: 'Kept', model: 'offline/eliza', continues: null, profile: null, key: null }
    const created = await execute(create, { input })
    expect(created).toMatchObject({ title: 'Kept', model: 'offline/eliza' })
    const { id } = created
    const update = `mutation ($id: ID!, $input: UpdateSessionInput!, $key: String) {
      it: updateSession(id: $id, input: $input, key: $key) ${fields} }`
    const unset = { title: null, pinned: null, archived: null, model: null }
    expect(await execute(update, { id, input: unset, key: null })).toEqual(created)
    const literal = 'title: null, pinned: null, archived: null, model: null'
    const updateLiterally = `mutation ($id: ID!) { it: updateSession(id: $id, input: { ${literal} }) ${fields} }`
    expect(await execute(updateLiterally, { id })).toEqual(created)
    expect(await execute(update, { id, input: { title: '', model: '' } })).toMatchObject({ title: null, model: null })
  })

  test('in everything that updateJob could change changes nothing', async () => {
    const fields = '{ id name prompt schedule timezone enabled model repeatLimit }'
    const create = `mutation ($input: CreateJobInput!) { it: createJob(input: $input) ${fields} }`
    const job = { name: 'Kept', prompt: 'Hello', schedule: '0 9 * * *', model: 'offline/eliza' }
    const created = await execute(create, { input: { ...job, timezone: 'Asia/Tokyo', repeatLimit: 3, profile: null } })
    const { id } = created
    const update = `mutation ($id: ID!, $input: UpdateJobInput!) { it: updateJob(id: $id, input: $input) ${fields} }`
    const unset = { name: null, prompt: null, schedule: null, timezone: null, enabled: null, model: null }
    expect(await execute(update, { id, input: { ...unset, repeatLimit: null } })).toEqual(created)
    const emptied = await execute(update, { id, input: { timezone: '', model: '', repeatLimit: 0 } })
    const defaultTimezone = { timezone: expect.not.stringMatching('Asia/Tokyo') }
    expect(emptied).toEqual({ ...created, ...defaultTimezone, model: null, repeatLimit: null })
  })

  test('in an argument with a default selects the default', async () => {
    const chat = `mutation ($ifBusy: IfBusy) { it: startChat(input: { text: "Hello", ifBusy: $ifBusy }) { id } }`
    expect(await execute(chat, { ifBusy: null })).toMatchObject({ id: expect.stringMatching(/^str_/) })
    const jobs = `query ($first: Int) { it: jobs { nextRuns(first: $first) } }`
    expect(await execute(jobs, { first: null })).toEqual(await execute(jobs))
  })
})
