import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestSegue, type TestSegue } from '../../tests/support/server/segue.ts'
import { startHttpServer } from '../../tests/support/server/small-server.ts'
import { startTcpProxy } from '../../tests/support/server/tcp-proxy.ts'
import { type SegueClient, SegueError } from '../src/index.ts'
import { catchError, collect, newClient, transports } from './support/client.ts'

let segue: TestSegue
beforeAll(async () => {
  segue = await startTestSegue()
})
afterAll(() => segue[Symbol.asyncDispose]())

/** Resolves with the next change of the connection. */
function waitForChange({ connection }: SegueClient): Promise<boolean> {
  return new Promise((resolve) => {
    const unsubscribe = connection.subscribe(() => {
      unsubscribe()
      resolve(connection.getSnapshot().isLost)
    })
  })
}

async function newSession(): Promise<string> {
  using client = newClient({ url: segue.url })
  const { created } = await client.request<{ readonly created: { readonly id: string } }>(
    'mutation { created: createSession(input: {}) { id } }',
  )
  return created.id
}

test('a connection waits for the WebSocket that is promised, and requests do not', async () => {
  await using proxy = await startTcpProxy(segue.url)
  const { promise: webSocketImpl, resolve: allow } = Promise.withResolvers<typeof WebSocket>()
  using client = newClient({ url: proxy.url, webSocketImpl })
  const changes = client.subscribe<{ readonly event: { readonly kind: string } }, object>(
    'subscription { event: conversationsChanged { kind } }',
    {},
  )
  const first = changes.next()
  await client.request('{ __typename }')
  expect(proxy.connectionCount).toBe(1)
  allow(WebSocket)
  expect(await first).toEqual({ done: false, value: { event: { kind: 'READY' } } })
  expect(proxy.connectionCount).toBe(2)
})

describe.each(transports)('over %s, the connection', (transport) => {
  test('is lost with a cut, and not lost any more when it is back, also if nothing happens', async () => {
    await using proxy = await startTcpProxy(segue.url)
    using client = newClient({ url: proxy.url, transport })
    const following = client.followSession(await newSession())
    const waiting = following.next()
    await expect.poll(() => proxy.connectionCount).toBe(1)
    expect(client.connection.getSnapshot()).toEqual({ isLost: false })

    const lost = waitForChange(client)
    proxy.refuseConnections()
    expect(await lost).toBe(true)
    const back = waitForChange(client)
    proxy.acceptConnections()
    expect(await back).toBe(false)
    await following.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  test('is lost from the first try on, if there is no server, and each loss is told', async () => {
    await using proxy = await startTcpProxy(segue.url)
    proxy.refuseConnections()
    const losses: boolean[] = []
    using client = newClient({
      url: proxy.url,
      transport,
      onConnectionLost: () => losses.push(client.connection.getSnapshot().isLost),
    })
    const changes: boolean[] = []
    client.connection.subscribe(() => changes.push(client.connection.getSnapshot().isLost))
    const chat = collect(client.chat({ text: 'Hi' }))
    await expect.poll(() => losses.length).toBeGreaterThan(1)
    proxy.acceptConnections()
    expect((await chat).at(-1)).toMatchObject({ type: 'StreamFinished' })
    expect(losses).toEqual(losses.map(() => true))
    expect(changes).toEqual([true, false])
  })
})

describe('the connection', () => {
  test('is lost with a request, and back with the next response, also one that refuses', async () => {
    await using proxy = await startTcpProxy(segue.url)
    using client = newClient({ url: proxy.url })
    for (const query of ['{ __typename }', '{ unknown }']) {
      proxy.refuseConnections()
      expect(await catchError(client.request('{ __typename }'))).toMatchObject({ code: 'CONNECTION_LOST' })
      expect(client.connection.getSnapshot().isLost).toBe(true)
      proxy.acceptConnections()
      await catchError(client.request(query))
      expect(client.connection.getSnapshot().isLost).toBe(false)
    }
  })

  test('stays lost if somebody gives up waiting', async () => {
    await using proxy = await startTcpProxy(segue.url)
    proxy.refuseConnections()
    using client = newClient({ url: proxy.url, reconnect: { minDelayMs: 3_600_000, maxDelayMs: 3_600_000 } })
    const giving = new AbortController()
    const lost = waitForChange(client)
    const error = catchError(client.request('{ __typename }', {}, { signal: giving.signal }))
    await lost
    giving.abort(new Error('Not needed.'))
    expect(await error).toEqual(new Error('Not needed.'))
    expect(client.connection.getSnapshot().isLost).toBe(true)
  })
})

describe('a client that is closed', () => {
  test('has its requests aborted, on the server as well, and sends no others', async () => {
    const closed = Promise.withResolvers<void>()
    const received = Promise.withResolvers<void>()
    await using server = await startHttpServer((request) => {
      void once(request.socket, 'close').then(() => closed.resolve())
      received.resolve()
    })
    const client = newClient({ url: server.url })
    const request = catchError(client.request('mutation { a }'))
    await received.promise
    client.close()
    expect(await request).toMatchObject({ name: 'AbortError' })
    await closed.promise
    for (const later of [client.request('{ a }'), client.cancel('str_1'), client.file('/files/msg_1/0')]) {
      expect(await catchError(later)).toMatchObject({ name: 'AbortError' })
    }
    expect(server.requests).toHaveLength(1)
  })

  test('does not try again what was lost', async () => {
    await using proxy = await startTcpProxy(segue.url)
    proxy.refuseConnections()
    const client = newClient({ url: proxy.url, reconnect: { minDelayMs: 3_600_000, maxDelayMs: 3_600_000 } })
    const lost = waitForChange(client)
    const error = catchError(client.file('/files/msg_1/0'))
    await lost
    client.close()
    expect(await error).toMatchObject({ name: 'AbortError' })
    expect(await error).not.toBeInstanceOf(SegueError)
  })
})
