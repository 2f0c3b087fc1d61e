import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { graphqlPath } from '../../../src/server/graphql/graphql-path.ts'
import {
  ask,
  requireNonNull,
  expectRefusal,
  requireSingleError,
  expectSubscriptionRefusal,
} from '../support/typed-client.ts'
import { streamToEnd } from '../support/chat.ts'
import { readingTransports, transports } from '../support/clients.ts'
import { readEventStream } from '../support/event-stream.ts'
import { SessionsDocument, StreamChatDocument } from '../generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

let environment: TestEnvironment
beforeAll(async () => {
  environment = await newTestEnvironment('http')
})
afterAll(async () => {
  // No request of these tests started a stream or caused an internal error.
  expect((await ask(environment.client, SessionsDocument, {})).sessions.edges).toEqual([])
  expect(environment.segue.warnings).toEqual([])
  await environment[Symbol.asyncDispose]()
})

const endpoint = (): string => environment.segue.url + graphqlPath
const mutation = 'mutation { createSession(input: {}) { id } }'

async function post(body: string | FormData | Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  const response = await fetch(endpoint(), { method: 'POST', headers, body })
  return { status: response.status, refusal: requireSingleError(JSON.parse(await response.text())) }
}

describe('A POST', () => {
  test.each([
    ['that is empty', ''],
    ['with broken JSON', '{"query": "{ __typename }"'],
    ['with no JSON at all', 'query { __typename }'],
    ['with bytes that are no text', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ['with null', 'null'],
    ['with a text', '"{ __typename }"'],
    ['with a number', '1'],
    ['with an empty batch', '[]'],
    [
      'with a batch of more than 10 operations',
      JSON.stringify(Array.from({ length: 11 }, () => ({ query: '{ __typename }' }))),
    ],
    ['without a query', '{}'],
    ['with a query that is null', '{"query": null}'],
    ['with a query that is no text', '{"query": {"a": 1}}'],
    ['with variables that are a list', '{"query": "{ __typename }", "variables": []}'],
    ['with variables that are a text', '{"query": "{ __typename }", "variables": "{}"}'],
    ['with extensions that are a text', '{"query": "{ __typename }", "extensions": "{}"}'],
    ['with something else in it', '{"query": "{ __typename }", "nobody": 1}'],
  ])('%s is BAD_USER_INPUT and 400', async (_, body) => {
    for (const accept of ['application/json', 'application/graphql-response+json', '*/*']) {
      const { status, refusal: refused } = await post(body, { 'content-type': 'application/json', accept })
      expect(refused).toEqual({ code: 'BAD_USER_INPUT', path: [], message: expect.any(String) })
      expect(refused.message).not.toMatch(/undefined|\bat \S+ \(|\.ts/)
      expect(status).toBe(400)
    }
  })

  const query = JSON.stringify({ query: mutation })
  const form = new FormData()
  form.set('operations', query)
  form.set('map', '{}')
  test.each([
    ['a form', new URLSearchParams({ query: mutation }).toString(), 'application/x-www-form-urlencoded'],
    ['plain text', query, 'text/plain'],
    ['plain text that claims to be JSON', query, 'text/plain; charset=application/json'],
    ['a bare document', mutation, 'application/graphql'],
    ['an unknown type', query, 'application/octet-stream'],
    ['no type', query, ''],
    ['a list of types', query, 'text/plain, application/json'],
  ])('with %s is refused', async (_, body, contentType) => {
    expect(await post(body, { 'content-type': contentType })).toMatchObject({
      status: 415,
      refusal: { code: 'BAD_USER_INPUT', path: [] },
    })
  })

  test('with a multipart form is refused', async () => {
    expect(await post(form, {})).toMatchObject({ status: 415, refusal: { code: 'BAD_USER_INPUT' } })
  })

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/json ;charset=utf-8',
  ])('with %s is accepted', async (contentType) => {
    const body = JSON.stringify({ query: '{ __typename }' })
    const postAccepting = (accept: string) =>
      fetch(endpoint(), { method: 'POST', headers: { 'content-type': contentType, accept }, body })
    expect(await (await postAccepting('application/json')).json()).toEqual({ data: { __typename: 'Query' } })
    const events = await Array.fromAsync(readEventStream(await postAccepting('text/event-stream')))
    expect(events.map(({ event }) => event)).toEqual(['next', 'complete'])
  })
})

