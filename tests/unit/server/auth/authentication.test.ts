import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventStream } from '../../../support/clients/event-stream.ts'
import { newTestToken } from '../../../support/config/test-token.ts'
import { graphqlPost, sendHttpRequest } from '../../../support/server/http-exchange.ts'
import { post } from '../../../support/server/post.ts'
import { RawSocket } from '../../../support/server/raw-socket.ts'
import { startTestSegue, type TestSegue } from '../../../support/server/segue.ts'

const admin = newTestToken('laptop', 'ADMIN')
const user = newTestToken('phone', 'USER', ['default'])
const reader = newTestToken('screen', 'READ', ['default'])
const wrong = { authorization: 'Bearer test-token-of-nobody' }

const viewerQuery = '{ server { viewer { name role profiles { name } } } }'
const changes = 'subscription { conversationsChanged { kind } }'
const eventStream = { accept: 'text/event-stream' }
const upload = (headers = {}) => ({
  method: 'POST',
  path: '/files?name=a.txt',
  headers: { 'content-type': 'text/plain', ...headers },
  body: 'text',
})

let segue: TestSegue
beforeEach(async () => {
  segue = await startTestSegue({ settings: { tokens: [admin, user, reader] } })
})
afterEach(() => segue[Symbol.asyncDispose]())

describe('a server with tokens', () => {
  test.each([
    ['a query', graphqlPost(viewerQuery)],
    ['a query over GET', { path: '/graphql?query={__typename}' }],
    ['a batch', { ...graphqlPost(''), body: JSON.stringify([{ query: '{ __typename }' }]) }],
    ['an event stream', graphqlPost(changes, eventStream)],
    ['an event stream over GET', { path: `/graphql?query=${encodeURIComponent(changes)}`, headers: eventStream }],
    ['a file', { path: '/files/msg_1/0' }],
    ['an upload', upload()],
  ])('answers %s with 401 when the token is missing or wrong', async (_, request) => {
    for (const headers of [{}, wrong, { authorization: admin.text }, { authorization: `Basic ${admin.text}` }]) {
      const response = await sendHttpRequest(segue.url, {
        ...request,
        headers: { ...('headers' in request && request.headers), ...headers },
      })
      expect(response).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="Segue"' } })
      expect(JSON.parse(response.text)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
    }
  })

  test('answers /health to anybody', async () => {
    expect(await sendHttpRequest(segue.url, { path: '/health' })).toMatchObject({ status: 200 })
  })

  test('says who asks, over HTTP, in a batch, as an event stream and over WebSocket', async () => {
    const viewer = { name: 'phone', role: 'USER', profiles: [{ name: 'default' }] }
    const expected = { data: { server: { viewer } } }
    expect((await post(segue.url, viewerQuery, {}, user.headers)).data).toEqual(expected.data)
    const batch = { ...graphqlPost('', user.headers), body: JSON.stringify([{ query: viewerQuery }]) }
    expect(JSON.parse((await sendHttpRequest(segue.url, batch)).text)).toEqual([expected])
    const stream = await EventStream.open(segue.url, { query: viewerQuery, headers: user.headers })
    expect(JSON.parse((await stream.next())?.data ?? '')).toEqual(expected)
    for (const payload of [{ token: user.text }, user.headers, { Authorization: user.headers.authorization }]) {
      const socket = await RawSocket.open(segue.url, payload)
      socket.subscribe('1', viewerQuery)
      expect(await socket.nextFor('1')).toMatchObject({ type: 'next', payload: expected })
      await socket.close()
    }
  })

  test('takes the scheme in any case, and the token of a handshake', async () => {
    const headers = { authorization: `bearer  ${reader.text}` }
    expect((await post(segue.url, viewerQuery, {}, headers)).status).toBe(200)
    const socket = await RawSocket.connect(segue.url, { headers: reader.headers })
    socket.send({ type: 'connection_init' })
    expect(await socket.next()).toEqual({ type: 'connection_ack' })
    await socket.close()
  })

  test('refuses the handshake with a wrong token, and closes a socket that says no right one with 4401', async () => {
    expect(await RawSocket.handshakeStatus(segue.url, wrong)).toBe(401)
    for (const payload of [undefined, {}, { token: 'wrong' }, { token: 1 }, wrong]) {
      const socket = await RawSocket.connect(segue.url)
      socket.send({ type: 'connection_init', payload })
      expect((await socket.closed).code).toBe(4401)
    }
    const socket = await RawSocket.connect(segue.url)
    socket.subscribe('1', viewerQuery)
    expect((await socket.closed).code).toBe(4401)
  })

  test('lets only tokens that may write upload files', async () => {
    expect((await sendHttpRequest(segue.url, upload(reader.headers))).status).toBe(403)
    expect((await sendHttpRequest(segue.url, upload(user.headers))).status).toBe(201)
  })

  test('has no token in a URL', async () => {
    const paths = ['token', 'access_token', 'authorization'].map(
      (name) => `/graphql?query={__typename}&${name}=${admin.text}`,
    )
    for (const path of paths) expect((await sendHttpRequest(segue.url, { path })).status).toBe(401)
  })
})

describe('a token that is removed', () => {
  test('is refused, and ends its sockets with 4403 and its event streams; others stay', async () => {
    const socket = await RawSocket.open(segue.url, { token: user.text })
    socket.subscribe('1', changes)
    await socket.nextFor('1')
    const kept = await RawSocket.open(segue.url, { token: reader.text })
    const stream = await EventStream.open(segue.url, { query: changes, headers: user.headers })
    await stream.next()
    segue.tokens.replace([admin, reader])
    expect((await socket.closed).code).toBe(4403)
    expect(await stream.readToEnd()).toEqual([])
    expect((await post(segue.url, viewerQuery, {}, user.headers)).status).toBe(401)
    kept.subscribe('1', viewerQuery)
    expect(await kept.nextFor('1')).toMatchObject({ type: 'next' })
    await kept.close()
  })

  test('ends its connections as well when only its role or its profiles change', async () => {
    const socket = await RawSocket.open(segue.url, { token: user.text })
    segue.tokens.replace([admin, reader, { ...user, viewer: { ...user.viewer, role: 'READ' } }])
    expect((await socket.closed).code).toBe(4403)
    expect((await post(segue.url, viewerQuery, {}, user.headers)).data).toMatchObject({
      server: { viewer: { role: 'READ' } },
    })
  })
})

describe('a server without tokens', () => {
  beforeEach(() => segue.tokens.replace([]))

  test('takes everybody on this machine for its admin, whatever token they send', async () => {
    const viewer = { name: null, role: 'ADMIN', profiles: [{ name: 'default' }] }
    for (const headers of [{}, wrong])
      expect((await post(segue.url, viewerQuery, {}, headers)).data).toEqual({ server: { viewer } })
  })

  test.each(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-anything'])(
    'refuses a request with %s: it comes from elsewhere',
    async (name) => {
      const headers = { [name]: 'for=127.0.0.1' }
      expect((await post(segue.url, viewerQuery, {}, headers)).status).toBe(401)
      expect(await RawSocket.handshakeStatus(segue.url, headers)).toBe(401)
    },
  )

  test('ends the connections that have none when the first token is added', async () => {
    const socket = await RawSocket.open(segue.url)
    segue.tokens.replace([admin])
    expect((await socket.closed).code).toBe(4403)
  })
})
