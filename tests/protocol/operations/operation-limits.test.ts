import { getIntrospectionQuery, parse } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultLimits } from '../../../src/config/limits.ts'
import { type OperationResult, transports } from '../../support/clients/transports.ts'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'

let segue: TestSegue

beforeAll(async () => {
  segue = await startTestSegue({ settings: { limits: defaultLimits } })
})

afterAll(() => segue[Symbol.asyncDispose]())

const repeat = (count: number, create: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => create(index)).join(' ')

/** A query with so many levels of fields. */
function nest(depth: number): string {
  // `sessionByKey` is the first level, its scalar the last.
  const levels = depth - 2
  return `{ sessionByKey(key: "x") { ${'parent { '.repeat(levels)}id${' }'.repeat(levels)} } }`
}

/** For each limit, an operation that reaches it, and one that exceeds it by one. */
const edges: Readonly<Record<string, readonly [max: number, atLimit: string, above: string]>> = {
  depth: [15, nest(15), nest(16)],
  rootFields: [
    30,
    `{ ${repeat(30, (index) => `f${index}: job(id: "x") { id }`)} }`,
    `{ ${repeat(31, (index) => `f${index}: job(id: "x") { id }`)} }`,
  ],
  aliases: [
    50,
    `{ server { ${repeat(50, (index) => `f${index}: version`)} } }`,
    `{ server { ${repeat(51, (index) => `f${index}: version`)} } }`,
  ],
  directives: [
    50,
    `{ server { ${repeat(25, () => '... @include(if: true) { version @skip(if: false) }')} } }`,
    `{ server @skip(if: false) { ${repeat(25, () => '... @include(if: true) { version @skip(if: false) }')} } }`,
  ],
  tokens: [4000, createTokens(4000), createTokens(4001)],
  cost: [
    100_000,
    '{ sessions(first: 1000) { edges { node { messages(first: 99) { edges { node { id } } } } } } }',
    '{ sessions(first: 1000) { edges { node { messages(first: 99) { edges { node { id } } } } } } server { version } }',
  ],
}

/** A valid query with so many tokens. It fails, because it has too many ids. */
function createTokens(count: number): string {
  const create = (ids: number): string =>
    `{ sessions(first: 1, filter: { ids: [${'1 '.repeat(ids)}] }) { edges { cursor } } }`
  return create(count - (parse(create(0)).tokenCount ?? 0))
}

const refusal = (limit: string, max: number) =>
  expect.objectContaining({ extensions: { code: 'TOO_LARGE', limit, max } })

const codes = ({ errors }: OperationResult): string[] => errors.map(({ extensions }) => extensions.code)

const cases = Object.entries(transports).flatMap(([name, send]) =>
  Object.entries(edges).map(([limit, edge]) => ({ name, send, limit, edge })),
)

test.for(cases)(
  'A8 over $name, an operation at the limit of $limit is executed, and one above is TOO_LARGE',
  async ({ send, limit, edge: [max, atLimit, above] }) => {
    expect(codes(await send(segue.url, { query: atLimit }))).not.toContain('TOO_LARGE')
    const refused = await send(segue.url, { query: above })
    expect(refused.errors).toEqual([refusal(limit, max)])
    expect(refused.data ?? null).toBeNull()
  },
)

test.for(Object.entries(transports))('A8 over %s, a response has at most 20 errors', async ([, send]) => {
  const unknown = await send(segue.url, { query: `{ ${repeat(25, (index) => `unknown${index}`)} }` })
  expect(unknown.errors).toHaveLength(20)
  const failing = `{ ${repeat(25, (index) => `f${index}: events(sessionId: "ses_none") { seq }`)} }`
  expect((await send(segue.url, { query: failing })).errors).toHaveLength(20)
})

test.for(Object.entries(transports))('A8 over %s, a client may ask for the cost of an operation', async ([, send]) => {
  const query = '{ sessions(first: 7) { edges { node { id } } } server { version } }'
  expect((await send(segue.url, { query, extensions: { cost: true } })).extensions).toEqual({ cost: 8 })
  expect((await send(segue.url, { query })).extensions).toEqual({})
})

