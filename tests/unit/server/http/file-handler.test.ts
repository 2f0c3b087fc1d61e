import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../../../support/server/graphql-request.ts'
import { HermesDb } from '../../../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../../../support/server/segue.ts'
import { sendHttpRequest } from '../../../support/server/http-exchange.ts'

let hermesHome: string
let hermes: HermesDb
let segue: TestSegue

beforeAll(async () => {
  hermesHome = newTempFolder()
  hermes = new HermesDb(join(hermesHome, 'state.db'))
  segue = await startTestSegue({ settings: { hermesHome } })
})

afterAll(async () => {
  await segue[Symbol.asyncDispose]()
  hermes.close()
  rmSync(hermesHome, { recursive: true, force: true })
})

const image = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
const imageUrl = `data:image/png;base64,${image.toString('base64')}`

let sessionCount = 0

/** A Hermes message with a text and images. Its session id has characters that must be escaped in a URL. */
async function createMessage(...urls: string[]) {
  const session = hermes.addSession(`a chat/with #${sessionCount++}? 50%: ü`)
  const parts = [{ type: 'text', text: 'look' }, ...urls.map((url) => ({ type: 'image_url', image_url: { url } }))]
  const row = hermes.addMessage(session, 1, { content: `\0json:${JSON.stringify(parts)}` })
  const id = `${session}:${row}`
  const { node } = await ask(segue.url, messageSchema, {
    query: `query ($id: ID!) { node(id: $id) { ... on Message { parts {
      __typename ... on FilePart { index mediaType url }
    } } } }`,
    variables: { id },
  })
  return { id, files: node.parts.flatMap((part) => (part.url === undefined ? [] : [{ ...part, url: part.url }])) }
}

const messageSchema = z.object({
  node: z.object({
    parts: z.array(
      z.object({ index: z.number().optional(), mediaType: z.string().optional(), url: z.string().optional() }),
    ),
  }),
})

test('an image in a message is served byte for byte', async () => {
  const { files } = await createMessage(imageUrl)
  expect(files).toMatchObject([{ index: 1, mediaType: 'image/png', url: expect.stringMatching(/^\/files\//) }])
  const { status, headers, body } = await sendHttpRequest(segue.url, { path: files[0]?.url ?? '' })
  expect(status).toBe(200)
  expect(body).toEqual(image)
  expect(headers).toMatchObject({
    'content-type': 'image/png',
    'content-length': `${image.length}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox'),
  })
})

test('the headers of an image can be asked for without its bytes', async () => {
  const { files } = await createMessage(imageUrl)
  const response = await fetch(new URL(files[0]?.url ?? '', segue.url), { method: 'HEAD' })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('image/png')
  expect(response.headers.get('content-length')).toBe(String(image.length))
  expect(await response.text()).toBe('')
})

test('an https URL is returned unchanged, and not served', async () => {
  const { id, files } = await createMessage('https://example.com/cat.png', 'HTTPS://example.com/dog.png')
  expect(files.map(({ url }) => url)).toEqual(['https://example.com/cat.png', 'HTTPS://example.com/dog.png'])
  expect(await sendHttpRequest(segue.url, { path: `/files/${encodeURIComponent(id)}/1` })).toMatchObject({
    status: 404,
  })
})

test.each([
  ['data:,Hello%2C%20W%C3%B6rld', 'text/plain; charset=utf-8', 'Hello, Wörld'],
  ['data:text/html,<script>alert(1)</script>', 'text/html', '<script>alert(1)</script>'],
  ['data:image/svg+xml;charset=utf-8,<svg/>', 'image/svg+xml', '<svg/>'],
  ['data:text/plain;charset=utf-8;base64,SGk=', 'text/plain', 'Hi'],
  ['DATA:text/plain;BASE64,SGk=', 'text/plain', 'Hi'],
  ['data:image/png;base64,', 'image/png', ''],
])('%s is served in a sandbox without scripts', async (url, type, text) => {
  const { files } = await createMessage(url)
  const response = await sendHttpRequest(segue.url, { path: files[0]?.url ?? '' })
  expect(response).toMatchObject({ status: 200, text })
  expect(response.headers['content-type']).toBe(type)
  expect(response.headers['x-content-type-options']).toBe('nosniff')
  expect(response.headers['content-security-policy']).toBe("sandbox; default-src 'none'")
})

test.each([
  ['data:text/markdown;charset=utf-8,Gr%C3%BC%C3%9Fe', 'text/markdown; charset=utf-8'],
  ['data:text/plain;base64,R3L832U=', 'text/plain'],
  ['data:text/plain,Hi', 'text/plain'],
  ['data:application/json,%22Gr%C3%BC%C3%9Fe%22', 'application/json'],
])('%s has the charset without which a browser would misread it', async (url, type) => {
  const { files } = await createMessage(url)
  const response = await sendHttpRequest(segue.url, { path: files[0]?.url ?? '' })
  expect(response.headers['content-type']).toBe(type)
})

describe('no file is served', () => {
  test.each(['data:image/png', 'data:image/png\r\nset-cookie: a=b;base64,SGk=', 'data:image/png;base64'])(
    'for the invalid URL %j',
    async (url) => {
      const { files } = await createMessage(url)
      for (const file of files)
        expect(await sendHttpRequest(segue.url, { path: file.url })).toMatchObject({ status: 404 })
    },
  )

  test('for a part without a file, or an invalid index', async () => {
    const { id } = await createMessage(imageUrl)
    const messageId = encodeURIComponent(id)
    expect(await sendHttpRequest(segue.url, { path: `/files/${messageId}/1` })).toMatchObject({ status: 200 })
    const indexes = ['0', '2', '-1', '1.0', '1.5', '01', '0x1', '1e0', '', '%20', '%201', 'NaN']
    const invalidPaths = ['1/', '1/1', '1/../1', 'length', '__proto__', '%31%00']
    for (const index of [...indexes, ...invalidPaths]) {
      const { status, headers } = await sendHttpRequest(segue.url, { path: `/files/${messageId}/${index}` })
      expect([status, headers['content-type']], index).toEqual([404, 'text/plain'])
    }
  })

  test('for an unknown message', async () => {
    for (const path of [
      '/files/',
      '/files/x',
      '/files//0',
      '/files/%/0',
      '/files/%00/0',
      '/files/a:1/0',
      '/files/..%2f..%2fetc/0',
    ]) {
      expect(await sendHttpRequest(segue.url, { path }), path).toMatchObject({ status: 404 })
    }
    expect(await sendHttpRequest(segue.url, { path: '/files/msg_01h455vb4pex5vsknk084sn02q/0' })).toMatchObject({
      status: 404,
    })
  })

  test('to a page of another site', async () => {
    const { files } = await createMessage(imageUrl)
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
    expect(await sendHttpRequest(segue.url, { path: files[0]?.url ?? '', headers })).toMatchObject({ status: 403 })
  })

  test('for a method other than GET', async () => {
    const { files } = await createMessage(imageUrl)
    const headers = { 'content-type': 'application/json' }
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect(await sendHttpRequest(segue.url, { method, path: files[0]?.url ?? '', headers })).toMatchObject({
        status: 404,
      })
    }
  })
})
