import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { ProviderType } from '../../src/config/profile/provider.ts'
import {
  type ChatFixture,
  openChatFixture,
  type ScriptedAnswer,
  newChatFixture,
} from '../support/fixtures/chats/agent-chats.ts'
import { ChatClient, type ChatInput, type ApiMessage } from '../support/clients/chat-client.ts'
import { startSegueWithProvider, providerKey, type SegueWithProvider } from '../support/server/segue-with-provider.ts'
import { newProvider } from '../support/providers/provider.ts'
import { computeDigest, toParts } from '../support/clients/reader.ts'
import { newTempFolder, startTestSegue } from '../support/server/segue.ts'
import { startHttpServer } from '../support/server/small-server.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { waitUntil } from '../support/wait-until.ts'
import { TestDatabase } from '../support/storage/test-database.ts'

const picture = Buffer.concat([
  Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256)),
])
const notes = 'Überweisung 😀\n/tool never {}\n"quoted"'
const inUrl = (mediaType: string, bytes: Buffer | string) =>
  `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`
const hashOf = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

const aPicture = { name: 'cat.png', mediaType: 'image/png', url: inUrl('image/png', picture) }
const aText = { name: 'notes.md', mediaType: 'text/markdown; charset=UTF-8', url: inUrl('text/plain', notes) }

let environment: SegueWithProvider

beforeEach(async () => {
  environment = await startSegueWithProvider()
})

afterEach(async () => {
  expect(environment.provider.rejections).toEqual([])
  await environment[Symbol.asyncDispose]()
})

/** Runs one turn and returns its user message. */
async function turn(input: ChatInput, { client, newReader }: SegueWithProvider = environment) {
  const stream = await client.start(input)
  const finished = await newReader(stream.id).readUntilType('StreamFinished')
  expect(finished.stream).toMatchObject({ status: 'COMPLETED', error: null })
  const messages = await client.messages(stream.session.id)
  const message = messages.findLast(({ role }) => role === 'USER')
  if (!message) throw new Error('The user message is missing.')
  return { stream, message, sessionId: stream.session.id }
}

const filesOf = ({ parts }: ApiMessage) => parts.flatMap((part) => (part.type === 'FilePart' ? [part] : []))

async function bytesAt(path: string, url = environment.segue.url) {
  const response = await fetch(url + path)
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    bytes: Buffer.from(await response.arrayBuffer()),
  }
}

/** The names of the files that a home stores. */
function listStoredFiles(home: string): string[] {
  const folder = join(home, 'files')
  return existsSync(folder) ? readdirSync(folder).toSorted() : []
}

async function contextOf(client: ChatClient, id: string): Promise<unknown> {
  const { session } = await client.ask('query ($id: ID!) { session(id: $id) { modelContext } }', { id })
  return z.object({ modelContext: z.unknown() }).parse(session).modelContext
}

async function readError(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => 'it was not refused',
    (error: unknown) => error,
  )
}

