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

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A visit by a browser, or by what says to be one; the body comes as it was sent. */
async function visit(headers: Record<string, string> = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  get(`${segue.url}/graphql`, { headers: { accept: 'text/html,*/*;q=0.8', ...headers } }, (response) => {
    const { statusCode: status } = response
    buffer(response).then((body) => resolve({ status, headers: response.headers, body }), reject)
  }).once('error', reject)
  return promise
}

test('visits at the same time, the first ones too, see the same page', async () => {
  const visits = await Promise.all([visit(), visit(), visit()])
  expect(new Set(visits.map(({ headers }) => headers.etag)).size).toBe(1)
  expect((await visit()).headers.etag).toBe(visits[0]?.headers.etag)
})

test('the page is sent packed, and is the same when it is not', async () => {
  const packed = await visit({ 'accept-encoding': 'gzip, deflate, br' })
  expect(packed.status).toBe(200)
  expect(packed.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip' })
  expect(gunzipSync(packed.body).toString()).toMatch(/<!doctype html>/i)
  expect(packed.body.length).toBeLessThan(3_000_000)

  for (const coding of ['br', 'gzip;q=0']) {
    const plain = await visit({ 'accept-encoding': coding })
    expect(plain.headers['content-encoding'], coding).toBeUndefined()
    expect(plain.body.equals(gunzipSync(packed.body)), coding).toBe(true)
  }
})

test('a browser that has the page gets it once', async () => {
  const { headers } = await visit()
  expect(headers['cache-control']).toBe('no-cache')
  const tag = headers.etag ?? ''
  const again = await visit({ 'if-none-match': `"another", ${tag}` })
  expect(again).toMatchObject({ status: 304, headers: { etag: tag } })
  expect(again.body).toHaveLength(0)
  expect((await visit({ 'if-none-match': '"another"' })).status).toBe(200)
})

test('the page can load nothing, speak to nobody else, and be shown in no other page', async () => {
  const { headers } = await visit()
  const policy = headers['content-security-policy']
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("connect-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(headers['x-content-type-options']).toBe('nosniff')
})

test('who asks for something else than a page gets the API', async () => {
  const response = await fetch(`${segue.url}/graphql?query={__typename}`, {
    headers: { accept: 'application/graphql-response+json' },
  })
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } })
})