test.for([
  // The offline provider.
  ['providers by their number', '{ profile(name: "default") { providers { name } } }', 2],
  ['MCP servers by their number', '{ mcpServers { name } }', 0],
  ['segments with 10', '{ conversation(id: "x") { segments { id } } }', 11],
  [
    'the queues of a page of events with 10',
    '{ events(sessionId: "x", first: 1000) { ... on QueueChanged { streamIds queue { id } } } }',
    21_000,
  ],
  ['other lists with 100', '{ conversationCounts { channels { key: channel } } }', 101],
] as const)('A8 lists without pages cost what they have, else an estimate: %s', async ([, query, cost]) => {
  const result = await transports.http(segue.url, { query, extensions: { cost: true } })
  expect(result.extensions).toMatchObject({ cost })
})

test('A8 introspection has an allowance of its own, and nested introspection is refused', async () => {
  const send = transports.http
  const query = getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true, schemaDescription: true })
  expect((await send(segue.url, { query })).errors).toEqual([])

  const types = (inner: string): string => `types { fields { type { name ${inner} } args { type { name } } } }`
  const nested = `{ __schema { ${types('fields { type { fields { type { fields { name } } } }')} } }`
  expect((await send(segue.url, { query: nested })).errors).not.toEqual([])
  const copies = `{ ${repeat(20, (index) => `s${index}: __schema { ${types('fields { type { name } }')} }`)} }`
  expect(codes(await send(segue.url, { query: copies }))).toEqual(['TOO_LARGE'])
  const deep = `{ __type(name: "Session") { ${'ofType { '.repeat(30)}name${' }'.repeat(30)} } }`
  expect(codes(await send(segue.url, { query: deep }))).toEqual(['TOO_LARGE'])
})

test('A8 repeated fields count in inline fragments on the same type as well', async () => {
  const codesOf = async (inner: string) => codes(await transports.http(segue.url, { query: `{ server { ${inner} } }` }))
  for (const fragment of ['... { version }', '... on Server { version }', '... on Server { ... { version } }']) {
    expect(await codesOf(repeat(51, () => fragment))).toEqual([])
    expect(await codesOf(repeat(52, () => fragment))).toEqual(['TOO_LARGE'])
  }
})

test('A8 fields that an event has of each of its types are not repeated', async () => {
  const types = ['TextDelta', 'ReasoningDelta', 'StreamStarted', 'StreamFinished', 'ToolCallStarted', 'ToolCallReady']
  const fragments = types.map((type) => `... on ${type} { ${repeat(20, () => '__typename')} }`)
  const query = `{ events(sessionId: "ses_none") { ${fragments.join(' ')} } }`
  expect(codes(await transports.http(segue.url, { query }))).toContain('TOO_LARGE')
  const once = query.replaceAll(/(__typename ){2,}/g, '__typename ')
  expect(codes(await transports.http(segue.url, { query: once }))).not.toContain('TOO_LARGE')
})

test('A8 a document of more than 64 characters for each allowed token is TOO_LARGE', async () => {
  const create = (length: number): string => '{ server { version } } #'.padEnd(length, 'x')
  expect(codes(await transports.http(segue.url, { query: create(256_000) }))).toEqual([])
  expect(codes(await transports.http(segue.url, { query: create(256_001) }))).toEqual(['TOO_LARGE'])
})

/** Spreads the next fragment twice. */
const createFragment = (index: number): string =>
  `fragment F${index} on Session { a: parent { ...F${index + 1} } b: parent { ...F${index + 1} } }`

test('A8 fragments that double at each level are refused at once', async () => {
  const create = (count: number): string =>
    `{ sessionByKey(key: "x") { ...F0 } } ${repeat(count, createFragment)} fragment F${count} on Session { id }`
  const send = transports.http
  expect(codes(await send(segue.url, { query: create(150) }))).toContain('TOO_LARGE')
  // 2^10 sessions cost less than is allowed, and are executed.
  expect((await send(segue.url, { query: create(10), extensions: { cost: true } })).extensions).toEqual({
    cost: 2 ** 11 - 1,
  })
})
