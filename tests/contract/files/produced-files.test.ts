import { expect, test } from 'vitest'
import { z } from 'zod'
import { mcpResultToJson } from '../../../src/agent/mcp/results/mcp-result-to-json.ts'
import { createImage, describeImage, heicPhoto } from '../../support/files/images.ts'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { startTestSegue } from '../../support/server/segue.ts'
import { followStream, isEventOfType, startChat, streamToEnd } from '../support/chat.ts'
import { connect } from '../support/clients.ts'
import { computeDigest, foldParts } from '../support/fold.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { readUntil, requireNonNull } from '../support/typed-client.ts'

const resultSchema = z.object({ content: z.array(z.looseObject({ url: z.string().nullable() })) })

/** A tool whose result is a file, as an MCP server sends it. */
function newCamera(bytes: Buffer, mimeType: string) {
  const resource = { uri: 'file:///photos/IMG_1.HEIC', mimeType, blob: bytes.toString('base64') }
  return newTool({
    name: 'camera',
    isReadOnly: true,
    execute: (_, { storeFile }) => mcpResultToJson({ content: [{ type: 'resource', resource }] }, storeFile),
  })
}

async function readBytes(url: string, path: string | null) {
  const response = await fetch(url + (path ?? ''))
  return { type: response.headers.get('content-type'), bytes: Buffer.from(await response.arrayBuffer()) }
}

/** Has a tool send a file, and returns the file as clients have it, with what is at its URL. */
async function takePhoto(transport: 'sse' | 'webSocket', bytes: Buffer, mimeType: string) {
  await using segue = await startTestSegue({ createToolSource: () => newToolSource(newCamera(bytes, mimeType)) })
  await using client = connect(transport, segue.url)
  const { id } = requireNonNull(await startChat(client, { text: '/tool camera {}' }))
  const { received, last } = await readUntil(followStream(client, id), isEventOfType('StreamFinished'))
  const message = requireNonNull(last.message)
  expect(computeDigest(foldParts(received))).toBe(message.digest)
  const { content } = resultSchema.parse(message.toolCalls[0]?.result)
  const file = requireNonNull(content[0])
  return { state: message.toolCalls[0]?.state, file, served: await readBytes(segue.url, file.url) }
}

test.each([
  ['sse', 'application/octet-stream'],
  ['webSocket', 'image/jpeg'],
] as const)(
  'The file of a tool in HEIC, over %s, called %s, becomes JPEG, whose name keeps its stem',
  async (...called) => {
    const [transport, mediaType] = called
    const { file, served } = await takePhoto(transport, heicPhoto, mediaType)
    expect(file).toMatchObject({ type: 'image', mediaType: 'image/jpeg', name: 'IMG_1.jpg', size: served.bytes.length })
    expect(served.type).toBe('image/jpeg')
    expect(await describeImage(served.bytes)).toMatchObject({ format: 'jpeg', left: 'red', right: 'blue' })
  },
)

test('The file of a tool stays as it is if it cannot be converted, and the call does not fail', async () => {
  const damaged = heicPhoto.subarray(0, 100)
  const { state, file, served } = await takePhoto('sse', damaged, 'image/jpeg')
  expect(state).toBe('SUCCEEDED')
  expect(file).toMatchObject({ type: 'image', mediaType: 'image/heic', name: 'IMG_1.HEIC', size: 100 })
  expect(served.bytes.equals(damaged)).toBe(true)
})

test('An image in AVIF that a model makes becomes JPEG', async () => {
  await using environment = await newTestEnvironment('sse')
  const { client, provider, segue } = environment
  const url = `data:image/avif;base64,${(await createImage('avif')).toString('base64')}`
  const delta = { images: [{ type: 'image_url', image_url: { url } }] }
  const chunk = { id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta }] }
  provider.enqueue([{ raw: `data: ${JSON.stringify(chunk)}` }, { finish: 'stop' }, { usage: { input: 1, output: 1 } }])
  const { events, end } = await streamToEnd(client, { text: 'Draw' })
  const event = events.find(isEventOfType('FilePartAdded'))
  expect(event).toMatchObject({ mediaType: 'image/jpeg', name: null })
  expect(computeDigest(foldParts(events))).toBe(end.message?.digest)
  const { bytes } = await readBytes(segue.url, event?.url ?? null)
  expect(await describeImage(bytes)).toMatchObject({ format: 'jpeg', left: 'red', right: 'blue' })
})
