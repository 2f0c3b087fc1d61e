import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ChatClient } from '../../support/clients/chat-client.ts'
import { computeDigest, toParts } from '../../support/clients/reader.ts'
import { createImage, describeImage, heicPhoto } from '../../support/files/images.ts'
import {
  createDocx,
  createXlsx,
  docxMediaType,
  docxParagraph,
  xlsxMediaType,
} from '../../support/files/office-documents.ts'
import { createZip } from '../../support/files/zip.ts'
import { sendHttpRequest } from '../../support/server/http-exchange.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../support/server/segue-with-provider.ts'

let environment: SegueWithProvider
let url: string

beforeAll(async () => {
  environment = await startSegueWithProvider()
  url = environment.segue.url
})

afterAll(() => environment[Symbol.asyncDispose]())

const uploadSchema = z.strictObject({
  url: z.string(),
  mediaType: z.string(),
  name: z.string().nullable(),
  size: z.number(),
})
const errorsSchema = z.object({
  errors: z.array(
    z.object({ message: z.string(), extensions: z.object({ code: z.string(), path: z.unknown().optional() }) }),
  ),
})

function post(body: BodyInit, { query = '', type }: { query?: string; type?: string } = {}): Promise<Response> {
  return fetch(`${url}/files${query}`, {
    method: 'POST',
    body,
    headers: type === undefined ? {} : { 'content-type': type },
  })
}

async function upload(bytes: Buffer, options: { query?: string; type?: string } = {}) {
  const response = await post(new Uint8Array(bytes), options)
  expect(response.status).toBe(201)
  return uploadSchema.parse(await response.json())
}

async function bytesAt(path: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url + path)).arrayBuffer())
}

/** The names of the files that the server stores. */
function listStoredFiles(): string[] {
  const folder = join(environment.segue.home, 'files')
  return existsSync(folder) ? readdirSync(folder).toSorted() : []
}

/** Sends a message with files, and returns the files as the API has them. */
async function send(
  files: readonly { name?: string; mediaType: string; url: string }[],
  client: ChatClient = environment.client,
) {
  const stream = await client.start({ text: 'Look', files })
  await environment.newReader(stream.id).readUntilType('StreamFinished')
  const message = (await client.messages(stream.session.id)).find(({ role }) => role === 'USER')
  if (!message) throw new Error('The message is missing.')
  expect(message.digest).toBe(computeDigest(toParts(message)))
  return message.parts.flatMap((part) => (part.type === 'FilePart' ? [part] : []))
}

describe('an upload', () => {
  test('is stored, served, and sent with messages by its URL', async () => {
    const png = await createImage('png')
    const stored = await upload(png, { query: '?name=cat.png', type: 'image/png' })
    expect(stored).toEqual({
      url: expect.stringMatching(/^\/files\/upl_\w+$/),
      mediaType: 'image/png',
      name: 'cat.png',
      size: png.length,
    })
    expect((await bytesAt(stored.url)).equals(png)).toBe(true)
    for (const name of [undefined, 'dog.png']) {
      const [file] = await send([{ mediaType: 'image/png', url: stored.url, ...(name !== undefined && { name }) }])
      expect(file).toMatchObject({
        name: name ?? 'cat.png',
        mediaType: 'image/png',
        url: expect.stringMatching(/^\/files\/msg_\w+\/1$/),
      })
      expect((await bytesAt(file?.url ?? '')).equals(png)).toBe(true)
    }
  })

  test('can be the file of a form', async () => {
    const form = new FormData()
    form.append('file', new File(['Hello'], 'hello.txt', { type: 'text/plain' }))
    const response = await post(form)
    expect(response.status).toBe(201)
    const stored = uploadSchema.parse(await response.json())
    expect(stored).toMatchObject({ mediaType: 'text/plain', name: 'hello.txt', size: 5 })
    expect(response.headers.get('location')).toBe(stored.url)
  })

  test('in HEIC or AVIF becomes JPEG, whose name keeps its stem', async () => {
    for (const [bytes, name] of [
      [heicPhoto, 'photo.heic'],
      [await createImage('avif'), 'photo.AVIF'],
    ] as const) {
      const stored = await upload(bytes, { query: `?name=${name}`, type: 'application/octet-stream' })
      expect(stored).toMatchObject({ mediaType: 'image/jpeg', name: 'photo.jpg' })
      expect(await describeImage(await bytesAt(stored.url))).toMatchObject({
        format: 'jpeg',
        left: 'red',
        right: 'blue',
      })
      // The client names the file that it has.
      const [file] = await send([{ name, mediaType: 'image/heic', url: stored.url }])
      expect(file).toMatchObject({ name: 'photo.jpg', mediaType: 'image/jpeg' })
    }
  })

  test('belongs to its profile', async () => {
    const stored = await upload(Buffer.from('Hello'), { query: '?profile=uploads', type: 'text/plain' })
    const file = { name: 'a.txt', mediaType: 'text/plain', url: stored.url }
    const error = await environment.client.start({ text: 'Look', files: [file] }).catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('The profile has no file with this URL.')
    const started = await environment.client.ask(
      'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }',
      { input: { text: 'Look', files: [file], profile: 'uploads' } },
    )
    expect(started).toMatchObject({ startChat: { id: expect.stringMatching(/^str_/) } })
  })
})

/** The head of a file in a form with the boundary `a`. */
const formHead = '--a\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'

