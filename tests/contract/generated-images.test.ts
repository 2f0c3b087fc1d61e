import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  type ChatEvent,
  expectReplay,
  followStream,
  isEventOfType,
  loadEvents,
  startChat,
  streamToEnd,
} from './support/chat.ts'
import { type Client, transports } from './support/clients.ts'
import { computeDigest, foldParts } from './support/fold.ts'
import { ForkSessionDocument, MessageNodeDocument, MessagesDocument } from './generated/graphql.ts'
import { newTestEnvironment } from './support/test-environment.ts'
import { ask, readUntil, requireNonNull, mutate } from './support/typed-client.ts'

const png = Buffer.from('89504e470d0a1a0a00ff', 'hex')
const dataUrl = `data:image/png;base64,${png.toString('base64')}`
const remoteUrl = 'https://example.org/cat.png'

/** A chunk with images, as OpenRouter sends them. */
const images = (...urls: string[]) => {
  const items = urls.map((url) => ({ type: 'image_url', image_url: { url } }))
  const chunk = { id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { images: items } }] }
  return { raw: `data: ${JSON.stringify(chunk)}` } as const
}
const usage = { usage: { input: 1, output: 1 } } as const

async function readFile(url: string, path: string) {
  const response = await fetch(url + path)
  const bytes = Buffer.from(await response.arrayBuffer())
  return { status: response.status, type: response.headers.get('content-type'), bytes }
}

const storedPng = { status: 200, type: 'image/png', bytes: png }

const findFileEvents = (events: readonly ChatEvent[]) => events.filter(isEventOfType('FilePartAdded'))

async function loadAnswer(client: Client, sessionId: string) {
  const { session } = await ask(client, MessagesDocument, { sessionId })
  return requireNonNull(session?.messages.edges.at(-1)?.node)
}

describe.each(transports)('An image that a model makes, over %s,', (transport) => {
  test('is an event, then a part at its place, and counts in the digest', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider, segue } = environment
    provider.enqueue([{ text: 'Here: ' }, images(dataUrl, remoteUrl), { text: ' Nice.' }, { finish: 'stop' }, usage])
    const { events, end } = await streamToEnd(client, { text: 'Draw a cat' })
    const message = requireNonNull(end.message)
    const url = `/files/${message.id}/1`
    expect(findFileEvents(events)).toMatchObject([
      { messageId: message.id, partIndex: 1, mediaType: 'image/png', name: null, url },
      { messageId: message.id, partIndex: 2, mediaType: 'image/*', name: null, url: remoteUrl },
    ])
    expect(message.parts).toMatchObject([
      { type: 'TextPart', text: 'Here: ' },
      { type: 'FilePart', index: 1, mediaType: 'image/png', name: null, url },
      { type: 'FilePart', index: 2, mediaType: 'image/*', name: null, url: remoteUrl },
      { type: 'TextPart', text: ' Nice.' },
    ])
    expect(foldParts(events)).toEqual(message.parts)
    expect(computeDigest(message.parts)).toBe(message.digest)
    expect(await readFile(segue.url, url)).toEqual(storedPng)

    const sessionId = end.stream.session.id
    expectReplay(await loadEvents(client, sessionId), events)
    const replay = await readUntil(followStream(client, end.stream.id), isEventOfType('StreamFinished'))
    expectReplay(replay.received, events)
  })

  test('has no type of image if its bytes are none, and is left out if it has none', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const page = `data:image/png;base64,${Buffer.from('<html>').toString('base64')}`
    provider.enqueue([{ text: 'Here:' }, images(page, 'data:image/png;base64,'), { finish: 'stop' }, usage])
    const { message } = (await streamToEnd(client, { text: 'Draw a cat' })).end
    expect(requireNonNull(message).parts).toMatchObject([
      { type: 'TextPart', text: 'Here:' },
      { type: 'FilePart', mediaType: 'application/octet-stream' },
    ])
  })

  test('can be read from its event on, while the answer goes on', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider, segue } = environment
    const { promise: pause, resolve: resume } = Promise.withResolvers<void>()
    provider.enqueue([images(dataUrl), { wait: pause }, { text: 'Done.' }, { finish: 'stop' }, usage])
    const stream = await startChat(client, { text: 'Draw a cat' })
    const { last: event } = await readUntil(
      followStream(client, requireNonNull(stream).id),
      isEventOfType('FilePartAdded'),
    )
    expect(await readFile(segue.url, event.url)).toEqual(storedPng)
    const growing = await ask(client, MessageNodeDocument, { id: event.messageId })
    expect(growing.node).toMatchObject({ status: 'STREAMING', parts: [{ type: 'FilePart', url: event.url }] })
    resume()
  })
})

describe('An image that a model makes', () => {
  test('is an answer of its own', async () => {
    await using environment = await newTestEnvironment('http')
    environment.provider.enqueue([images(dataUrl), { finish: 'stop' }, usage])
    const { end } = await streamToEnd(environment.client, { text: 'Draw a cat' })
    expect(end.stream).toMatchObject({ status: 'COMPLETED', error: null })
    expect(end.message).toMatchObject({ status: 'COMPLETE', text: '', parts: [{ type: 'FilePart' }] })
  })

  test('that is sent twice is a part once, and one that nobody could read is none', async () => {
    await using environment = await newTestEnvironment('http')
    const steps = [images(dataUrl, 'file:///etc/passwd'), images(dataUrl, 'http://127.0.0.1/a.png'), { text: 'Done.' }]
    environment.provider.enqueue([...steps, { finish: 'stop' }, usage])
    const { end } = await streamToEnd(environment.client, { text: 'Draw a cat' })
    expect(end.message?.parts).toMatchObject([{ type: 'FilePart' }, { type: 'TextPart' }])
  })

  test('stays in a fork, also after the first conversation was deleted', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider, segue } = environment
    provider.enqueue([images(dataUrl), { text: 'Done.' }, { finish: 'stop' }, usage])
    const { end } = await streamToEnd(client, { text: 'Draw a cat' })
    const { forkSession } = await mutate(client, ForkSessionDocument, { messageId: requireNonNull(end.message).id })
    const fork = requireNonNull(forkSession)
    await fetch(`${segue.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `mutation { deleteSession(id: "${end.stream.session.id}") }` }),
    })
    const copy = await loadAnswer(client, fork.id)
    const [file] = copy.parts
    expect(file).toMatchObject({ type: 'FilePart', url: `/files/${copy.id}/0` })
    expect(await readFile(segue.url, `/files/${copy.id}/0`)).toEqual(storedPng)
  })

  test('is drawn by the offline model, too', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, segue } = environment
    const { events, end } = await streamToEnd(client, { text: '/image a cat', model: 'offline/eliza' })
    const [event] = findFileEvents(events)
    const { bytes, ...response } = await readFile(segue.url, event?.url ?? '')
    expect(response).toEqual({ status: 200, type: 'image/png' })
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    expect(end.message).toMatchObject({ parts: [{ type: 'FilePart' }, { type: 'TextPart' }] })
    const again = await streamToEnd(client, { text: '/image a cat', model: 'offline/eliza' })
    const other = await readFile(segue.url, findFileEvents(again.events)[0]?.url ?? '')
    expect(createHash('sha256').update(other.bytes).digest()).toEqual(createHash('sha256').update(bytes).digest())
  })
})
