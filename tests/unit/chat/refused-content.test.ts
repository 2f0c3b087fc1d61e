import { rmSync } from 'node:fs'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ProviderType } from '../../../src/config/profile/provider.ts'
import { ChatClient, type ChatInput } from '../../support/clients/chat-client.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { type TestSegue, newHome, startTestSegue } from '../../support/server/segue.ts'
import { startHttpServer, type TestHttpServer } from '../../support/server/small-server.ts'

interface Refusal {
  readonly status: number
  readonly message: string
  readonly fields?: object
}

const png = (content: string): string =>
  `data:image/png;base64,${Buffer.from(`\u0089PNG\r\n\u001a\n${content}`, 'latin1').toString('base64')}`
const image = (content: string) => ({ mediaType: 'image/png', name: `${content}.png`, url: png(content) })
const link = { mediaType: 'image/png', url: 'https://pictures.example/a.png?expires=1' }
const base64Of = (content: string): string => png(content).split(',')[1] ?? ''
const note = (name: string, reason: string): string => `[Image ${name}: left out, because ${reason}.]`

const answerText = 'data: {"choices":[{"delta":{"content":"Fine."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

let home: string
let server: TestHttpServer
let segue: TestSegue
let client: ChatClient
/** The bodies of the requests to the provider. */
let requests: string[]
/** Why the provider refuses a request, by its body; null if it answers. */
let judge: (body: string) => Refusal | null

const hasImage = (body: string): boolean => body.includes('"image_url"')
const takesNoImages = (body: string): Refusal | null =>
  hasImage(body) ? { status: 400, message: 'm does not support image input' } : null

async function startSegue(type: ProviderType = 'openai-compatible'): Promise<void> {
  const provider = newProvider({ name: 'p', type, baseURL: `${server.url}/v1`, apiKey: 'k', models: ['m'] })
  segue = await startTestSegue({ settings: { home, model: 'p/m', providers: [provider] } })
  client = new ChatClient(segue.url)
}

async function stopSegue(): Promise<void> {
  await client[Symbol.asyncDispose]()
  await segue.close()
}

beforeEach(async () => {
  home = newHome()
  requests = []
  judge = () => null
  server = await startHttpServer((request, response) => {
    void readText(request).then((body) => {
      if (request.method === 'GET') return response.writeHead(404).end()
      requests.push(body)
      const refusal = judge(body)
      if (!refusal) return response.writeHead(200, { 'content-type': 'text/event-stream' }).end(answerText)
      const { status, message, fields } = refusal
      const headers = { 'content-type': 'application/json' }
      return response.writeHead(status, headers).end(JSON.stringify({ error: { message, ...fields } }))
    })
  })
  await startSegue()
})

