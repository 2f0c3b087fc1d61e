import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { WebSocketServer } from 'ws'
import {
  CreateSessionDocument,
  type CreateSessionMutation,
  SessionsDocument,
} from '../../tests/contract/generated/graphql.ts'
import { startTestSegue, type TestSegue } from '../../tests/support/server/segue.ts'
import { startHttpServer } from '../../tests/support/server/small-server.ts'
import { startTcpProxy } from '../../tests/support/server/tcp-proxy.ts'
import { SegueError } from '../src/index.ts'
import { catchError, collect, newClient, transports } from './support/client.ts'

let segue: TestSegue
beforeAll(async () => {
  segue = await startTestSegue()
})
afterAll(() => segue[Symbol.asyncDispose]())

/** Answers the requests one after the other, and all further ones as the last. */
function inOrder(...listeners: readonly RequestListener[]): RequestListener {
  let index = 0
  return (request, response) => listeners[Math.min(index++, listeners.length - 1)]?.(request, response)
}

function respond(status: number, body: unknown, contentType = 'application/json'): RequestListener {
  return (_, response) => {
    response.writeHead(status, { 'content-type': contentType })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

const keyOf = ({ headers }: IncomingMessage): unknown => headers['idempotency-key']
const refuse = (code: string): object => ({ errors: [{ message: 'No.', extensions: { code } }] })
const worked = respond(200, { data: { ok: true } })

describe('a request', () => {
  test('has the types of a generated document', async () => {
    using client = newClient({ url: segue.url })
    const data = await client.request(CreateSessionDocument, { title: 'Typed' })
    expectTypeOf(data).toEqualTypeOf<CreateSessionMutation>()
    expect(data.createSession?.title).toBe('Typed')
    const { sessions } = await client.request(SessionsDocument, { first: 1 })
    expect(sessions.edges).toHaveLength(1)
  })

  test('takes a text, and an object of a class that is a text', async () => {
    using client = newClient({ url: `${segue.url}/graphql` })
    class TypedDocumentString extends String {
      declare readonly __apiType?: (variables: Record<string, never>) => { readonly __typename: 'Query' }
    }
    const { __typename } = await client.request(new TypedDocumentString('{ __typename }'))
    expect(__typename).toBe('Query')
    expect(await client.request<{ __typename: string }>('{ __typename }')).toEqual({ __typename: 'Query' })
  })

  test('outlives the page where that is asked for', async () => {
    const keepalive: unknown[] = []
    const recordingFetch: typeof fetch = (url, init) => {
      keepalive.push(init?.keepalive)
      return fetch(url, init)
    }
    using client = newClient({ url: segue.url, fetch: recordingFetch })
    await client.request('{ __typename }')
    await client.request('{ __typename }', {}, { keepalive: true })
    expect(keepalive).toEqual([false, true])
  })

  test('that is lost is sent again with the same key, so that nothing is done twice', async () => {
    await using proxy = await startTcpProxy(segue.url)
    using client = newClient({ url: proxy.url, reconnect: { minDelayMs: 10, maxDelayMs: 20, idleTimeoutMs: 400 } })
    // Opens the connection that is used next.
    await client.request('{ __typename }')
    proxy.withholdResponses()
    const creating = client.request(CreateSessionDocument, { title: 'Only once' })
    await expect.poll(async () => (await readTitles()).length).toBe(1)
    proxy.resetConnections()
    expect((await creating).createSession?.title).toBe('Only once')
    expect(await readTitles()).toHaveLength(1)
  })

  test('is sent again, with one key, after whatever may pass', async () => {
    const drop: RequestListener = (_, response) => response.destroy()
    const stopping = respond(200, refuse('SHUTTING_DOWN'))
    const listener = inOrder(respond(503, 'Busy', 'text/plain'), drop, stopping, respond(200, '{"data":{"o'), worked)
    await using server = await startHttpServer(listener)
    using client = newClient({ url: server.url })
    expect(await client.request('mutation { ok }')).toEqual({ ok: true })
    expect(server.requests).toHaveLength(5)
    expect(new Set(server.requests.map(keyOf)).size).toBe(1)
    await client.request('mutation { ok }')
    expect(new Set(server.requests.map(keyOf)).size).toBe(2)
  })

  test('fails with CONNECTION_LOST after six tries', async () => {
    await using server = await startHttpServer(respond(502, '<html>', 'text/html'))
    using client = newClient({ url: server.url })
    expect(await catchError(client.request('{ a }'))).toMatchObject({ name: 'SegueError', code: 'CONNECTION_LOST' })
    expect(server.requests).toHaveLength(6)
  })

  test.each([
    ['the code of the server', respond(200, refuse('NOT_FOUND')), 'NOT_FOUND'],
    [
      'the code of a response with another status',
      respond(400, refuse('GRAPHQL_PARSE_FAILED')),
      'GRAPHQL_PARSE_FAILED',
    ],
    ['UNAUTHENTICATED', respond(401, ''), 'UNAUTHENTICATED'],
    ['FORBIDDEN', respond(403, 'No', 'text/plain'), 'FORBIDDEN'],
    ['UNEXPECTED_RESPONSE for the page of another server', respond(200, '<html>', 'text/html'), 'UNEXPECTED_RESPONSE'],
  ])('that is refused fails at once with %s', async (_, listener, code) => {
    await using server = await startHttpServer(listener)
    using client = newClient({ url: server.url, transport: 'sse' })
    const error = await catchError(client.request('{ a }'))
    expect(error).toBeInstanceOf(SegueError)
    expect(error).toMatchObject({ code })
    expect(server.requests).toHaveLength(1)
    // So does an iteration.
    expect(await catchError(collect(client.follow('str_1')))).toMatchObject({ code })
    expect(server.requests).toHaveLength(2)
  })

  test('that fails in part keeps the rest in the error', async () => {
    using client = newClient({ url: segue.url })
    const error = await catchError(
      client.request('mutation { a: createSession(input: {}) { title } b: deleteSession(id: "x") }'),
    )
    expect(error).toMatchObject({ code: 'NOT_FOUND', data: { a: { title: null }, b: null }, errors: [{ path: ['b'] }] })
  })

  test('is given up with the reason of its signal', async () => {
    await using server = await startHttpServer(() => {})
    using client = newClient({ url: server.url })
    const giving = new AbortController()
    const error = catchError(client.request('{ a }', {}, { signal: giving.signal }))
    giving.abort(new Error('Not needed.'))
    expect(await error).toEqual(new Error('Not needed.'))
  })
})

async function readTitles(): Promise<string[]> {
  using client = newClient({ url: segue.url })
  const { sessions } = await client.request(SessionsDocument, {})
  return sessions.edges.flatMap(({ node }) => (node.title === 'Only once' ? [node.title] : []))
}

describe('a server that cannot be reached', () => {
  test.each(transports)('is named with what to check, over %s; one that was reached is lost', async (transport) => {
    await using proxy = await startTcpProxy(segue.url)
    proxy.refuseConnections()
    const losses: string[] = []
    const onConnectionLost = ({ message }: Error): void => {
      losses.push(message)
      proxy.acceptConnections()
    }
    using client = newClient({ url: proxy.url, transport, onConnectionLost })
    const lost = 'The connection to the server is lost.'
    for await (const { isLoading } of client.conversations()) {
      if (losses.includes(lost)) break
      if (!isLoading) proxy.refuseConnections()
    }
    const unreachable = losses.find((message) => message !== lost)
    expect(unreachable).toMatch(
      /^The server at (http|ws):\/\/127\.0\.0\.1:\d+\/graphql cannot be reached\. Check the url, that the server runs, and that it allows the origin of the page\.$/,
    )
  })

  test('is named in the error of a request', async () => {
    await using proxy = await startTcpProxy(segue.url)
    proxy.refuseConnections()
    using client = newClient({ url: proxy.url })
    expect(await catchError(client.request('{ a }'))).toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining(`The server at ${proxy.url}/graphql cannot be reached.`),
    })
  })
})

