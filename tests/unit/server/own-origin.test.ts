import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { newTestToken } from '../../support/config/test-token.ts'
import { graphqlPost, sendHttpRequest } from '../../support/server/http-exchange.ts'
import { startTestSegue } from '../../support/server/segue.ts'
import { trackServerConnections } from '../../support/server/server-connections.ts'
import { sendOverTls, tlsFiles, tlsHost } from '../../support/server/tls-client.ts'
import { waitUntil } from '../../support/wait-until.ts'

const tokens = [newTestToken('phone', 'USER', ['default'])]
const { headers } = newTestToken('phone', 'USER')

test('with TLS, a page of the same host without TLS is another page: anybody in the network may have made it', async () => {
  await using segue = await startTestSegue({ settings: { tls: tlsFiles, publicHosts: [tlsHost], tokens } })
  const port = Number(new URL(segue.url).port)
  const askFrom = async (origin: string) =>
    (await sendOverTls(port, { headers: { ...headers, origin }, body: '{"query":"{ __typename }"}' })).statusCode
  expect(await askFrom(`https://${tlsHost}`)).toBe(200)
  expect(await askFrom(`http://${tlsHost}`)).toBe(403)
})

test('behind a proxy, the page may have TLS or not, unless a trusted one says that it has', async () => {
  await using segue = await startTestSegue({ settings: { trustProxy: true, tokens } })
  const { host } = new URL(segue.url)
  const askFrom = async (origin: string, others = {}) =>
    (await sendHttpRequest(segue.url, graphqlPost('{ __typename }', { ...headers, origin, ...others }))).status
  const forwarded = { 'x-forwarded-proto': 'https' }
  expect(await askFrom(`https://${host}`)).toBe(200)
  expect(await askFrom(`http://${host}`)).toBe(200)
  expect(await askFrom(`https://${host}`, forwarded)).toBe(200)
  expect(await askFrom(`http://${host}`, forwarded)).toBe(403)
})

test.each(['/graphql', '/sign-in', '/files'])(
  'a client that leaves while it sends its request to %s is no failure: the log does not say so',
  async (path) => {
    await using segue = await startTestSegue(path === '/sign-in' ? { settings: { tokens } } : {})
    using connections = trackServerConnections()
    const { port, host } = new URL(segue.url)
    const socket = connect(Number(port), '127.0.0.1')
    const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n`
    socket.write(`${head}Expect: 100-continue\r\n\r\n`)
    // The server has begun to read the body.
    await new Promise((resolve) => socket.once('data', resolve))
    socket.write('{"query"')
    socket.destroy()
    await waitUntil(() => connections.openSockets.length === 0)
    expect((await fetch(`${segue.url}/health`)).status).toBe(200)
    expect(segue.warnings).toEqual([])
  },
)
