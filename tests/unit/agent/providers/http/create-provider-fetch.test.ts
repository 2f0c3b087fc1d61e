import { gzipSync, brotliCompressSync, deflateSync } from 'node:zlib'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createProviderFetch } from '../../../../../src/agent/providers/http/create-provider-fetch.ts'
import { directHttpClient, newProviderFetch } from '../../../../support/providers/connections.ts'
import { startForwardProxy } from '../../../../support/server/forward-proxy.ts'
import { findUnusedUrl, startHttpServer } from '../../../../support/server/small-server.ts'
import { HttpClient } from '../../../../../src/lib/http/http-client.ts'

const post = { method: 'POST', body: '{}', headers: { authorization: 'Bearer sk-1', 'x-api-key': 'sk-2' } }
const findError = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )

test('the body arrives as it is sent, with its status and headers', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  await using server = await startHttpServer(async (_request, response) => {
    response.writeHead(202, { 'x-list': ['a', 'b'] }).write('one ')
    await released
    response.end('two')
  })
  const response = await newProviderFetch()(server.url, post)
  expect([response.status, response.headers.get('x-list')]).toEqual([202, 'a, b'])
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader?.read())?.value).toBe('one ')
  release()
  expect((await reader?.read())?.value).toBe('two')
  expect((await reader?.read())?.done).toBe(true)
})

test('a server without keys is sent none', async () => {
  await using server = await startHttpServer((_request, response) => response.end())
  const fetch = createProviderFetch({
    client: directHttpClient,
    idleTimeoutMs: 1000,
    removedHeaders: ['authorization', 'x-api-key'],
  })
  await (await fetch(server.url, post)).text()
  expect(server.requests[0]?.headers).not.toHaveProperty('authorization')
  expect(server.requests[0]?.headers).not.toHaveProperty('x-api-key')
})

describe.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('a body in %s', (encoding, compress) => {
  test('is decompressed although nobody asked for it', async () => {
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(compress('data: Häh')),
    )
    expect(await (await newProviderFetch()(server.url)).text()).toBe('data: Häh')
    expect(server.requests[0]?.headers).not.toHaveProperty('accept-encoding')
  })
})

describe('the idle timeout', () => {
  test('counts every byte, such as a comment', async () => {
    await using server = await startHttpServer(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      for (let count = 0; count < 6; count += 1) {
        await pause(100)
        response.write(':\n\n')
      }
      response.end('data: late\n\n')
    })
    expect(await (await newProviderFetch(400)(server.url)).text()).toContain('data: late')
  })

  test('is a TIMEOUT before and after the head of the response', async () => {
    await using silent = await startHttpServer(() => {})
    await using stuck = await startHttpServer((_request, response) => response.writeHead(200).write('Half'))
    const timeout = { code: 'TIMEOUT', message: 'The provider sent no data for 0.2 seconds. Try again.' }
    expect(await findError(newProviderFetch(200)(silent.url))).toMatchObject(timeout)
    const response = await newProviderFetch(200)(stuck.url)
    expect(await findError(response.text())).toMatchObject(timeout)
    const [request] = stuck.requests
    if (request && !request.socket.destroyed) await once(request.socket, 'close')
  })

  test('does not count the time that the reader takes', async () => {
    await using server = await startHttpServer((_request, response) => response.end('x'.repeat(1_000_000)))
    const response = await newProviderFetch(100)(server.url)
    await pause(300)
    expect((await response.text()).length).toBe(1_000_000)
  })
})

test('a connection that breaks in the middle of the body is an error', async () => {
  await using server = await startHttpServer((_request, response) => {
    response.writeHead(200).write('Half', () => response.destroy())
  })
  const response = await newProviderFetch()(server.url)
  expect(await findError(response.text())).toMatchObject({ code: 'ECONNRESET' })
})

test('an abort ends the request and the body with its reason, and closes the connection', async () => {
  await using server = await startHttpServer((request, response) => {
    if (request.url === '/body') response.writeHead(200).write('Half')
  })
  for (const path of ['/', '/body']) {
    const controller = new AbortController()
    const text = newProviderFetch()(server.url + path, { signal: controller.signal }).then((response) =>
      response.text(),
    )
    await expect.poll(() => server.requests.some(({ url }) => url === path)).toBe(true)
    controller.abort(new Error('stopped'))
    expect(await findError(text)).toEqual(new Error('stopped'))
  }
})

describe('a redirect', () => {
  test('within the server is followed, with the method, the body and the keys', async () => {
    await using server = await startHttpServer((request, response) => {
      if (request.url === '/v1/chat') response.writeHead(301, { location: '/v2/chat' }).end()
      else request.pipe(response.writeHead(200))
    })
    expect(await (await newProviderFetch()(`${server.url}/v1/chat`, { ...post, body: '{"a":1}' })).text()).toBe(
      '{"a":1}',
    )
    expect(server.requests.map(({ method, url, headers }) => [method, url, headers['x-api-key']])).toEqual([
      ['POST', '/v1/chat', 'sk-2'],
      ['POST', '/v2/chat', 'sk-2'],
    ])
  })

  test.each([301, 302, 303, 307, 308])('with status %i to another server sends nothing there', async (status) => {
    await using other = await startHttpServer((_request, response) => response.end('mine now'))
    await using server = await startHttpServer((_request, response) =>
      response.writeHead(status, { location: `${other.url}/v1/chat?key=sk-9` }).end(),
    )
    expect(await findError(newProviderFetch()(server.url, post))).toMatchObject({
      name: 'AgentError',
      message: `The provider redirects to another server (${new URL(other.url).host}). Check its baseURL, and set it to the new address if you trust it.`,
    })
    expect(other.requests).toEqual([])
  })

  test('without end is given up', async () => {
    await using server = await startHttpServer((_request, response) => response.writeHead(307, { location: '/' }).end())
    expect(await findError(newProviderFetch()(server.url))).toMatchObject({ name: 'AgentError' })
    expect(server.requests).toHaveLength(6)
  })
})

test('what is wrong with a proxy reaches the user, without credentials', async () => {
  await using proxy = await startForwardProxy({ targetPort: 1, status: 407 })
  const client = new HttpClient({ HTTPS_PROXY: `http://me:secret@${proxy.address}` })
  const error = await findError(createProviderFetch({ client, idleTimeoutMs: 1000 })('https://llm.corp.test', post))
  expect(error).toMatchObject({ name: 'AgentError', code: 'PROVIDER' })
  expect(String(error)).toContain('HTTP 407')
  expect(String(error)).not.toContain('secret')
})

test('a server that cannot be reached is left to the classification of errors', async () => {
  expect(await findError(newProviderFetch()(await findUnusedUrl()))).toMatchObject({ code: 'ECONNREFUSED' })
})