afterEach(async () => {
  await stopSegue()
  await server[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

/** Sends a message and waits for the end of the answer. Returns the requests that it took as well. */
async function ask(text: string, more: Pick<ChatInput, 'sessionId' | 'files'> = {}) {
  const first = requests.length
  const { id, session } = await client.start({ text, ...more })
  await new EventReader(client.followStream(id, 0)).readUntilType('StreamFinished')
  const { status, error, usage } = await client.stream(id)
  return { sessionId: session.id, status, error, usage, sent: requests.slice(first) }
}

async function findSupport(): Promise<unknown> {
  const { models } = await client.ask('{ models { qualifiedName supportsImages } }')
  const list = z.array(z.object({ qualifiedName: z.string(), supportsImages: z.boolean().nullable() })).parse(models)
  return list.find(({ qualifiedName }) => qualifiedName === 'p/m')?.supportsImages
}

async function loadModelContext(id: string): Promise<string> {
  return JSON.stringify(await client.ask('query ($id: ID!) { session(id: $id) { modelContext } }', { id }))
}

describe('a model that takes no images', () => {
  beforeEach(() => {
    judge = takesNoImages
  })

  test('is asked again at once, with a line in the place of each image', async () => {
    expect(await findSupport()).toBeNull()
    const { status, sent, sessionId } = await ask('What is this?', { files: [image('cat'), link] })
    expect(status).toBe('COMPLETED')
    expect(sent.map(hasImage)).toEqual([true, false])
    expect(sent[1]).toContain(note('cat.png', 'the model does not accept images'))
    expect(sent[1]).toContain(note('image/png', 'the model does not accept images'))
    expect(await loadModelContext(sessionId)).toContain(note('cat.png', 'the model does not accept images'))
    const [message] = await client.messages(sessionId)
    expect(message?.parts.map(({ type }) => type)).toEqual(['TextPart', 'FilePart', 'FilePart'])
  })

  test('is not sent any for an hour, also after a restart', async () => {
    const { sessionId } = await ask('What is this?', { files: [image('cat')] })
    expect((await ask('And now?', { sessionId })).sent.map(hasImage)).toEqual([false])
    await stopSegue()
    await startSegue()
    expect((await ask('And now?', { sessionId, files: [image('dog')] })).sent.map(hasImage)).toEqual([false])
    expect(await findSupport()).toBe(false)
  })

  test('is asked again with a text file, which is text', async () => {
    const url = `data:text/plain;base64,${Buffer.from('Owls.').toString('base64')}`
    const { sent } = await ask('Look', { files: [image('cat'), { mediaType: 'text/plain', name: 'a.txt', url }] })
    expect(sent[1]).toContain('[a.txt]\\nOwls.')
  })
})

test('a model that accepts an image is known to support images', async () => {
  await ask('What is this?', { files: [image('cat')] })
  expect(await findSupport()).toBe(true)
})

describe('an image that cannot be used', () => {
  const failsToDownload = (body: string): Refusal | null =>
    body.includes(link.url) ? { status: 400, message: 'Failed to download image from the given URL.' } : null
  const cannotProcess = (content: string) => (body: string) =>
    body.includes(base64Of(content)) ? { status: 400, message: 'Could not process image' } : null

  test('is left out if it is linked, and the others are sent', async () => {
    judge = failsToDownload
    const { status, sent, sessionId } = await ask('Compare', { files: [image('cat'), link] })
    expect(status).toBe('COMPLETED')
    expect(sent).toHaveLength(2)
    expect(sent[1]).toContain(base64Of('cat'))
    expect(sent[1]).toContain(note('image/png', 'its provider could not read it'))
    expect((await ask('Go on', { sessionId })).sent).toHaveLength(1)
    expect(await findSupport()).toBe(true)
  })

  test('is looked for in the newest message with files first', async () => {
    const { sessionId } = await ask('Look', { files: [image('cat')] })
    judge = cannotProcess('dog')
    const { status, sent } = await ask('And this?', { sessionId, files: [image('dog')] })
    expect(status).toBe('COMPLETED')
    expect(sent).toHaveLength(2)
    expect(sent[1]).toContain(base64Of('cat'))
    const later = await ask('Go on', { sessionId })
    expect(later.sent).toHaveLength(1)
    expect(later.sent[0]).toContain(base64Of('cat'))
    expect(await loadModelContext(sessionId)).toContain(note('dog.png', 'its provider could not read it'))
  })

  test('is left out alone if the error names its place or its URL', async () => {
    const files = [image('cat'), image('dog'), link]
    const param = 'messages.[0].content.[2].image_url'
    judge = (body) =>
      body.includes(base64Of('dog'))
        ? { status: 400, message: 'The image data you provided does not represent a valid image.', fields: { param } }
        : body.includes(link.url)
          ? { status: 400, message: 'Error while downloading https://pictures.example/a.png.' }
          : null
    const { status, sent } = await ask('Compare', { files })
    expect(status).toBe('COMPLETED')
    expect(sent).toHaveLength(3)
    expect(sent[2]).toContain(base64Of('cat'))
  })

  test('is found at last among the earlier ones, and the message is answered', async () => {
    const { sessionId } = await ask('Look', { files: [image('dog')] })
    await ask('And this?', { sessionId, files: [image('cat')] })
    judge = cannotProcess('dog')
    expect((await ask('Go on', { sessionId })).status).toBe('COMPLETED')
    expect((await ask('Go on', { sessionId })).sent).toHaveLength(1)
  })

  test('is remembered after a restart', async () => {
    judge = cannotProcess('dog')
    const { sessionId } = await ask('Look', { files: [image('dog')] })
    await stopSegue()
    await startSegue()
    expect((await ask('Go on', { sessionId })).sent).toHaveLength(1)
  })
})

test('of too many images the newest ones are sent, as many as the error says', async () => {
  const countImages = (body: string): number => body.split('"image_url":{').length - 1
  judge = (body) =>
    countImages(body) > 2 ? { status: 400, message: 'At most 2 image(s) may be provided in one request.' } : null
  const { sessionId } = await ask('One', { files: [image('a'), image('b')] })
  const second = await ask('Two', { sessionId, files: [image('c')] })
  expect(second.sent.map(countImages)).toEqual([3, 2])
  expect(second.sent[1]).toContain(base64Of('c'))
  expect(second.sent[1]).toContain(note('a.png', 'only the newest images are sent'))
  expect((await ask('Three', { sessionId, files: [image('d')] })).sent.map(countImages)).toEqual([2])
  expect(await findSupport()).toBe(true)
})

test('a request that is too large in bytes loses its oldest files', async () => {
  judge = (body) => (body.includes(base64Of('a')) ? { status: 413, message: 'Request Entity Too Large' } : null)
  const { sessionId, status, sent } = await ask('Look', { files: [image('a'), image('b')] })
  expect(status).toBe('COMPLETED')
  expect(sent).toHaveLength(2)
  expect(sent[1]).toContain(base64Of('b'))
  expect((await ask('Go on', { sessionId })).sent).toHaveLength(1)
})

describe('a refusal that is not understood', () => {
  test('is tried without the files', async () => {
    judge = (body) => (hasImage(body) ? { status: 422, message: '该请求无效' } : null)
    const { status, sent, sessionId } = await ask('Look', { files: [image('cat')] })
    expect(status).toBe('COMPLETED')
    expect(sent).toHaveLength(2)
    expect((await ask('Go on', { sessionId })).sent).toHaveLength(1)
    // It may have been this one image.
    expect(await findSupport()).toBeNull()
  })

  test('is shown as it came first if the plain request is refused, too', async () => {
    judge = (body) => ({ status: 400, message: hasImage(body) ? 'First.' : 'Second.' })
    const { status, error, sent } = await ask('Look', { files: [image('cat')] })
    expect([status, error?.message]).toEqual(['FAILED', expect.stringMatching(/says: First\.$/)])
    expect(sent).toHaveLength(2)
    judge = () => null
    expect((await ask('Again', { files: [image('cat')] })).sent.map(hasImage)).toEqual([true])
  })
})

test('a server that fails because of an earlier image answers without it', async () => {
  const { sessionId } = await ask('Look', { files: [image('cat')] })
  judge = (body) => (hasImage(body) ? { status: 500, message: 'Internal server error' } : null)
  const later = await ask('Go on', { sessionId })
  expect(later.status).toBe('COMPLETED')
  expect(later.sent.map(hasImage)).toEqual([true, true, true, false])
  // The image of the message itself is not left out silently.
  expect((await ask('And this?', { files: [image('dog')] })).status).toBe('FAILED')
})

test.each([
  [401, 'Invalid API key'],
  [402, 'Payment required'],
  [403, 'Forbidden'],
  [400, 'Your credit balance is too low'],
  [400, 'Your image was flagged by our safety system.'],
])('a request that is refused for another reason is not changed: %i %s', async (status, message) => {
  judge = () => ({ status, message })
  const { sent, error } = await ask('Look', { files: [image('cat')] })
  expect(sent).toHaveLength(1)
  expect(error?.message).toContain(message)
})
