import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newTestToken } from '../../../support/config/test-token.ts'
import { graphqlPost, sendHttpRequest } from '../../../support/server/http-exchange.ts'
import { RawSocket } from '../../../support/server/raw-socket.ts'
import { newHome, startTestSegue, type TestSegue } from '../../../support/server/segue.ts'

const phone = newTestToken('phone', 'USER', ['default'])
const laptop = newTestToken('laptop', 'ADMIN')
const csrf = { 'x-segue-csrf': '1' }

let segue: TestSegue
beforeEach(async () => {
  segue = await startTestSegue({ settings: { tokens: [phone, laptop] } })
})
afterEach(() => segue[Symbol.asyncDispose]())

function signIn(body: unknown, headers = {}) {
  return sendHttpRequest(segue.url, {
    method: 'POST',
    path: '/sign-in',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** What a browser sends back of a Set-Cookie header. */
async function readCookie(): Promise<string> {
  const { status, headers } = await signIn({ token: phone.text })
  expect(status).toBe(204)
  const [setCookie = ''] = headers['set-cookie'] ?? []
  return setCookie.replace(/;.*/, '')
}

async function readViewer(headers: Readonly<Record<string, string>>) {
  const { status, text } = await sendHttpRequest(segue.url, graphqlPost('{ server { viewer { name } } }', headers))
  return { status, ...JSON.parse(text) }
}

describe('POST /sign-in', () => {
  test('gives a browser a cookie that scripts cannot read, for 30 days', async () => {
    const { headers } = await signIn({ token: ` ${phone.text}\n` })
    const [cookie] = headers['set-cookie'] ?? []
    expect(cookie).toMatch(/^segue_sign_in_[0-9a-f]{8}=[\w.-]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(phone.text)
    expect(headers['cache-control']).toBe('no-store')
  })

  test.each([
    [401, 'a token that is not valid', { token: 'test-token-of-nobody' }],
    [400, 'a body without a token', { password: 'secret' }],
    [400, 'no object', null],
    [400, 'a very long token', { token: 'x'.repeat(5000) }],
  ])('answers with %i to %s, and sets no cookie', async (status, _, body) => {
    const response = await signIn(body)
    expect(response.status).toBe(status)
    expect(response.headers).not.toHaveProperty('set-cookie')
    expect(JSON.parse(response.text)).toHaveProperty('errors.0.message')
  })

  test('says that a server without tokens needs none', async () => {
    await using open = await startTestSegue()
    const request = { method: 'POST', path: '/sign-in', headers: { 'content-type': 'application/json' }, body: '{}' }
    const { status, text } = await sendHttpRequest(open.url, request)
    expect([status, JSON.parse(text).errors[0].message]).toEqual([400, 'This server needs no token.'])
  })

  test('marks the cookie as secure behind a trusted proxy that speaks TLS', async () => {
    const forwarded = { 'x-forwarded-proto': 'https' }
    const { headers } = await signIn({ token: phone.text }, forwarded)
    expect(headers['set-cookie']?.[0]).not.toContain('Secure')
    await using behindProxy = await startTestSegue({ settings: { tokens: [phone], trustProxy: true } })
    const request = {
      method: 'POST',
      path: '/sign-in',
      headers: { 'content-type': 'application/json', ...forwarded },
      body: JSON.stringify({ token: phone.text }),
    }
    expect((await sendHttpRequest(behindProxy.url, request)).headers['set-cookie']?.[0]).toContain('; Secure')
  })
})

describe('a request with the cookie', () => {
  test('is one of the token, with the header that other pages cannot send', async () => {
    const cookie = await readCookie()
    expect(await readViewer({ cookie, ...csrf })).toMatchObject({ data: { server: { viewer: { name: 'phone' } } } })
    expect(await readViewer({ cookie })).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    const query = { path: '/graphql?query={__typename}', headers: { cookie } }
    expect(await sendHttpRequest(segue.url, query)).toMatchObject({ status: 200 })
  })

  test('gives way to the header Authorization', async () => {
    const headers = { cookie: await readCookie(), ...laptop.headers }
    expect(await readViewer(headers)).toMatchObject({ data: { server: { viewer: { name: 'laptop' } } } })
  })

  test('is refused when the cookie was changed, or its token was removed', async () => {
    const cookie = await readCookie()
    const forged = cookie.replace(phone.sha256, laptop.sha256)
    for (const wrong of [forged, `${cookie}x`, cookie.slice(0, -1), cookie.replace(/=.*/, '=a.b.c')])
      expect(await readViewer({ cookie: wrong, ...csrf })).toMatchObject({ status: 401 })
    segue.tokens.replace([laptop])
    expect(await readViewer({ cookie, ...csrf })).toMatchObject({ status: 401 })
  })

  test('opens a WebSocket from the page of the server, and from no other', async () => {
    const cookie = await readCookie()
    const own = await RawSocket.connect(segue.url, { headers: { cookie, origin: segue.url } })
    own.send({ type: 'connection_init' })
    expect(await own.next()).toEqual({ type: 'connection_ack' })
    await own.close()
    const others = [{}, { origin: 'http://localhost:1' }]
    for (const headers of others) {
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
      const request = {
        path: '/graphql',
        headers: { ...upgrade, 'sec-websocket-key': 'a'.repeat(22) + '==', cookie, ...headers },
      }
      expect(await sendHttpRequest(segue.url, request)).toMatchObject({ status: 403 })
    }
  })
})

test('a browser stays signed in when the server starts again', async () => {
  const home = newHome()
  const settings = { tokens: [phone], home }
  const request = {
    method: 'POST',
    path: '/sign-in',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: phone.text }),
  }
  let cookie = ''
  {
    await using first = await startTestSegue({ settings })
    cookie = (await sendHttpRequest(first.url, request)).headers['set-cookie']?.[0]?.replace(/;.*/, '') ?? ''
  }
  await using second = await startTestSegue({ settings })
  const query = { path: '/graphql?query={__typename}', headers: { cookie } }
  expect(await sendHttpRequest(second.url, query)).toMatchObject({ status: 200 })
})

test('a browser stays signed in to each of several servers on one host, whose cookies do not know their ports', async () => {
  await using other = await startTestSegue({ settings: { tokens: [phone] } })
  const own = await readCookie()
  const body = { method: 'POST', path: '/sign-in', headers: { 'content-type': 'application/json' } }
  const response = await sendHttpRequest(other.url, { ...body, body: JSON.stringify({ token: phone.text }) })
  const othersCookie = response.headers['set-cookie']?.[0]?.replace(/;.*/, '') ?? ''
  expect(othersCookie.split('=')[0]).not.toBe(own.split('=')[0])
  const query = { path: '/graphql?query={__typename}' }
  for (const { url } of [segue, other]) {
    const headers = { cookie: `${own}; ${othersCookie}` }
    expect(await sendHttpRequest(url, { ...query, headers })).toMatchObject({ status: 200 })
  }
  expect(await sendHttpRequest(segue.url, { ...query, headers: { cookie: othersCookie } })).toMatchObject({
    status: 401,
  })
})

test('POST /sign-out makes the browser forget the cookie', async () => {
  const request = { method: 'POST', path: '/sign-out', headers: { 'content-type': 'application/json' } }
  const { status, headers } = await sendHttpRequest(segue.url, request)
  const [name] = (await readCookie()).split('=')
  expect([status, headers['set-cookie']]).toEqual([204, [`${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict`]])
})

test.each(['/', '/chat/ses_1', '/graphql', '/sign-in'])('a browser that opens %s is shown the form', async (path) => {
  const { headers, text } = await sendHttpRequest(segue.url, { path, headers: { accept: 'text/html' } })
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  expect(headers['content-security-policy']).not.toContain('unsafe')
  expect(text).toContain('Sign in to Segue')
})

describe('a request that names two hosts', () => {
  test.each([
    ['in its target', 'GET http://evil.example/graphql?query={__typename} HTTP/1.1\r\nHost: HOST\r\n'],
    ['in two headers', 'GET /graphql?query={__typename} HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n'],
  ])('%s is refused', async (_, head) => {
    expect(await sendRaw(head)).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('is taken if they are the same', async () => {
    const head = `GET http://HOST/graphql?query={__typename} HTTP/1.1\r\nHost: HOST\r\n`
    expect(await sendRaw(`${head}Authorization: ${phone.headers.authorization}\r\n`)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

/** Sends the head of a request as it is, with the server's host in the place of HOST, and returns the response. */
async function sendRaw(head: string): Promise<string> {
  const { hostname, port, host } = new URL(segue.url)
  const socket = connect(Number(port), hostname)
  socket.end(`${head.replaceAll('HOST', host)}Connection: close\r\n\r\n`)
  return readText(socket)
}