describe('Files of a message', () => {
  test('are its parts, are served byte for byte, and count in its digest with their public URL', async () => {
    const { message } = await turn({ text: 'Look', files: [aPicture, aText] })
    const [image, written] = filesOf(message)
    expect([image, written]).toMatchObject([
      { index: 1, name: 'cat.png', mediaType: 'image/png', url: `/files/${message.id}/1` },
      { index: 2, name: 'notes.md', mediaType: 'text/markdown', url: `/files/${message.id}/2` },
    ])
    expect(await bytesAt(image?.url ?? '')).toEqual({ status: 200, type: 'image/png', bytes: picture })
    expect(await bytesAt(written?.url ?? '')).toMatchObject({ status: 200, bytes: Buffer.from(notes) })
    expect(message.digest).toBe(computeDigest(toParts(message)))
  })

  test('reach the provider, an image as an image and a text file as text, also in later turns', async () => {
    const content = [
      { type: 'text', text: 'Look' },
      { type: 'image_url', image_url: { url: aPicture.url } },
      { type: 'text', text: `[notes.md]\n${notes}` },
    ]
    const { sessionId, message } = await turn({ text: 'Look', files: [aPicture, aText] })
    await turn({ text: 'And?', sessionId })
    for (const { body } of environment.provider.requests) expect(body.messages[0]).toEqual({ role: 'user', content })
    expect(await contextOf(environment.client, sessionId)).toMatchObject([
      {
        role: 'user',
        content: [content[0], { type: 'file', mediaType: 'image/png', data: `/files/${message.id}/1` }, content[2]],
      },
      { role: 'assistant' },
      { role: 'user' },
      { role: 'assistant' },
    ])
  })

  test('are stored beside the database under their hashes, not in it', async () => {
    await turn({ text: 'Look', files: [aPicture, aText] })
    const { home } = environment.segue
    expect(listStoredFiles(home)).toEqual([hashOf(picture), hashOf(notes)].toSorted())
    for (const bytes of [picture, Buffer.from(notes)]) {
      expect(readFileSync(join(home, 'files', hashOf(bytes))).equals(bytes)).toBe(true)
    }
    using database = TestDatabase.read(home)
    const stored = JSON.stringify(database.readAll())
    expect(stored).toContain(hashOf(picture))
    for (const content of [
      picture.toString('base64').slice(0, 100),
      'Überweisung',
      Buffer.from(notes).toString('base64'),
    ]) {
      expect(stored).not.toContain(content)
    }
  })

  test('can be the only content of a message, and then give the session its title', async () => {
    const { sessionId } = await turn({ text: ' ', files: [aPicture] })
    expect(await environment.client.ask('query ($id: ID!) { session(id: $id) { title } }', { id: sessionId })).toEqual({
      session: { title: 'cat.png' },
    })
    expect(environment.provider.requests[0]?.body.messages).toMatchObject([{ content: [{ type: 'image_url' }] }])
  })

  test('can have 10 MiB, while other requests are answered', async () => {
    const large = Buffer.alloc(10 * 1024 * 1024, picture)
    const sending = turn({ text: 'Look', files: [{ mediaType: 'image/png', url: inUrl('image/png', large) }] })
    await turn({ text: 'Hi' })
    const { message } = await sending
    const served = await bytesAt(filesOf(message)[0]?.url ?? '')
    expect(served.bytes.equals(large)).toBe(true)
  })

  test('are available to a queued message after a restart of the server', async () => {
    const home = newTempFolder()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const local = newProvider({
      name: 'local',
      baseURL: environment.provider.baseURL,
      apiKey: providerKey,
      models: ['test'],
    })
    const settings = { home, providers: [local], model: 'local/test' }
    const first = await startTestSegue({ settings })
    environment.provider.enqueue([{ text: 'Hm' }, { wait: new Promise<never>(() => undefined) }])
    const before = new ChatClient(first.url)
    const running = await before.start({ text: 'Hi' })
    await environment.provider.waitForRequest(0)
    const sessionId = running.session.id
    const queued = await before.start({ text: 'Look', sessionId, files: [aPicture], ifBusy: 'QUEUE' })
    writeFileSync(join(home, 'files', hashOf('nobody’s')), 'nobody’s')
    await before[Symbol.asyncDispose]()
    await first[Symbol.asyncDispose]()

    await using again = await startTestSegue({ settings })
    await using client = new ChatClient(again.url)
    for await (const event of client.followStream(queued.id)) {
      if (event.type === 'StreamFinished') expect(event.stream.status).toBe('COMPLETED')
    }
    expect(environment.provider.requests.at(-1)?.body.messages.at(-1)).toMatchObject({
      content: [{ text: 'Look' }, { image_url: { url: aPicture.url } }],
    })
    await waitUntil(
      () => listStoredFiles(home).length === 1,
      () => listStoredFiles(home),
    )
    expect(listStoredFiles(home)).toEqual([hashOf(picture)])
  })
})

