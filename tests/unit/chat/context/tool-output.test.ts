import { describe, expect, test } from 'vitest'
import type { ToolImageSupport } from '../../../../src/agent/models/content-support/image-support.ts'
import { ToolImageLoader } from '../../../../src/chat/context/files/tool-image-loader.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import { toModelToolOutput } from '../../../../src/chat/context/to-model-tool-output.ts'
import type { Json } from '../../../../src/lib/text/json.ts'
import type { MessageRecord, ToolCall } from '../../../../src/model/message.ts'
import { createToolCall } from '../../../../src/model/tool-call.ts'
import { MemoryBlobStore } from '../../../support/storage/memory-blob-store.ts'

const noImages = { placement: 'none', dataByHash: new Map() } as const
const text = (content: string, extra: object = {}) => ({ type: 'text', text: content, ...extra })

function callWith(result: Json, resultBlobs: readonly string[] = []): ToolCall {
  const call = createToolCall('call', 'look')
  return { ...call, argumentsText: '{}', argumentsWhole: true, state: 'SUCCEEDED', result, resultBlobs }
}

const outputOf = (result: Json) => toModelToolOutput(callWith(result), noImages).output

describe('a model is sent', () => {
  test.each<[string, Json, string]>([
    ['the texts of content', { content: [text('a'), text('b')] }, 'a\nb'],
    ['structured content after the texts', { content: [text('a')], structuredContent: { b: 1 } }, 'a\n{"b":1}'],
    [
      'a line for an image that it cannot see',
      { content: [{ type: 'image', mediaType: 'image/png', name: 'a.png', size: 150_000, url: '/files/x' }] },
      '[a.png, image/png, 150 kB]',
    ],
    [
      'a line for a file of an old result',
      [text('Took it.'), { type: 'audio', data: 'A'.repeat(4_000_000), mimeType: 'audio/wav' }],
      'Took it.\n[audio/wav, 3 MB]',
    ],
    [
      'the text of a resource with its URI',
      { content: [{ type: 'resource', resource: { uri: 'file:///a', text: 'Aha' } }] },
      '[Resource file:///a]\nAha',
    ],
    [
      'a link to a resource as a line',
      {
        content: [{ type: 'resource_link', uri: 'file:///a', name: 'a', description: 'The first', mimeType: 'text/x' }],
      },
      '[Resource file:///a: a, The first, text/x]',
    ],
    [
      'nothing that is for people alone',
      {
        content: [
          text('a', { annotations: { audience: ['user'] } }),
          text('b', { annotations: { audience: ['assistant'] } }),
        ],
      },
      'b',
    ],
    [
      'elements of an unknown type as JSON',
      { content: [text('a'), { type: 'poem', lines: 2 }] },
      'a\n{"type":"poem","lines":2}',
    ],
    ['a sentence if nothing is left', { content: [] }, 'The tool returned nothing that is meant for you.'],
    ['big integers with all digits', { id: 1234567890123456789n }, '{"id":1234567890123456789}'],
  ])('%s', (_, result, value) => {
    expect(outputOf(result)).toEqual({ type: 'text', value })
  })

  test('other JSON as it is, up to 100 levels deep', () => {
    expect(outputOf({ content: [{ id: 1 }] })).toMatchObject({ type: 'json' })
    expect(outputOf([{ type: 'dog' }])).toEqual({ type: 'json', value: [{ type: 'dog' }] })
    expect(outputOf({ content: [text('a')], more: 1 })).toMatchObject({ type: 'json' })
    const deep: Json = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
    expect(outputOf(deep)).toMatchObject({ type: 'json' })
  })
})

const support: ToolImageSupport = { placement: 'in-result', mediaTypes: ['image/png'], maxCount: 2 }

function messageWith(...parts: MessageRecord['parts']): MessageRecord {
  return {
    id: 'msg_1',
    sessionId: 'ses_1',
    position: 1,
    withdrawn: false,
    role: 'ASSISTANT',
    status: 'COMPLETE',
    parts,
    createdAt: 0,
    streamId: null,
    model: null,
    usage: null,
  }
}

/** Stores images, and returns calls with one of them each. */
async function newImageCalls(store: MemoryBlobStore, names: readonly string[], mediaType = 'image/png') {
  const calls: ToolCall[] = []
  for (const name of names) {
    const hash = await store.put(Buffer.from(name))
    const url = `/files/${hash}/${mediaType}`
    calls.push(callWith({ content: [text(name), { type: 'image', mediaType, name, size: 1, url }] }, [hash]))
  }
  return calls
}

const toTool = (call: ToolCall) => ({ type: 'tool', call }) as const