describe('the token', () => {
  test('is sent with each request, and asked for again each time', async () => {
    await using server = await startHttpServer(worked)
    let count = 0
    using client = newClient({ url: server.url, token: async () => `token-${(count += 1)}` })
    await client.request('{ ok }')
    await client.request('{ ok }')
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  test.each([undefined, null, ''])('that is %j is not sent', async (value) => {
    await using server = await startHttpServer(worked)
    using client = newClient({ url: server.url, token: () => value })
    await client.request('{ ok }')
    expect(server.requests[0]?.headers.authorization).toBeUndefined()
  })

  test.each(transports)('that cannot be had now is asked for again, over %s', async (transport) => {
    let count = 0
    const losses: Error[] = []
    using client = newClient({
      url: segue.url,
      transport,
      onConnectionLost: (error) => losses.push(error),
      token: async () => {
        count += 1
        if (count < 3) throw new Error('The login is out of reach.')
        return 'token'
      },
    })
    expect((await collect(client.chat({ text: 'Hi' }))).at(-1)).toMatchObject({ type: 'StreamFinished' })
    const loss = { message: 'There is no token: its function failed.', cause: new Error('The login is out of reach.') }
    expect(losses[0]).toMatchObject(loss)
    expect(count).toBe(3)
  })

  test.each(transports)('ends what needs it if its function throws a SegueError, over %s', async (transport) => {
    const token = async (): Promise<string> => {
      throw new SegueError('UNAUTHENTICATED', 'Sign in again.')
    }
    using client = newClient({ url: segue.url, transport, token })
    const refusal = { code: 'UNAUTHENTICATED', message: 'Sign in again.' }
    expect(await catchError(collect(client.chat({ text: 'Hi' })))).toMatchObject(refusal)
    expect(await catchError(client.request('{ __typename }'))).toMatchObject(refusal)
    expect(await catchError(collect(client.conversations()))).toMatchObject(refusal)
    expect(await catchError(collect(client.decisions()))).toMatchObject(refusal)
  })

  test('is sent for files of the server', async () => {
    await using server = await startHttpServer(respond(200, 'bytes', 'text/plain'))
    using client = newClient({ url: `${server.url}/behind/graphql`, token: 'secret' })
    const blob = await client.file('/files/msg_1/0')
    expect(await blob.text()).toBe('bytes')
    expect(blob.type).toBe('text/plain')
    expect(server.requests[0]).toMatchObject({
      url: '/behind/files/msg_1/0',
      headers: { authorization: 'Bearer secret' },
    })
  })

  test('is sent with an upload, which messages can have', async () => {
    using client = newClient({ url: segue.url, token: 'secret' })
    const file = await client.upload(new File(['Hello'], 'hello.md', { type: 'text/markdown' }))
    expect(file).toEqual({ name: 'hello.md', mediaType: 'text/markdown', url: expect.stringMatching(/^\/files\/upl_/) })
    expect(await (await client.file(file.url)).text()).toBe('Hello')
    const [started] = await collect(client.chat({ text: 'Read this', files: [file] }))
    expect(started?.type).toBe('StreamStarted')
    expect(await catchError(client.upload(new Blob([])))).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'The file is empty.',
    })

    await using server = await startHttpServer(respond(201, JSON.stringify({ ...file, size: 5 }), 'application/json'))
    using other = newClient({ url: `${server.url}/behind/graphql`, token: 'secret' })
    await other.upload(new Blob(['a']), { name: 'a b', profile: 'work' })
    expect(server.requests[0]).toMatchObject({
      ...{ method: 'POST', url: '/behind/files?name=a+b&profile=work', headers: { authorization: 'Bearer secret' } },
    })
  })

  test('does not matter for a file that does not exist', async () => {
    using client = newClient({ url: segue.url })
    const missing = { code: 'NOT_FOUND', message: 'The server has no file at this URL. Read its message again.' }
    expect(await catchError(client.file('/files/msg_1/0'))).toMatchObject(missing)
  })

  test.each([
    'https://example.com/files/msg_1/0',
    '//example.com/files/msg_1/0',
    '/files/../graphql',
    '/other/files/a',
    'data:text/plain,a',
  ])('is never sent to %s', async (url) => {
    await using server = await startHttpServer(worked)
    using client = newClient({ url: server.url, token: 'secret' })
    expect(await catchError(client.file(url))).toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(server.requests).toHaveLength(0)
  })

  test('is not sent where a redirect leads', async () => {
    await using other = await startHttpServer(worked)
    const redirect: RequestListener = (_, response) =>
      response.writeHead(302, { location: `${other.url}/files/a` }).end()
    await using server = await startHttpServer(redirect)
    using client = newClient({ url: server.url, token: 'secret' })
    expect(await catchError(client.file('/files/a'))).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(other.requests).toHaveLength(0)
  })
})