describe('A request with another method', () => {
  test.each(['PUT', 'PATCH', 'DELETE'])('%s is refused', async (method) => {
    const body = JSON.stringify({ query: mutation })
    const init = { method, headers: { 'content-type': 'application/json' }, body }
    const response = await fetch(endpoint(), init)
    expect(response.status).toBe(405)
    expect(requireSingleError(JSON.parse(await response.text()))).toMatchObject({ code: 'FORBIDDEN' })
  })
})

describe('A GET', () => {
  const get = (parameters: Record<string, string>, accept: string) =>
    fetch(`${endpoint()}?${new URLSearchParams(parameters)}`, { headers: { accept } })

  test('of a mutation is refused', async () => {
    for (const accept of ['application/json', 'application/graphql-response+json', 'text/event-stream', '*/*']) {
      const response = await get({ query: mutation }, accept)
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('POST')
      expect(await response.text()).toContain('"FORBIDDEN"')
    }
  })

  const chat = 'streamChat(input: { text: "Hello" }) { seq }'
  test.each([
    ['', `subscription { ${chat} }`],
    ['in a fragment', `subscription { ...Chat } fragment Chat on Subscription { ${chat} }`],
    ['under another name', `subscription { followStream: ${chat} }`],
  ])('of a subscription that starts a stream is refused %s', async (_, query) => {
    for (const accept of ['text/event-stream', 'application/json']) {
      const response = await get({ query }, accept)
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('POST')
      const answer = await response.text()
      expect(answer).toContain('"FORBIDDEN"')
      expect(answer).toContain('Send a POST')
    }
  })

  test.each([
    ['without a query', {}],
    ['with broken variables', { query: '{ __typename }', variables: '{"a":' }],
    ['with variables that are a list', { query: '{ __typename }', variables: '[]' }],
  ])('%s is refused', async (_, parameters) => {
    const response = await get(parameters, 'application/json')
    expect(response.status).toBe(400)
    expect(requireSingleError(JSON.parse(await response.text()))).toMatchObject({ code: 'BAD_USER_INPUT', path: [] })
  })
})

