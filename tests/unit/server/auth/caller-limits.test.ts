import { afterEach, describe, expect, test } from 'vitest'
import { defaultLimits, type ServerLimits } from '../../../../src/config/limits.ts'
import { EventStream } from '../../../support/clients/event-stream.ts'
import { newTestToken } from '../../../support/config/test-token.ts'
import { graphqlPost, type HttpExchange, sendHttpRequest } from '../../../support/server/http-exchange.ts'
import { RawSocket } from '../../../support/server/raw-socket.ts'
import { startTestSegue, type TestSegue } from '../../../support/server/segue.ts'

const user = newTestToken('phone', 'USER', ['default'])
const other = newTestToken('laptop', 'ADMIN')
const changes = 'subscription { conversationsChanged { kind } }'

let segue: TestSegue
afterEach(() => segue[Symbol.asyncDispose]())

async function start(limits: Partial<ServerLimits>, settings: { readonly trustProxy?: boolean } = {}): Promise<void> {
  segue = await startTestSegue({
    settings: { ...settings, tokens: [user, other], limits: { ...defaultLimits, ...limits } },
  })
}

const ask = (headers: Readonly<Record<string, string>> = user.headers): Promise<HttpExchange> =>
  sendHttpRequest(segue.url, graphqlPost('{ __typename }', headers))

async function expectRateLimited(exchange: Promise<HttpExchange>): Promise<void> {
  const { status, headers, text } = await exchange
  expect(status).toBe(429)
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
}

describe('within a minute', () => {
  test('a token may send its number of requests, on all transports together; another token has its own', async () => {
    await start({ requestsPerMinute: 3 })
    expect((await ask()).status).toBe(200)
    const socket = await RawSocket.open(segue.url, { token: user.text })
    for (const id of ['1', '2']) {
      socket.subscribe(id, '{ __typename }')
      expect(await socket.nextFor(id)).toMatchObject({ type: 'next' })
    }
    socket.subscribe('3', '{ __typename }')
    const code = { extensions: { code: 'RATE_LIMITED' } }
    expect(await socket.nextFor('3')).toMatchObject({ type: 'error', payload: [code] })
    await expectRateLimited(ask())
    expect((await ask(other.headers)).status).toBe(200)
    await socket.close()
  })

  test('an address may send its number of requests without a valid token; one that it has used is not held up', async () => {
    await start({ unauthenticatedRequestsPerMinute: 3 })
    expect((await ask()).status).toBe(200)
    expect((await ask({})).status).toBe(401)
    expect((await ask({ authorization: 'Bearer wrong' })).status).toBe(401)
    const socket = await RawSocket.connect(segue.url)
    socket.send({ type: 'connection_init', payload: { token: 'wrong' } })
    expect((await socket.closed).code).toBe(4401)
    await expectRateLimited(ask({}))
    await expectRateLimited(ask({ authorization: 'Bearer wrong' }))
    expect(await RawSocket.handshakeStatus(segue.url)).toBe(429)
    expect((await ask()).status).toBe(200)
  })

  test('a guess that is right does not show among too many that are wrong, on any path', async () => {
    await start({ unauthenticatedRequestsPerMinute: 3 })
    const send = (path: string, headers: Readonly<Record<string, string>>, accept = 'application/json') =>
      sendHttpRequest(segue.url, { path, headers: { ...headers, accept } })
    const withoutTime = (text: string): string => text.replace(/\d+ seconds?/, '')
    const paths = [
      ['/ready'],
      ['/', 'text/html'],
      ['/graphql?query={__typename}'],
      ['/files/upl_1'],
      ['/metrics'],
    ] as const
    for (const [path, accept] of paths) await send(path, { authorization: 'Bearer wrong' }, accept)
    for (const [path, accept] of paths) {
      const wrong = await send(path, { authorization: 'Bearer wrong' }, accept)
      const right = await send(path, other.headers, accept)
      expect([path, right.status, withoutTime(right.text)]).toEqual([path, wrong.status, withoutTime(wrong.text)])
    }
    expect(await RawSocket.handshakeStatus(segue.url, other.headers)).toBe(429)
    const signIn = { method: 'POST', path: '/sign-in', headers: { 'content-type': 'application/json' } }
    await expectRateLimited(sendHttpRequest(segue.url, { ...signIn, body: JSON.stringify({ token: other.text }) }))
  })

  test('sockets that say their token in connection_init do not count as attempts', async () => {
    await start({ unauthenticatedRequestsPerMinute: 1 })
    for (let count = 0; count < 3; count += 1) await (await RawSocket.open(segue.url, { token: user.text })).close()
    expect((await ask({})).status).toBe(401)
  })

  test('the address is what a trusted proxy says last, and the network of an IPv6 address', async () => {
    await start({ unauthenticatedRequestsPerMinute: 1 }, { trustProxy: true })
    const from = (address: string) => ask({ 'x-forwarded-for': address })
    expect((await from('203.0.113.1')).status).toBe(401)
    await expectRateLimited(from('198.51.100.7, 203.0.113.1'))
    expect((await from('203.0.113.1, 203.0.113.2')).status).toBe(401)
    expect((await from('2001:db8::1')).status).toBe(401)
    await expectRateLimited(from('2001:db8:0:0:1:2:3:4'))
    expect((await from('2001:db8:0:1::1')).status).toBe(401)
  })

  test('without a trusted proxy, what a client says of its address does not count', async () => {
    await start({ unauthenticatedRequestsPerMinute: 1 })
    expect((await ask({ 'x-forwarded-for': '203.0.113.1' })).status).toBe(401)
    await expectRateLimited(ask({ 'x-forwarded-for': '203.0.113.2' }))
  })
})