describe('an upload is refused with the status and body of an error, and nothing is stored', () => {
  test.each<[string, () => Promise<Response>, object]>([
    [
      'an empty file',
      () => post('', { type: 'text/plain' }),
      { status: 400, code: 'BAD_USER_INPUT', path: [], message: 'The file is empty.' },
    ],
    ['an empty photo', () => post('', { type: 'image/heic' }), { status: 400, message: 'The file is empty.' }],
    [
      'a damaged photo',
      () => post(heicPhoto.subarray(0, 100), { type: 'image/heic' }),
      { status: 400, message: expect.stringMatching(/damaged/) },
    ],
    [
      'a Word document that was cut off',
      () => post(new Uint8Array(createDocx(docxParagraph('Hello')).subarray(0, 300)), { type: docxMediaType }),
      { status: 400, code: 'BAD_USER_INPUT', message: expect.stringMatching(/^The document or archive is damaged/) },
    ],
    [
      'an archive of other files',
      () => post(new Uint8Array(createZip([{ name: 'a.txt', content: 'Hello' }])), { type: 'application/zip' }),
      { status: 400, code: 'BAD_USER_INPUT', message: expect.stringMatching(/^Archives/) },
    ],
    [
      'a program',
      () => post(new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0]), { type: 'application/x-elf' }),
      { status: 400, code: 'BAD_USER_INPUT' },
    ],
    [
      'a file that is too large',
      () => post(Buffer.alloc(11 * 1024 * 1024), { type: 'image/png' }),
      { status: 413, code: 'TOO_LARGE' },
    ],
    [
      'a text of more than 1 MiB',
      () => post('a'.repeat(1024 * 1024 + 1), { type: 'text/plain' }),
      { status: 413, code: 'TOO_LARGE' },
    ],
    [
      'a wrong name',
      () => post('Hello', { query: '?name=a%2Fb', type: 'text/plain' }),
      { status: 400, path: ['name'] },
    ],
    [
      'a wrong profile',
      () => post('Hello', { query: '?profile=..', type: 'text/plain' }),
      { status: 400, path: ['profile'] },
    ],
    ['a form without a file', () => post(new FormData()), { status: 400, code: 'BAD_USER_INPUT' }],
    [
      'a body that is no form',
      () => post('x', { type: 'multipart/form-data; boundary=a' }),
      { status: 400, code: 'BAD_USER_INPUT' },
    ],
    [
      'a form that ends within its file',
      () => post(`${formHead}Hello`, { type: 'multipart/form-data; boundary=a' }),
      { status: 400, code: 'BAD_USER_INPUT' },
    ],
    [
      'a form that ends within its second file',
      () => post(`${formHead}Hello\r\n${formHead}Hello`, { type: 'multipart/form-data; boundary=a' }),
      { status: 400, code: 'BAD_USER_INPUT' },
    ],
  ])('%s', async (_, sendFile, expected) => {
    const before = listStoredFiles()
    const response = await sendFile()
    const { errors } = errorsSchema.parse(await response.json())
    expect({ status: response.status, ...errors[0]?.extensions, message: errors[0]?.message }).toMatchObject(expected)
    expect(listStoredFiles()).toEqual(before)
  })

  test('of a page of another origin', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { host: 'evil.example' },
    ]) {
      const response = await sendHttpRequest(url, {
        method: 'POST',
        path: '/files',
        headers: { ...headers, 'content-type': 'text/plain' },
        body: 'Hello',
      })
      expect(response.status).toBe(403)
    }
  })
})

describe('a file of a message', () => {
  const inUrl = (bytes: Buffer, mediaType: string) => `data:${mediaType};base64,${bytes.toString('base64')}`

  test('in HEIC becomes JPEG, whatever its label', async () => {
    for (const mediaType of ['image/heic', 'image/jpeg', 'image/png', '']) {
      const [file] = await send([{ name: 'IMG_1.HEIC', mediaType, url: inUrl(heicPhoto, mediaType) }])
      expect(file).toMatchObject({ name: 'IMG_1.jpg', mediaType: 'image/jpeg' })
      expect(await describeImage(await bytesAt(file?.url ?? ''))).toMatchObject({ format: 'jpeg', left: 'red' })
    }
    expect(JSON.stringify(environment.provider.requests.at(-1)?.body.messages)).toContain('data:image/jpeg;base64,/9j/')
  })

  test('that is damaged is refused before any other is stored', async () => {
    const before = listStoredFiles()
    const files = [
      { name: 'a.txt', mediaType: 'text/plain', url: 'data:,first' },
      { name: 'a.heic', mediaType: 'image/heic', url: inUrl(heicPhoto.subarray(0, 100), 'image/heic') },
    ]
    const error = await environment.client.start({ text: 'Look', files }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', path: ['input', 'files', 1, 'url'] } })
    expect(listStoredFiles()).toEqual(before)
  })

  test('that is a Word document becomes text', async () => {
    const docx = createDocx(docxParagraph('Hello from Word'))
    const [file] = await send([{ name: 'a.docx', mediaType: docxMediaType, url: inUrl(docx, docxMediaType) }])
    expect(file).toMatchObject({ name: 'a.txt', mediaType: 'text/plain' })
    expect((await bytesAt(file?.url ?? '')).toString()).toBe('Hello from Word')
  })

  test('that is a spreadsheet becomes text', async () => {
    const xlsx = createXlsx({ Sums: [['Ann', 3]] })
    const [file] = await send([{ name: 'a.xlsx', mediaType: xlsxMediaType, url: inUrl(xlsx, xlsxMediaType) }])
    expect(file).toMatchObject({ name: 'a.txt', mediaType: 'text/plain' })
    expect((await bytesAt(file?.url ?? '')).toString()).toBe('# Sums\nAnn\t3')
  })
})
