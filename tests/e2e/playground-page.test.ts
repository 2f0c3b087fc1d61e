import { get, type IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestSegue, type TestSegue } from '../support/server/segue.ts'

let segue: TestSegue

beforeAll(async () => {
  segue = await startTestSegue()
})

afterAll(() => segue[Symbol.asyncDispose]())

interface PageResponse {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Requests the page like a browser. Does not decode the body. */
async function requestPage(headers: Record<string, string> = {}): Promise<PageResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<PageResponse>()
  get(`${segue.url}/graphql`, { headers: { accept: 'text/html,*/*;q=0.8', ...headers } }, (response) => {
    const { statusCode: status } = response
    buffer(response).then((body) => resolve({ status, headers: response.headers, body }), reject)
  }).once('error', reject)
  return promise
}

test('concurrent requests, including the first ones, get the same page', async () => {
  const responses = await Promise.all([requestPage(), requestPage(), requestPage()])
  expect(new Set(responses.map(({ headers }) => headers.etag)).size).toBe(1)
  expect((await requestPage()).headers.etag).toBe(responses[0]?.headers.etag)
})

test('the page is compressed with gzip, and is the same without compression', async () => {
  const compressed = await requestPage({ 'accept-encoding': 'gzip, deflate, br' })
  expect(compressed.status).toBe(200)
  expect(compressed.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip' })
  expect(gunzipSync(compressed.body).toString()).toMatch(/<!doctype html>/i)
  expect(compressed.body.length).toBeLessThan(3_000_000)

  for (const coding of ['br', 'gzip;q=0']) {
    const plain = await requestPage({ 'accept-encoding': coding })
    expect(plain.headers['content-encoding'], coding).toBeUndefined()
    expect(plain.body.equals(gunzipSync(compressed.body)), coding).toBe(true)
  }
})

test('a browser with the current page gets 304', async () => {
  const { headers } = await requestPage()
  expect(headers['cache-control']).toBe('no-cache')
  const etag = headers.etag ?? ''
  const revalidated = await requestPage({ 'if-none-match': `"another", ${etag}` })
  expect(revalidated).toMatchObject({ status: 304, headers: { etag: etag } })
  expect(revalidated.body).toHaveLength(0)
  expect((await requestPage({ 'if-none-match': '"another"' })).status).toBe(200)
})

test('the page loads nothing from elsewhere, connects to its own server only, and cannot be framed', async () => {
  const { headers } = await requestPage()
  const policy = headers['content-security-policy']
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("connect-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(headers['x-content-type-options']).toBe('nosniff')
})

test('a request for another media type gets the API', async () => {
  const response = await fetch(`${segue.url}/graphql?query={__typename}`, {
    headers: { accept: 'application/graphql-response+json' },
  })
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } })
})