describe('at the same time', () => {
  test('a token may have its number of HTTP requests, until one ends', async () => {
    await start({ connectionsPerToken: 1 })
    const stream = await EventStream.open(segue.url, { query: changes, headers: user.headers })
    await expectRateLimited(ask())
    expect((await ask(other.headers)).status).toBe(200)
    stream.destroy()
    await expect.poll(async () => (await ask()).status).toBe(200)
  })

  test('a token may have its number of sockets', async () => {
    await start({ socketsPerToken: 1 })
    const first = await RawSocket.open(segue.url, { token: user.text })
    const second = await RawSocket.connect(segue.url)
    second.send({ type: 'connection_init', payload: { token: user.text } })
    expect(await second.closed).toMatchObject({ code: 1013, reason: expect.stringContaining('1 sockets already') })
    await first.close()
    await expect
      .poll(async () => {
        const socket = await RawSocket.connect(segue.url)
        socket.send({ type: 'connection_init', payload: { token: user.text } })
        return socket.next().then(
          ({ type }) => type,
          () => 'closed',
        )
      })
      .toBe('connection_ack')
  })

  test('a token may have its number of subscriptions, over all its connections, until one ends', async () => {
    await start({ subscriptionsPerToken: 2 })
    const socket = await RawSocket.open(segue.url, { token: user.text })
    socket.subscribe('1', changes)
    expect(await socket.nextFor('1')).toMatchObject({ type: 'next' })
    const stream = await EventStream.open(segue.url, { query: changes, headers: user.headers })
    socket.subscribe('2', changes)
    expect(await socket.nextFor('2')).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'RATE_LIMITED' } }],
    })
    const request = graphqlPost(changes, { ...user.headers, accept: 'text/event-stream' })
    await expectRateLimited(sendHttpRequest(segue.url, request))
    socket.send({ id: '1', type: 'complete' })
    socket.subscribe('3', changes)
    expect(await socket.nextFor('3')).toMatchObject({ type: 'next' })
    stream.destroy()
    await socket.close()
  })
})

test('a server without tokens has no such limits', async () => {
  await start({ requestsPerMinute: 1, connectionsPerToken: 1, socketsPerToken: 1, subscriptionsPerToken: 1 })
  segue.tokens.replace([])
  const sockets = await Promise.all([RawSocket.open(segue.url), RawSocket.open(segue.url)])
  for (const socket of sockets) socket.subscribe('1', changes)
  for (const socket of sockets) expect(await socket.nextFor('1')).toMatchObject({ type: 'next' })
  for (let count = 0; count < 3; count += 1) expect((await ask({})).status).toBe(200)
  for (const socket of sockets) await socket.close()
})
