import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema, OperationTypeNode } from 'graphql'
import { z } from 'zod'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultLimits } from '../../../../src/config/limits.ts'
import { SeededRandom } from '../../../chaos/seeded-random.ts'
import { damageOperation } from '../../../fuzz/damage-operation.ts'
import { DocumentGenerator } from '../../../fuzz/document-generator.ts'
import { KnownValues } from '../../../fuzz/known-values.ts'
import { ValueGenerator } from '../../../fuzz/value-generator.ts'
import { post } from '../../../support/server/post.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../../../support/server/segue.ts'

/** More find more: FAST_PATH_OPERATIONS=5000 vitest run fast-paths. */
const operationCount = Number(process.env['FAST_PATH_OPERATIONS'] ?? 150)
const seed = Number(process.env['FAST_PATH_SEED'] ?? 1)

const fixture = new URL('../../../support/fixtures/home-0.1/home', import.meta.url).pathname
const schema = buildSchema(readFileSync(new URL('../../../../schema.graphql', import.meta.url), 'utf8'))
const mediaTypes = ['application/json', 'application/graphql-response+json', '*/*'] as const

let folder: string
let servers: readonly { readonly name: string; readonly segue: TestSegue }[]

/** The same home twice: one server uses the fast paths, the other one does not. */
beforeAll(async () => {
  folder = newTempFolder()
  const homes = ['fast', 'slow'].map((name) => ({ name, home: join(folder, name) }))
  const settled = join(folder, 'settled')
  cpSync(fixture, settled, { recursive: true })
  await finishStreams(settled)
  servers = await Promise.all(
    homes.map(async ({ name, home }) => {
      cpSync(settled, home, { recursive: true })
      const settings = { home, limits: defaultLimits }
      return { name, segue: await startTestSegue({ settings, usesFastPaths: name === 'fast' }) }
    }),
  )
})
afterAll(async () => {
  for (const { segue } of servers) await segue[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** Ends what runs or waits in a home, and disables its jobs, so that nothing changes in its copies. */
async function finishStreams(home: string): Promise<void> {
  await using segue = await startTestSegue({ settings: { home } })
  const unfinished = '{ sessions(first: 1000) { edges { node { activeStream { id } queue { id } } } } }'
  const { data } = await post(segue.url, '{ jobs { id } }')
  for (const { id } of z.object({ jobs: z.array(z.object({ id: z.string() })) }).parse(data).jobs)
    await post(segue.url, 'mutation ($id: ID!) { updateJob(id: $id, input: { enabled: false }) { id } }', { id })
  let isUnfinished = true
  for (; isUnfinished; await yieldToEventLoop())
    isUnfinished = JSON.stringify(await post(segue.url, unfinished)).includes('"id"')
}

interface LaneResponse {
  readonly status: number
  readonly headers: object
  readonly body: string
}

async function send(segue: TestSegue, body: object, accept: string): Promise<LaneResponse> {
  const response = await fetch(`${segue.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  })
  const { date: _, ...headers } = Object.fromEntries(response.headers)
  return { status: response.status, headers, body: omitChance(await response.text()) }
}

/** The ids of errors, and times that depend on the present, differ between any two requests. */
function omitChance(text: string): string {
  const isRelative = (time: string): boolean => Date.parse(time) > Date.now() - 600_000
  return text
    .replaceAll(/"id":"[0-9a-f-]{36}"/g, '"id":"(random)"')
    .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, (time) => (isRelative(time.slice(1, -1)) ? '"(relative)"' : time))
}

/** Sends a request to both servers, three times: from the second time on, a document is known, and may be compiled. */
async function expectSameResponses(body: object, accept: string = 'application/json'): Promise<string> {
  const [fast, slow] = servers
  if (!fast || !slow) throw new Error('There are two servers.')
  let expected = await send(slow.segue, body, accept)
  for (const time of ['first', 'second', 'third']) {
    let response = await send(fast.segue, body, accept)
    // Of several errors that make the data null, a response has the one that happens first, which may be any of them.
    for (let tries = 0; tries < 20 && response.body !== expected.body; tries += 1) {
      expected = await send(slow.segue, body, accept)
      response = await send(fast.segue, body, accept)
    }
    expect(response, `${time} time: ${JSON.stringify(body)}`).toEqual(expected)
  }
  return expected.body
}

test('Random operations have the same responses on both paths', { timeout: 120_000 }, async () => {
  const known = new KnownValues()
  for (const list of ['sessions', 'conversations', 'jobs'])
    known.collect(
      await expectSameResponses({
        query: `{ ${list} { ${list === 'jobs' ? 'id' : 'edges { cursor node { id } }'} } }`,
      }),
    )
  let withData = 0
  for (let index = 0; index < operationCount; index += 1) {
    const random = new SeededRandom(seed + index * 7919)
    const values = new ValueGenerator(random, known)
    // What the server itself says about its start differs.
    const operation = new DocumentGenerator({ schema, random, values }).make(
      OperationTypeNode.QUERY,
      (field) => field !== 'server',
    )
    const { query, variables, operationName } = random.chance(0.2) ? damageOperation(operation, random) : operation
    const extensions = random.chance(0.2) ? { cost: true } : undefined
    const body = { query, variables, operationName, extensions }
    const text = await expectSameResponses(body, random.pick(mediaTypes))
    if (text.startsWith('{"data":{')) withData += 1
    known.collect(text)
  }
  expect(withData).toBeGreaterThan(operationCount / 4)
})

test.each([
  { name: 'an unknown parameter', body: { query: '{ __typename }', unknown: 1 } },
  { name: 'a batch', body: [{ query: '{ __typename }' }] },
  { name: 'no query', body: {} },
  { name: 'a query that is no text', body: { query: 1 } },
  { name: 'variables that are no object', body: { query: '{ __typename }', variables: 'x' } },
  { name: 'an unknown persisted document', body: { documentId: 'unknown' } },
  { name: 'a subscription', body: { query: 'subscription { followSession(sessionId: "ses_x") { seq } }' } },
  { name: 'a mutation that fails', body: { query: 'mutation { deleteJob(id: "job_x") { id } }' } },
  { name: 'an unknown operation name', body: { query: 'query A { __typename }', operationName: 'B' } },
  {
    name: 'a variable of a wrong type',
    body: { query: 'query ($id: ID!) { job(id: $id) { id } }', variables: { id: {} } },
  },
  { name: 'a missing variable', body: { query: 'query ($id: ID!) { job(id: $id) { id } }' } },
  { name: 'introspection', body: { query: '{ __schema { types { name fields { name } } } }' } },
])('A request with $name has the same response on both paths', async ({ body }) => {
  for (const accept of [...mediaTypes, 'text/event-stream, application/json', 'image/png'])
    await expectSameResponses(body, accept)
})