describe.each(readingTransports)('Over %s, a document', (transport) => {
  const query = 'query A { __typename } query B { models { id } }'
  test.each([
    ['that is no GraphQL', '{ models { id }', undefined, 'GRAPHQL_PARSE_FAILED'],
    ['that is empty', ' ', undefined, 'GRAPHQL_PARSE_FAILED'],
    ['with an unknown field', '{ nobody }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['with an unknown argument', '{ models(nobody: 1) { id } }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['with an unknown variable', '{ session(id: $id) { id } }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['with a wrong literal', '{ session(id: true) { id } }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['without its argument', '{ session { id } }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['with a fragment around itself', '{ ...A } fragment A on Query { ...A }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['of which an unknown operation is asked', query, 'C', 'GRAPHQL_VALIDATION_FAILED'],
    ['of which no operation is named', query, undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['without an operation', 'fragment A on Query { __typename }', undefined, 'GRAPHQL_VALIDATION_FAILED'],
  ])('%s is refused', async (_, document, operationName, code) => {
    await using client = environment.connect(transport)
    const { errors, data } = await client.execute(document, {}, operationName)
    expect(data ?? null).toBeNull()
    for (const { extensions, message } of requireNonNull(errors)) {
      expect(extensions?.['code'], message).toBe(code)
      expect(message).not.toMatch(/\bat \S+ \(|\.ts\b|node_modules/)
    }
  })

  test('is executed by its operationName', async () => {
    await using client = environment.connect(transport)
    expect(await client.execute(query, {}, 'A')).toEqual({ data: { __typename: 'Query' } })
  })
})

describe.each(transports)('Over %s, a refused request', (transport) => {
  test('does not affect the next one', async () => {
    await using client = environment.connect(transport)
    expect(await expectRefusal(client, '{ nobody }', {})).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
    expect(await expectRefusal(client, '{', {})).toMatchObject({ code: 'GRAPHQL_PARSE_FAILED' })
    expect(await expectSubscriptionRefusal(client, StreamChatDocument, { text: '' })).toMatchObject({
      code: 'BAD_USER_INPUT',
    })
    expect(await client.execute('{ __typename }', {})).toEqual({ data: { __typename: 'Query' } })
  })
})

describe.each(['sse', 'webSocket'] as const)('Over %s, the result of a refused subscription', (transport) => {
  const chat = 'subscription ($input: StreamChatInput!) { streamChat(input: $input) { seq } }'
  test.each([
    ['with a wrong variable', chat, { input: {} }],
    ['of a message without text', chat, { input: { text: '' } }],
    ['for an unknown session', chat, { input: { text: 'Hello', sessionId: 'ses_nobody' } }],
    ['of an unknown stream', 'subscription { followStream(streamId: "none") { seq } }', {}],
  ])('%s has data that is null', async (_, document, variables) => {
    await using client = environment.connect(transport)
    const results = await Array.fromAsync(client.subscribe(document, variables))
    expect(results).toEqual([{ data: null, errors: [expect.objectContaining({ message: expect.any(String) })] }])
  })

  test('has data that is null for a query or a mutation with a wrong variable, too', async () => {
    await using client = environment.connect(transport)
    for (const type of ['query', 'mutation']) {
      const result = await client.execute(`${type} ($skip: Boolean!) { __typename @skip(if: $skip) }`, {})
      expect(result).toEqual({ data: null, errors: [expect.objectContaining({ message: expect.any(String) })] })
    }
  })
})

describe('Over HTTP as JSON, a request that starts a stream', () => {
  test('is refused with data that is null', async () => {
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const response = await fetch(endpoint(), {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query: 'subscription { streamChat(input: { text: "Hello" }) { seq } }' }),
      })
      expect(response.status).toBe(406)
      expect(await response.json()).toMatchObject({ data: null, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    }
  })
})

describe('Over GET, followStream', () => {
  test('is an event stream, because it starts nothing', async () => {
    await using other = await newTestEnvironment('http')
    const { events, end } = await streamToEnd(other.client, { text: 'Hello' })
    const query = `subscription { followStream(streamId: "${end.stream.id}") { seq } }`
    const url = `${other.segue.url}${graphqlPath}?${new URLSearchParams({ query })}`
    const response = await fetch(url, { headers: { accept: 'text/event-stream' } })
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const messages = await Array.fromAsync(readEventStream(response))
    // Deltas may have been joined meanwhile.
    expect(messages.map(({ event }) => event)).toEqual([...messages.slice(1).map(() => 'next'), 'complete'])
    expect(messages.at(-2)?.data).toBe(JSON.stringify({ data: { followStream: { seq: events.at(-1)?.seq } } }))
  })
})

describe('A message over a WebSocket', () => {
  test.each([
    ['that is no JSON', 'hello'],
    ['of an unknown type', '{"type":"nobody"}'],
    ['without an id', '{"type":"subscribe","payload":{"query":"{ __typename }"}}'],
    ['without a query', '{"id":"1","type":"subscribe","payload":{}}'],
    ['with a query that is no text', '{"id":"1","type":"subscribe","payload":{"query":1}}'],
    ['with variables that are a text', '{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":"{}"}}'],
  ])('%s closes it with 4400 and reveals no internals', async (_, message) => {
    const socket = new WebSocket(endpoint().replace(/^http/, 'ws'), 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    socket.send(message)
    const [code, reason] = await once(socket, 'close')
    expect(code).toBe(4400)
    expect(String(reason)).not.toMatch(/\bat \S+ \(|\.ts\b|node_modules/)
  })
})