describe('images of tools', () => {
  test('are part of the result, where the format has a place for them', async () => {
    const store = new MemoryBlobStore()
    const calls = await newImageCalls(store, ['a'])
    const messages = [messageWith(...calls.map(toTool))]
    const [, results, ...rest] = toModelMessages(messages, {
      toolImages: await new ToolImageLoader(store, support).load(messages),
    })
    expect(rest).toEqual([])
    expect(results?.content).toMatchObject([
      {
        output: {
          type: 'content',
          value: [
            text('a'),
            { type: 'file', mediaType: 'image/png', data: { data: new Uint8Array(Buffer.from('a')) } },
          ],
        },
      },
    ])
  })

  test('follow the results of the step in a user’s message elsewhere', async () => {
    const store = new MemoryBlobStore()
    const calls = await newImageCalls(store, ['a', 'b'])
    const messages = [messageWith(...calls.map(toTool))]
    const loader = new ToolImageLoader(store, { ...support, placement: 'after-results' })
    const [, results, images] = toModelMessages(messages, { toolImages: await loader.load(messages) })
    expect(results?.content).toMatchObject([
      { output: { type: 'text', value: 'a\n[An image, which follows.]' } },
      { output: { type: 'text', value: 'b\n[An image, which follows.]' } },
    ])
    expect(images).toMatchObject({ role: 'user', content: [{ type: 'text' }, { type: 'file' }, { type: 'file' }] })
  })

  test('are the newest ones, as many as the model accepts', async () => {
    const store = new MemoryBlobStore()
    const calls = await newImageCalls(store, ['a', 'b', 'c'])
    const file = { type: 'file', mediaType: 'image/png', name: null, url: 'https://example.org/a.png' } as const
    const load = async (...parts: MessageRecord['parts']) =>
      [...(await new ToolImageLoader(store, support).load([messageWith(...parts)])).dataByHash.values()].map(String)
    const [b, c] = ['b', 'c'].map((name) => String(Buffer.from(name)[0]))
    expect(await load(...calls.map(toTool))).toEqual([b, c])
    expect(await load(file, ...calls.map(toTool))).toEqual([c])
    expect(await load(file, file, ...calls.map(toTool))).toEqual([])
  })

  test.each<[string, Partial<ToolImageSupport>, string]>([
    ['a model that may accept none', { placement: 'none' }, 'image/png'],
    ['an unknown media type', {}, 'image/tiff'],
  ])('are described for %s', async (_, override, mediaType) => {
    const store = new MemoryBlobStore()
    const messages = [messageWith(...(await newImageCalls(store, ['a'], mediaType)).map(toTool))]
    const images = await new ToolImageLoader(store, { ...support, ...override }).load(messages)
    expect(toModelMessages(messages, { toolImages: images })[1]?.content).toMatchObject([
      { output: { type: 'text', value: `a\n[a, ${mediaType}, 1 bytes]` } },
    ])
  })

  test('that a tool only claims to have stored are not read', async () => {
    const store = new MemoryBlobStore()
    const [call] = await newImageCalls(store, ['a'])
    const messages = [messageWith(toTool(callWith(call?.result ?? null)))]
    expect((await new ToolImageLoader(store, support).load(messages)).dataByHash.size).toBe(0)
  })
})

test('images are their URLs in messages that nobody sends', async () => {
  const store = new MemoryBlobStore()
  const [call] = await newImageCalls(store, ['a'])
  const messages = call ? [messageWith(toTool(call))] : []
  const images = await new ToolImageLoader(store, support, { form: 'url' }).load(messages)
  const [, results] = toModelMessages(messages, { toolImages: images })
  const data = { type: 'data', data: expect.stringMatching(/^\/files\/[0-9a-f]{64}\/image\/png$/) }
  expect(results?.content).toMatchObject([{ output: { value: [text('a'), { type: 'file', data }] } }])
})

describe('an image that the model has made', () => {
  const image = { type: 'file', mediaType: 'image/png', name: null, url: 'data:image/png;base64,AAAA' } as const
  const question = {
    ...messageWith({ type: 'text', text: 'Draw' }),
    id: 'msg_0',
    role: 'USER',
    streamId: 'str_1',
  } as const

  test('is mentioned in its answer, which is not missing then', () => {
    expect(toModelMessages([question, messageWith(image)])).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Draw' }] },
      { role: 'assistant', content: [{ type: 'text', text: '[image/png]' }] },
    ])
  })

  test('is mentioned on a line of its own', () => {
    const [, answer] = toModelMessages([question, messageWith({ type: 'text', text: 'Here:' }, image)])
    expect(answer?.content).toEqual([
      { type: 'text', text: 'Here:' },
      { type: 'text', text: '\n[image/png]' },
    ])
  })

  test('of a type that no provider accepts is only mentioned: the whole request would be refused', () => {
    const toolImages = { placement: 'after-results', dataByHash: new Map() } as const
    const drawing = { ...image, mediaType: 'image/svg+xml', url: 'data:image/svg+xml;base64,PHN2Zy8+' }
    expect(toModelMessages([question, messageWith(drawing)], { toolImages })).toHaveLength(2)
  })

  test('follows its answer for a model that accepts images, so that it can be changed', () => {
    const toolImages = { placement: 'after-results', dataByHash: new Map() } as const
    const stored = { ...image, url: `file:${'a'.repeat(64)}` }
    const messages = toModelMessages([question, messageWith(stored, image)], { toolImages })
    expect(messages.at(-1)).toMatchObject({
      role: 'user',
      content: [{ type: 'text' }, { type: 'file', mediaType: 'image/png', data: image.url }],
    })
  })
})