describe.each<[ProviderType, (url: string) => object]>([
  ['openai', (url) => ({ type: 'image_url', image_url: { url } })],
  ['openai-compatible', (url) => ({ type: 'image_url', image_url: { url } })],
  ['anthropic', (url) => ({ type: 'image', source: { type: 'url', url } })],
])('A file with an https URL, at a provider of the type %s,', (type, form) => {
  test('is passed on unchanged: Segue does not fetch it', async () => {
    let connectionCount = 0
    const fileServer = createServer((socket) => {
      connectionCount += 1
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(fileServer, 'listening')
    onTestFinished(() => void fileServer.close())
    const address = fileServer.address()
    const url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/a%20cat.png?x=1`

    let sent = ''
    await using there = await startHttpServer((request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => void (sent += chunk))
      request.on('end', () => response.writeHead(401, { 'content-type': 'application/json' }).end('{}'))
    })
    const local = newProvider({ name: 'local', type, baseURL: there.url, apiKey: 'k', models: ['test'] })
    await using segue = await startTestSegue({ settings: { providers: [local], model: 'local/test' } })
    await using client = new ChatClient(segue.url)
    const text = { mediaType: 'text/plain', name: 'a.txt', url: `${url}.txt` }
    const stream = await client.start({ text: 'Look', files: [{ mediaType: 'image/png', url }, text] })
    for await (const event of client.followStream(stream.id)) if (event.type === 'StreamFinished') break

    const body = z.object({ messages: z.array(z.object({ content: z.array(z.unknown()) })) }).parse(JSON.parse(sent))
    expect(body.messages[0]?.content).toMatchObject([
      { text: 'Look' },
      form(url),
      { type: 'text', text: `[a.txt] ${text.url}` },
    ])
    const [message] = await client.messages(stream.session.id)
    expect(message && filesOf(message).map((file) => file.url)).toEqual([url, text.url])
    await contextOf(client, stream.session.id)
    expect(await bytesAt(`/files/${message?.id}/1`, segue.url)).toMatchObject({ status: 404 })
    expect([connectionCount, listStoredFiles(segue.home)]).toEqual([0, []])
  })
})

describe('The URL of a FilePart', () => {
  const regenerate = `mutation ($id: ID!, $text: String, $files: [FileInput!]) {
    regenerate(messageId: $id, text: $text, files: $files) { id session { id } } }`
  const fileAt = (url: string) => ({ mediaType: 'image/png', url })

  /** Sends a message with a picture and a text, and returns their URLs with the names of the message and the session. */
  async function sendFiles(input: Partial<ChatInput> = {}) {
    const { message, sessionId } = await turn({ text: 'Look', files: [aPicture, aText], ...input })
    const [image = '', text = ''] = filesOf(message).map(({ url }) => url)
    return { image, text, messageId: message.id, sessionId }
  }

  test('sends its file again: the new message has it also when the old one is deleted', async () => {
    const old = await sendFiles()
    const input = {
      text: 'Again',
      key: 'again',
      files: [fileAt(old.image), { mediaType: aText.mediaType, url: old.text, name: 'other.md' }],
    }
    const { message, stream } = await turn(input)
    await environment.client.ask('mutation ($id: ID!) { deleteSession(id: $id) }', { id: old.sessionId })
    expect((await environment.client.start(input)).id).toBe(stream.id)
    const [image, text] = filesOf(message)
    expect([image?.name, text?.name]).toEqual(['cat.png', 'other.md'])
    expect([image?.url, text?.url]).toEqual([`/files/${message.id}/1`, `/files/${message.id}/2`])
    expect(await bytesAt(old.image)).toMatchObject({ status: 404 })
    expect(await bytesAt(image?.url ?? '')).toMatchObject({ status: 200, type: 'image/png', bytes: picture })
    expect((await bytesAt(text?.url ?? '')).bytes.toString()).toBe(notes)
    const sent = environment.provider.requests.at(-1)?.body.messages.at(-1)?.content
    expect(sent).toMatchObject([
      { text: 'Again' },
      { image_url: { url: aPicture.url } },
      { text: `[other.md]\n${notes}` },
    ])
  })

  test('is taken by streamChat', async () => {
    const { image } = await sendFiles()
    const query = `subscription ($input: StreamChatInput!) { streamChat(input: $input) { __typename
      ... on StreamFinished { stream { session { id } } } } }`
    const ended: unknown[] = []
    for await (const event of environment.client.subscribe(query, { input: { text: 'Go', files: [fileAt(image)] } }))
      ended.push(event)
    const { streamChat: end } = z
      .object({ streamChat: z.object({ stream: z.object({ session: z.object({ id: z.string() }) }) }) })
      .parse(ended.at(-1))
    const [message] = await environment.client.messages(end.stream.session.id)
    expect(message && filesOf(message)).toMatchObject([{ name: 'cat.png', mediaType: 'image/png' }])
  })

  test('keeps one of the files of a message that is edited', async () => {
    const { image, messageId, sessionId } = await sendFiles()
    const variables = { id: messageId, text: 'Only the picture', files: [fileAt(image)] }
    const { regenerate: again } = z
      .object({ regenerate: z.object({ id: z.string(), session: z.object({ id: z.string() }) }) })
      .parse(await environment.client.ask(regenerate, variables))
    await environment.newReader(again.id).readToEnd()
    await environment.client.ask('mutation ($id: ID!) { deleteSession(id: $id) }', { id: sessionId })
    const [message] = await environment.client.messages(again.session.id)
    const [kept, ...others] = message ? filesOf(message) : []
    expect([kept?.name, others]).toEqual(['cat.png', []])
    expect((await bytesAt(kept?.url ?? '')).bytes.equals(picture)).toBe(true)
  })

  test('is refused in another profile, and nothing of the file gets there', async () => {
    const { image, text, sessionId } = await sendFiles()
    await environment.client.ask('mutation { createProfile(name: "other") { name } }')
    const start = 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }'
    const hash = hashOf(picture)
    for (const url of [image, text, `/files/${hash}/image/png`, `/files/${hash}`]) {
      const input = { text: 'Look', profile: 'other', key: url, files: [aText, fileAt(url)] }
      expect(await readError(environment.client.ask(start, { input })), url).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT', path: ['input', 'files', 1, 'url'] },
      })
    }
    const sessions = '{ sessions(filter: { profile: "other" }) { edges { node { id } } } }'
    expect(await environment.client.ask(sessions)).toEqual({ sessions: { edges: [] } })
    expect(listStoredFiles(join(environment.segue.home, 'profiles', 'other'))).not.toContain(hash)
    expect(
      (await turn({ text: 'Here', sessionId, files: [fileAt(`/files/${hash}/image/png`)] })).message,
    ).toMatchObject({
      parts: [{}, { mediaType: 'image/png', name: null }],
    })
  })

  test('is refused if it names no file', async () => {
    const { messageId } = await sendFiles()
    const urls = [
      `/files/${messageId}/0`,
      `/files/${messageId}/9`,
      `/files/${messageId}`,
      `/files/${messageId}/1/`,
      '/files/msg_01h455vb4pex5vsknk084sn02q/1',
      `/files/${hashOf('none')}/image/png`,
      `/files/../files/${messageId}/1`,
      '/files/%E0%A4/1',
      '/etc/hosts',
      `file:${hashOf(picture)}`,
    ]
    for (const url of urls) {
      const start = environment.client.start({ text: 'Look', files: [fileAt(url)] })
      expect(await readError(start), url).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT', path: ['input', 'files', 0, 'url'] },
      })
      const again = environment.client.ask(regenerate, { id: messageId, files: [fileAt(url)] })
      expect(await readError(again), url).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT', path: ['files', 0, 'url'] },
      })
    }
  })
})

describe('A message with an invalid file', () => {
  test('is refused and leaves nothing behind, not even its key', async () => {
    const bad = { ...aText, url: 'http://example.com/a' }
    expect(await readError(environment.client.start({ text: 'Look', key: 'k', files: [aPicture, bad] }))).toMatchObject(
      {
        extensions: { code: 'BAD_USER_INPUT', path: ['input', 'files', 1, 'url'] },
      },
    )
    const large = { mediaType: 'text/plain', url: inUrl('text/plain', Buffer.alloc(1024 * 1024 + 1, 'a')) }
    expect(
      await readError(environment.client.start({ text: 'Look', key: 'k', files: [aPicture, large] })),
    ).toMatchObject({
      extensions: { code: 'TOO_LARGE' },
    })
    expect(await environment.client.ask('{ sessions { edges { node { id } } } }')).toEqual({ sessions: { edges: [] } })
    expect(listStoredFiles(environment.segue.home)).toEqual([])
    await turn({ text: 'Look', key: 'k', files: [aPicture] })
  })

  test('is refused with neither text nor files', async () => {
    expect(await readError(environment.client.start({ text: ' ', files: [] }))).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', path: ['input', 'text'] },
    })
  })

  test('is refused because of its session before a file is stored', async () => {
    const unknown = 'ses_01h455vb4pex5vsknk084sn02q'
    expect(
      await readError(environment.client.start({ text: 'Look', sessionId: unknown, files: [aPicture] })),
    ).toMatchObject({
      extensions: { code: 'NOT_FOUND' },
    })
    expect(
      await readError(environment.client.start({ text: 'Look', model: 'no/model', files: [aPicture] })),
    ).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', path: ['input', 'model'] },
    })
    expect(listStoredFiles(environment.segue.home)).toEqual([])
  })
})

test('An idempotency key covers the files with all their properties', async () => {
  const input = { text: 'Look', key: 'k', files: [aPicture, aText] }
  const { stream } = await turn(input)
  expect((await environment.client.start(input)).id).toBe(stream.id)
  const others = [
    [],
    [aPicture],
    [aText, aPicture],
    [aPicture, { ...aText, name: 'other.md' }],
    [aPicture, { ...aText, mediaType: 'text/plain' }],
    [aPicture, { ...aText, url: inUrl('text/plain', `${notes}.`) }],
    [aPicture, { mediaType: aText.mediaType, url: aText.url }],
  ]
  for (const files of others) {
    expect(await readError(environment.client.start({ ...input, files })), JSON.stringify(files)).toMatchObject({
      extensions: { code: 'IDEMPOTENCY_MISMATCH', streamId: stream.id },
    })
  }
  const { stream: without } = await turn({ text: 'Look', key: 'none' })
  expect((await environment.client.start({ text: 'Look', key: 'none', files: [] })).id).toBe(without.id)
})

describe('A fork', () => {
  test('and a regenerated turn have the files of the messages that they copy', async () => {
    const { message, sessionId } = await turn({ text: 'Look', files: [aPicture, aText] })
    const { forkSession: fork } = z
      .object({ forkSession: z.object({ id: z.string() }) })
      .parse(
        await environment.client.ask('mutation ($id: ID!) { forkSession(messageId: $id) { id } }', { id: message.id }),
      )
    const { regenerate: again } = z
      .object({ regenerate: z.object({ id: z.string(), session: z.object({ id: z.string() }) }) })
      .parse(
        await environment.client.ask(
          'mutation ($id: ID!) { regenerate(messageId: $id, text: "Look again") { id session { id } } }',
          { id: message.id },
        ),
      )
    await environment.newReader(again.id).readToEnd()
    await turn({ text: 'And now?', sessionId: fork.id })
    for (const [id, text] of [
      [fork.id, 'Look'],
      [again.session.id, 'Look again'],
    ] as const) {
      const [copy] = await environment.client.messages(id)
      expect(copy).toMatchObject({ text })
      expect(copy?.id).not.toBe(message.id)
      const [image] = copy ? filesOf(copy) : []
      expect(image?.url).toBe(`/files/${copy?.id}/1`)
      expect((await bytesAt(image?.url ?? '')).bytes.equals(picture)).toBe(true)
    }
    const sent = environment.provider.requests.map(({ body }) => body.messages[0]?.content)
    expect(sent).toMatchObject([
      [{ text: 'Look' }, { image_url: { url: aPicture.url } }, { text: `[notes.md]\n${notes}` }],
      [{ text: 'Look again' }, { image_url: { url: aPicture.url } }, { text: `[notes.md]\n${notes}` }],
      [{ text: 'Look' }, { image_url: { url: aPicture.url } }, { text: `[notes.md]\n${notes}\n\nAnd now?` }],
    ])
    expect((await environment.client.messages(sessionId))[0]).toEqual(message)
    expect(listStoredFiles(environment.segue.home)).toHaveLength(2)
  })
})

describe('The start after a crash', () => {
  /** Starts an answer that does not end, in which a tool returns a result that is too large for the log. */
  const unfinished = (keep: () => Promise<string>): ScriptedAnswer =>
    async function* () {
      yield { type: 'step', estimatedInputTokens: 1 }
      yield { type: 'tool-call', callId: 'c', name: 'files__look', argumentsText: '{}' }
      yield { type: 'tool-result', callId: 'c', result: 'the begin', fileHash: await keep() }
      yield { type: 'text', block: '1', text: 'So' }
      await new Promise<never>(() => undefined)
    }

  test('removes unreferenced files, but not the result that an interrupted answer refers to', async () => {
    const result = Buffer.from('the beginning and all the rest')
    let fixture: ChatFixture | null = null
    await using first = newChatFixture(unfinished(async () => fixture?.profile.blobs.put(result) ?? ''))
    fixture = first
    const stream = await first.start('Look', { files: [{ ...aPicture, name: null }] })
    for await (const event of await first.chats.subscriptions.subscribeToStream(stream.id, 0)) {
      if (event.type === 'TextDelta') break
    }
    const stray = await first.profile.blobs.put(Buffer.from('stray'))
    expect(listStoredFiles(first.home)).toHaveLength(3)

    // The files that a crash at this moment would leave.
    const home = newTempFolder()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    cpSync(first.home, home, { recursive: true })
    await using second = openChatFixture(home)
    expect(await second.chats.recover()).toBe(1)
    await waitUntil(() => !listStoredFiles(home).includes(stray))
    expect(listStoredFiles(home)).toEqual([hashOf(picture), hashOf(result)].toSorted())
    const answer = await second.findAnswer(stream.id)
    expect(answer).toMatchObject({
      status: 'PARTIAL',
      parts: [{ call: { resultFile: hashOf(result) } }, { text: 'So' }],
    })
    expect(second.loggedErrors).toEqual([])
  })
})

test('A provider that cannot be reached loses no file', async () => {
  await using provider = await StrictProvider.start()
  provider.defaultAnswer = () => [{ status: 401, body: 'no' }]
  const local = newProvider({ name: 'local', baseURL: provider.baseURL, models: ['test'] })
  await using segue = await startTestSegue({ settings: { providers: [local], model: 'local/test' } })
  await using client = new ChatClient(segue.url)
  const stream = await client.start({ text: 'Look', files: [aPicture] })
  for await (const event of client.followStream(stream.id)) {
    if (event.type === 'StreamFinished') expect(event.stream.status).toBe('FAILED')
  }
  const [message] = await client.messages(stream.session.id)
  expect((await bytesAt(message ? (filesOf(message)[0]?.url ?? '') : '', segue.url)).bytes.equals(picture)).toBe(true)
})