describe('a WebSocket', () => {
  test.each([
    [1009, 'TOO_LARGE'],
    [4400, 'BAD_USER_INPUT'],
    [4401, 'UNAUTHENTICATED'],
    [4403, 'FORBIDDEN'],
    [4500, 'INTERNAL'],
  ])('that the server closes with %i is refused with %s', async (closeCode, code) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    let count = 0
    server.on('connection', (socket) => {
      count += 1
      socket.close(closeCode, 'Because.')
    })
    const address = server.address()
    using client = newClient({
      url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
      transport: 'ws',
    })
    const error = await catchError(collect(client.follow('str_1')))
    server.close()
    expect(error).toMatchObject({ name: 'SegueError', code, message: 'Because.' })
    expect(count).toBe(1)
  })
})

describe('an event stream', () => {
  const next = (seq: number): string =>
    `id: ${seq}\nevent: next\ndata: {"data":{"event":{"__typename":"TextDelta","seq":${seq},"at":"2026-01-01T00:00:00Z","sessionId":"ses_1","streamId":"str_1","messageId":"msg_1","partIndex":0,"offset":0,"text":"Hi"}}}\n\n`
  const stream = (body: string): RequestListener => respond(200, body, 'text/event-stream; charset=utf-8')

  test('that ends without being complete goes on after its last whole event', async () => {
    const listener = inOrder(
      stream(next(1)),
      stream(`:\n\n${next(2)}${next(3).slice(0, -20)}`),
      stream(`${next(3)}event: complete\ndata:\n\n`),
    )
    await using server = await startHttpServer(listener)
    using client = newClient({ url: server.url, transport: 'sse' })
    expect((await collect(client.follow('str_1'))).map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(server.requests).toHaveLength(3)
  })

  test('that has events again does not show them again', async () => {
    const listener = inOrder(
      stream(next(1) + next(2)),
      stream(`${next(1)}${next(2)}${next(3)}event: complete\ndata:\n\n`),
    )
    await using server = await startHttpServer(listener)
    using client = newClient({ url: server.url, transport: 'sse' })
    expect((await collect(client.follow('str_1'))).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })
})
