import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultLimits } from '../../src/config/limits.ts'
import { EventStream } from '../support/clients/event-stream.ts'
import { newTestToken } from '../support/config/test-token.ts'
import { nowInSeconds, startTestIssuer } from '../support/server/oidc-issuer.ts'
import { post } from '../support/server/post.ts'
import { RawSocket } from '../support/server/raw-socket.ts'
import { startTestSegue, type TestSegue } from '../support/server/segue.ts'

const phone = newTestToken('phone', 'USER', ['default'])
const screen = newTestToken('screen', 'READ', ['default'])
const changes = 'subscription { conversationsChanged { kind } }'
const createSession = 'mutation ($profile: String) { createSession(input: { profile: $profile }) { id } }'

let segue: TestSegue
beforeEach(async () => {
  const limits = { ...defaultLimits, requestsPerMinute: 5, socketsPerToken: 1 }
  segue = await startTestSegue({ settings: { tokens: [phone, screen], limits } })
})
afterEach(() => segue[Symbol.asyncDispose]())

test('V1 a request needs a valid token, in its header or in connection_init', async () => {
  const refused = await post(segue.url, '{ __typename }')
  expect(refused).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
  expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="Segue"')
  expect((await fetch(`${segue.url}/graphql?query={__typename}&token=${phone.text}`)).status).toBe(401)
  expect((await post(segue.url, '{ __typename }', {}, phone.headers)).status).toBe(200)
  const socket = await RawSocket.connect(segue.url)
  socket.send({ type: 'connection_init', payload: { token: 'wrong' } })
  expect((await socket.closed).code).toBe(4401)
  await (await RawSocket.open(segue.url, phone.headers)).close()
})

test('V2 a role and the profiles of a token limit what it may do, whether a profile exists or not', async () => {
  const { errors } = await post(segue.url, createSession, {}, screen.headers)
  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  const foreign = await post(segue.url, createSession, { profile: 'other' }, phone.headers)
  expect(foreign.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
})

test('V3 a token that is removed ends its event streams without complete, and its sockets with 4403', async () => {
  const socket = await RawSocket.open(segue.url, { token: phone.text })
  const stream = await EventStream.open(segue.url, { query: changes, headers: phone.headers })
  await stream.next()
  segue.tokens.replace([screen])
  expect((await socket.closed).code).toBe(4403)
  expect(await stream.readToEnd()).toEqual([])
})

test('V4 a request above the rate of its token is RATE_LIMITED, a socket too many is closed with 1013', async () => {
  const socket = await RawSocket.open(segue.url, { token: phone.text })
  const other = await RawSocket.connect(segue.url)
  other.send({ type: 'connection_init', payload: { token: phone.text } })
  expect((await other.closed).code).toBe(1013)
  for (let count = 0; count < 5; count += 1) await post(segue.url, '{ __typename }', {}, phone.headers)
  const refused = await post(segue.url, '{ __typename }', {}, phone.headers)
  expect(refused).toMatchObject({ status: 429, errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  await socket.close()
})

test('V5 a server without tokens refuses what has come through a proxy', async () => {
  segue.tokens.replace([])
  expect((await post(segue.url, '{ __typename }')).status).toBe(200)
  for (const name of ['Forwarded', 'X-Forwarded-For'])
    expect((await post(segue.url, '{ __typename }', {}, { [name]: 'for=127.0.0.1' })).status).toBe(401)
})

test('V6 a JWT of the issuer is a token until it expires, and 503 or 1013 while the issuer cannot be asked', async () => {
  await using issuer = await startTestIssuer()
  await using server = await startTestSegue({ settings: { oidc: issuer.oidc, tokens: [phone] } })
  const token = await issuer.sign({ exp: nowInSeconds() - 3 })
  const headers = { authorization: `Bearer ${token}` }
  issuer.setBroken(true)
  const refused = await post(server.url, '{ __typename }', {}, headers)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
  const refusedSocket = await RawSocket.connect(server.url)
  refusedSocket.send({ type: 'connection_init', payload: { token } })
  expect((await refusedSocket.closed).code).toBe(1013)
  expect((await post(server.url, '{ __typename }', {}, phone.headers)).status).toBe(200)

  issuer.setBroken(false)
  await using restarted = await startTestSegue({ settings: { oidc: issuer.oidc } })
  expect((await post(restarted.url, '{ __typename }')).status).toBe(401)
  const socket = await RawSocket.open(restarted.url, { token })
  const stream = await EventStream.open(restarted.url, { query: changes, headers })
  await stream.next()
  expect((await socket.closed).code).toBe(4403)
  expect(await stream.readToEnd()).toEqual([])
})
