import { createHmac, createPublicKey } from 'node:crypto'
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EventStream } from '../../../support/clients/event-stream.ts'
import { newTestToken } from '../../../support/config/test-token.ts'
import { nowInSeconds, startTestIssuer, type TestClaims, type TestIssuer } from '../../../support/server/oidc-issuer.ts'
import { post } from '../../../support/server/post.ts'
import { RawSocket } from '../../../support/server/raw-socket.ts'
import { startTestSegue, type TestSegue } from '../../../support/server/segue.ts'

const own = newTestToken('phone', 'USER', ['default'])
const viewerQuery = '{ server { viewer { name role profiles { name } } } }'
const changes = 'subscription { conversationsChanged { kind } }'
const least = { role: 'READ', profiles: [{ name: 'default' }] }

let issuer: TestIssuer
let segue: TestSegue
beforeEach(async () => {
  issuer = await startTestIssuer()
  segue = await startTestSegue({ settings: { oidc: issuer.oidc, tokens: [own] } })
})
afterEach(async () => {
  vi.useRealTimers()
  await segue[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const ask = (token: string) => post(segue.url, viewerQuery, {}, bearer(token))
const readStatus = async (token: string) => (await ask(token)).status
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Lets the server believe that time has passed. Timers run as before. */
function passSeconds(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

describe('a JWT of the issuer', () => {
  test('is a token over HTTP, as an event stream and over WebSocket', async () => {
    const token = await issuer.requestToken({ segue_role: 'user', preferred_username: 'ada' })
    const data = { server: { viewer: { ...least, name: 'ada', role: 'USER' } } }
    expect((await ask(token)).data).toEqual(data)
    const stream = await EventStream.open(segue.url, { query: viewerQuery, headers: bearer(token) })
    expect(JSON.parse((await stream.next())?.data ?? '')).toEqual({ data })
    for (const payload of [{ token }, bearer(token)]) {
      const socket = await RawSocket.open(segue.url, payload)
      socket.subscribe('1', viewerQuery)
      expect(await socket.nextFor('1')).toMatchObject({ type: 'next', payload: { data } })
      await socket.close()
    }
    const socket = await RawSocket.connect(segue.url, { headers: bearer(token) })
    socket.send({ type: 'connection_init' })
    expect(await socket.next()).toEqual({ type: 'connection_ack' })
    await socket.close()
  })

  test.each([
    ['nothing', {}, least],
    ['an unknown role', { segue_role: 'root' }, least],
    ['a role of another spelling', { segue_role: 'ADMIN' }, least],
    ['a role that is no text', { segue_role: { admin: true } }, least],
    ['profiles that cannot exist', { segue_profiles: ['../x', 7] }, least],
    ['no profiles', { segue_profiles: [] }, least],
    ['a role', { segue_role: 'user' }, { ...least, role: 'USER' }],
    ['several roles', { segue_role: ['guest', 'user', 'read'] }, { ...least, role: 'USER' }],
    ['admin', { segue_role: 'admin', segue_profiles: ['other'] }, { ...least, role: 'ADMIN' }],
    ['another profile', { segue_profiles: ['other'] }, { role: 'READ', profiles: [] }],
    ['one profile as a text', { segue_profiles: 'default' }, least],
  ])('with %s gives what it says, else the least', async (_, claims, expected) => {
    const { data } = await ask(await issuer.sign(claims))
    expect(data).toEqual({ server: { viewer: { name: 'user-1', ...expected } } })
  })

  test.each([
    [{ preferred_username: 'ada', email: 'ada@example.com' }, 'ada'],
    [{ preferred_username: '', email: 'ada@example.com' }, 'ada@example.com'],
    [{ preferred_username: 7 }, 'user-1'],
  ])('names its user %j', async (claims, name) => {
    expect((await ask(await issuer.sign(claims))).data).toMatchObject({ server: { viewer: { name } } })
  })

  test('may do only what its role allows', async () => {
    const create = async (claims: TestClaims) =>
      post(segue.url, 'mutation { createSession(input: {}) { id } }', {}, bearer(await issuer.sign(claims)))
    expect((await create({})).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    expect((await create({ segue_role: 'user' })).errors).toEqual([])
  })

  test('is refused when it is for others, of others, too old, too early, without an end or of another type', async () => {
    const now = nowInSeconds()
    const wrong = [
      { aud: 'urn:test:other' },
      { iss: 'https://other.example' },
      { iss: `${issuer.oidc.issuer}/` },
      { exp: now - 60 },
      { nbf: now + 60 },
      { exp: undefined },
      { sub: undefined },
      { sub: '' },
    ]
    for (const claims of wrong) expect([claims, await readStatus(await issuer.sign(claims))]).toEqual([claims, 401])
    expect(await readStatus(await issuer.sign({}, { typ: 'logout+jwt' }))).toBe(401)
    expect(await readStatus(await issuer.sign({ aud: ['urn:test:other', issuer.oidc.audience] }))).toBe(200)
  })

  test('is refused without a signature, with one of a shared key, with one of another key, and when it was changed', async () => {
    const { issuer: iss, audience } = issuer.oidc
    const claims = { iss, aud: audience, sub: 'user-1', exp: nowInSeconds() + 60, segue_role: 'admin' }
    const right = await issuer.sign()
    const jwk = await issuer.readPublicKey()
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const content = `${encode({ alg: 'HS256', kid: 'key-1' })}.${encode(claims)}`
    const other = await generateKeyPair('RS256')
    const header = { alg: 'RS256', kid: 'key-1' }
    const wrong = [
      new UnsecuredJWT(claims).encode(),
      `${content}.${createHmac('sha256', publicKey).update(content).digest('base64url')}`,
      `${content}.${createHmac('sha256', JSON.stringify(jwk)).update(content).digest('base64url')}`,
      await new SignJWT(claims).setProtectedHeader(header).sign(other.privateKey),
      await new SignJWT(claims).setProtectedHeader({ ...header, jwk }).sign(other.privateKey),
      right.replace(/\.[^.]+\./, `.${encode(claims)}.`),
      'a.b.c',
      '..',
      `${right}.x`,
    ]
    expect(await readStatus(right)).toBe(200)
    for (const token of wrong) expect([token, await readStatus(token)]).toEqual([token, 401])
    const socket = await RawSocket.connect(segue.url)
    socket.send({ type: 'connection_init', payload: { token: wrong[0] } })
    expect((await socket.closed).code).toBe(4401)
  })

  test('ends its sockets with 4403 and its event streams when it expires', async () => {
    // The clocks may be 5 seconds apart: 1 to 2 seconds are left.
    const token = await issuer.sign({ exp: nowInSeconds() - 3 })
    const socket = await RawSocket.open(segue.url, { token })
    const stream = await EventStream.open(segue.url, { query: changes, headers: bearer(token) })
    await stream.next()
    expect((await socket.closed).code).toBe(4403)
    expect(await stream.readToEnd()).toEqual([])
    expect(await readStatus(token)).toBe(401)
  })
})

describe('the keys of the issuer', () => {
  test('are read once, and again for an unknown key, but not more often than every 30 seconds', async () => {
    const before = await issuer.sign()
    expect(await Promise.all([readStatus(before), readStatus(before)])).toEqual([200, 200])
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/jwks'])
    await issuer.rotate()
    const after = await issuer.sign()
    expect(await readStatus(after)).toBe(401)
    expect(issuer.requests).toHaveLength(2)
    passSeconds(31)
    expect(await readStatus(after)).toBe(200)
    expect(await readStatus(before)).toBe(401)
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/jwks', '/jwks'])
  })

  test('are not asked for because of a token that names another issuer', async () => {
    expect(await readStatus(await issuer.sign({ iss: 'https://other.example' }))).toBe(401)
    expect(issuer.requests).toEqual([])
  })
})

describe('an issuer that cannot be reached', () => {
  test('is 503, 1013 over WebSocket and one line in the log, and other tokens are as before', async () => {
    issuer.setBroken(true)
    const token = await issuer.sign()
    const refused = await ask(token)
    expect(refused).toMatchObject({ status: 503, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
    expect(refused.headers.get('retry-after')).toBe('5')
    const socket = await RawSocket.connect(segue.url)
    socket.send({ type: 'connection_init', payload: { token } })
    expect((await socket.closed).code).toBe(1013)
    expect(await RawSocket.handshakeStatus(segue.url, bearer(token))).toBe(503)
    expect((await post(segue.url, viewerQuery, {}, own.headers)).status).toBe(200)
    expect(segue.warnings).toEqual([expect.stringContaining('cannot be asked for its keys')])
    issuer.setBroken(false)
    expect(await readStatus(token)).toBe(503)
    expect(issuer.requests).toHaveLength(1)
    passSeconds(6)
    expect(await readStatus(await issuer.sign())).toBe(200)
  })

  test('keeps the keys that were read: only unknown ones are refused', async () => {
    const known = await issuer.sign()
    expect(await readStatus(known)).toBe(200)
    issuer.setBroken(true)
    passSeconds(31)
    expect(await readStatus(await issuer.sign({}, { kid: 'unknown' }))).toBe(503)
    expect(await readStatus(known)).toBe(200)
  })

  test('is not believed when it calls itself otherwise', async () => {
    const oidc = { ...issuer.oidc, issuer: `${issuer.oidc.issuer}/` }
    await using other = await startTestSegue({ settings: { oidc } })
    const token = await issuer.sign({ iss: oidc.issuer })
    expect((await post(other.url, viewerQuery, {}, bearer(token))).status).toBe(503)
    expect(other.warnings.join()).toContain('set oidc.issuer to that')
  })
})

describe('a server with an issuer and no tokens of its own', () => {
  test('needs a token from everybody', async () => {
    await using other = await startTestSegue({ settings: { oidc: issuer.oidc } })
    expect((await post(other.url, viewerQuery)).status).toBe(401)
    expect((await post(other.url, viewerQuery, {}, own.headers)).status).toBe(401)
    expect((await post(other.url, viewerQuery, {}, bearer(await issuer.sign()))).status).toBe(200)
  })
})
