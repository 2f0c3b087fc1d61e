import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { graphqlPath } from '../../../src/server/graphql/graphql-path.ts'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'

let segue: TestSegue
beforeAll(async () => {
  segue = await startTestSegue()
})
afterAll(async () => {
  expect(segue.warnings).toEqual([])
  await segue[Symbol.asyncDispose]()
})

const accept = 'application/graphql-response+json, application/json;q=0.9'

async function post(batch: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(segue.url + graphqlPath, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: JSON.stringify(batch),
  })
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
}

/** An operation as Apollo's BatchHttpLink sends it. */
const operation = (query: string, variables: object = {}, operationName?: string) => ({
  ...{ operationName, variables, query },
  extensions: { clientLibrary: { name: '@apollo/client', version: '4.3.8' } },
})

const typename = operation('{ __typename }')
const createSession = 'mutation Create($title: String) { createSession(input: { title: $title }) { title } }'
const updateTitles =
  'mutation ($ids: [ID!]!, $title: String) { updateSessions(ids: $ids, input: { title: $title }) { title } }'
const readTitle = 'query Read($id: ID!) { session(id: $id) { title } }'

async function countSessions(): Promise<number> {
  const { body } = await post(operation('{ sessions(first: 1000) { edges { cursor } } }'))
  return body.data.sessions.edges.length
}

async function newSession(): Promise<string> {
  const { body } = await post(operation('mutation { createSession(input: { title: "new" }) { id } }'))
  return body.data.createSession.id
}

describe('A batch', () => {
  test('is executed in order, and answered in order with 200', async () => {
    const id = await newSession()
    const read = operation(readTitle, { id }, 'Read')
    const update = (title: string) => operation(updateTitles, { ids: [id], title })
    const { status, type, body } = await post([read, update('first'), read, update('second'), read])
    const shown = (title: string) => ({ data: { session: { title } } })
    const updated = (title: string) => ({ data: { updateSessions: [{ title }] } })
    expect(body).toEqual([shown('new'), updated('first'), shown('first'), updated('second'), shown('second')])
    expect([status, type]).toEqual([200, expect.stringContaining('application/json')])
  })

  test('may have one operation, or ten', async () => {
    for (const count of [1, 10]) {
      const { status, body } = await post(Array.from({ length: count }, () => typename))
      expect([status, body]).toEqual([200, Array.from({ length: count }, () => ({ data: { __typename: 'Query' } }))])
    }
  })

  test('is answered as JSON to a client that also accepts event streams', async () => {
    const { status, body } = await post([typename], { accept: 'application/json, text/event-stream' })
    expect([status, body]).toEqual([200, [{ data: { __typename: 'Query' } }]])
  })

  test.each([
    ['a document that is not valid', { query: '{ nobody }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['a document that is no GraphQL', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown operation', { query: 'query A { __typename }', operationName: 'B' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['a variable that is missing', { query: readTitle }, 'BAD_USER_INPUT'],
    ['a subscription', { query: 'subscription { streamChat(input: { text: "Hello" }) { seq } }' }, 'BAD_USER_INPUT'],
    ['an operation without a query', {}, 'BAD_USER_INPUT'],
    ['something that is no operation', null, 'BAD_USER_INPUT'],
    ['another batch', [typename], 'BAD_USER_INPUT'],
  ])('has an error in the place of %s, and runs the others', async (_, wrong, code) => {
    const sessions = await countSessions()
    const { status, body } = await post([typename, wrong, operation(createSession, { title: 'after' })])
    expect(status).toBe(200)
    expect(body).toEqual([
      { data: { __typename: 'Query' } },
      { data: null, errors: [expect.objectContaining({ extensions: expect.objectContaining({ code }) })] },
      { data: { createSession: { title: 'after' } } },
    ])
    expect(await countSessions()).toBe(sessions + 1)
  })
})

describe('A batch is refused as a whole, with one BAD_USER_INPUT,', () => {
  const isRefused = async (batch: unknown[], headers: Record<string, string> = {}) => {
    const sessions = await countSessions()
    const { status, body } = await post(batch, headers)
    expect(status).toBe(400)
    expect(body).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'BAD_USER_INPUT', path: [] } }],
    })
    expect(await countSessions()).toBe(sessions)
    return body.errors[0].message
  }

  test('if it is empty', async () => {
    expect(await isRefused([])).toBe('The batch has 0 operations. Send 1 to 10.')
  })

  test('if it has more than ten operations', async () => {
    const batch = Array.from({ length: 11 }, () => operation(createSession))
    expect(await isRefused(batch)).toBe('The batch has 11 operations. Send 1 to 10.')
  })

  test('if it has one idempotency key for several mutations', async () => {
    const batch = [operation(createSession, { title: 'a' }), typename, operation(createSession, { title: 'b' })]
    expect(await isRefused(batch, { 'idempotency-key': 'several' })).toContain('Idempotency-Key')
  })

  test('if the client accepts event streams only', async () => {
    await isRefused([typename], { accept: 'text/event-stream' })
  })
})

describe('The idempotency key of a batch', () => {
  test('is the key of its only mutation', async () => {
    const sessions = await countSessions()
    const headers = { 'idempotency-key': 'batch-1' }
    const create = operation('mutation { createSession(input: { title: "once" }) { id } }')
    const { body } = await post([typename, create, typename], headers)
    expect((await post([create], headers)).body).toEqual([body[1]])
    expect((await post(create, headers)).body).toEqual(body[1])
    expect(await countSessions()).toBe(sessions + 1)
  })

  test('does not matter to mutations that have keys of their own if it is not sent', async () => {
    const create = (key: string) =>
      operation('mutation ($key: String) { createSession(input: { key: $key }) { id } }', { key })
    const first = await post([create('one'), create('two')])
    expect((await post([create('one'), create('two')])).body).toEqual(first.body)
  })
})

test('The size limit counts for the whole batch', async () => {
  const half = operation('query ($text: String) { __typename }', { text: 'x'.repeat(9 * 1024 * 1024) })
  const { status, body } = await post([half, half])
  expect([status, body]).toMatchObject([413, { errors: [{ extensions: { code: 'TOO_LARGE' } }] }])
})
