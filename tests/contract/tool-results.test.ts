import { expect, test } from 'vitest'
import { toBlobUrlPath } from '../../src/model/message-content/blob-url.ts'
import { newTool, newToolSource } from '../support/fixtures/tools.ts'
import { startTestSegue } from '../support/server/segue.ts'
import { ForkSessionDocument, MessagesDocument } from './generated/graphql.ts'
import { followStream, isEventOfType, loadSession, newSession, startChat, streamToEnd } from './support/chat.ts'
import { type Client, connect } from './support/clients.ts'
import { computeDigest, foldParts } from './support/fold.ts'
import { newTestEnvironment } from './support/test-environment.ts'
import { ask, readUntil, requireNonNull, mutate } from './support/typed-client.ts'

const png = Buffer.from('89504e470d0a1a0a00ff', 'hex')

/** A tool that returns a text and an image. */
const camera = newTool({
  name: 'camera',
  isReadOnly: true,
  execute: async (_, { storeFile }) => {
    const { hash } = await storeFile({ bytes: png, mediaType: 'image/png', name: null })
    const url = toBlobUrlPath(hash, 'image/png')
    const image = { type: 'image', mediaType: 'image/png', name: null, size: png.length, url }
    return { content: [{ type: 'text', text: 'Took it.' }, image] }
  },
})

async function messagesOf(client: Client, sessionId: string) {
  const { session } = await ask(client, MessagesDocument, { sessionId })
  return requireNonNull(session).messages.edges.map(({ node }) => node)
}

test('The image in a result has a URL, from its event on, also in a fork whose origin is deleted', async () => {
  await using segue = await startTestSegue({ createToolSource: () => newToolSource(camera) })
  await using client = connect('webSocket', segue.url)
  const { id, session } = requireNonNull(await startChat(client, { text: '/tool camera {}' }))
  const { received, last } = await readUntil(followStream(client, id), isEventOfType('StreamFinished'))
  const message = requireNonNull(last.message)
  const [call] = message.toolCalls
  const image = { type: 'image', mediaType: 'image/png', name: null, size: 10 }
  expect(call?.result).toEqual({
    content: [
      { type: 'text', text: 'Took it.' },
      { ...image, url: expect.stringMatching(/^\/files\/[0-9a-f]{64}\/image\/png$/) },
    ],
  })
  expect(computeDigest(foldParts(received))).toBe(message.digest)

  const { forkSession } = await mutate(client, ForkSessionDocument, { messageId: message.id })
  const fork = requireNonNull(forkSession)
  await fetch(`${segue.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { deleteSession(id: "${session.id}") }` }),
  })
  const [copy] = (await messagesOf(client, fork.id)).flatMap(({ toolCalls }) => toolCalls)
  expect(copy?.result).toEqual(call?.result)
  const [path = ''] = JSON.stringify(copy?.result).match(/\/files\/[^"]+/) ?? []
  const response = await fetch(segue.url + path)
  expect(response.headers.get('content-type')).toBe('image/png')
  expect(Buffer.from(await response.arrayBuffer())).toEqual(png)
})

test('A file in base64 within a result of Hermes is replaced by what it is, for clients and for the model', async () => {
  const data = Buffer.alloc(150_000, 7).toString('base64')
  const result = JSON.stringify([
    { type: 'text', text: 'Took it.' },
    { type: 'image', data, mimeType: 'image/png' },
  ])
  await using environment = await newTestEnvironment('http', {
    fillHermes: (db) => {
      db.addSession('old', { ended_at: 1_770_000_100, end_reason: 'cli_close' })
      db.addMessage('old', 1_770_000_001, { content: 'Take one' })
      db.addToolCalls('old', 1_770_000_002, ['c1'])
      db.addToolResult('old', 1_770_000_003, 'c1', result)
      db.addMessage('old', 1_770_000_004, { role: 'assistant', content: 'There.' })
    },
  })
  const { client, provider } = environment
  const [shown] = (await messagesOf(client, 'old')).flatMap(({ toolCalls }) => toolCalls)
  const image = { type: 'image', mediaType: 'image/png', name: null, size: 150_000, url: null }
  expect(shown?.result).toEqual([{ type: 'text', text: 'Took it.' }, image])

  const sessionId = await newSession(client, 'old')
  provider.enqueue('Nice.')
  await streamToEnd(client, { sessionId, text: 'And?' })
  const sent = JSON.stringify(provider.requests.at(-1)?.body.messages)
  expect(sent).toContain('Took it.\\n[image/png, 150 kB]')
  expect(sent).not.toContain(data.slice(0, 100))
  expect(JSON.stringify((await loadSession(client, sessionId)).modelContext)).not.toContain(data.slice(0, 100))
})
