import { newStoreFile } from '../../../support/files/store-file.ts'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { mcpResultToJson } from '../../../../src/agent/mcp/results/mcp-result-to-json.ts'
import { ToolError } from '../../../../src/agent/tools/tool.ts'

type McpResult = Parameters<typeof mcpResultToJson>[0]

const text = (content: string, extra: object = {}) => ({ type: 'text' as const, text: content, ...extra })
const png = Buffer.from('89504e470d0a1a0a0000', 'hex')
const image = { type: 'image' as const, data: png.toString('base64'), mimeType: 'image/png' }
const link = { type: 'resource_link' as const, uri: 'file:///a', name: 'a' }
const resource = { type: 'resource' as const, resource: { uri: 'file:///a.txt', mimeType: 'text/plain', text: 'Aha' } }

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const storedImage = {
  type: 'image',
  mediaType: 'image/png',
  name: null,
  size: png.length,
  url: `/files/${hashOf(png)}/image/png`,
}

/** Converts a result, and returns it with the files that were stored. */
async function convert(result: McpResult) {
  const stored: Buffer[] = []
  const storeFile = newStoreFile(async (bytes) => {
    stored.push(Buffer.from(bytes))
    return hashOf(bytes)
  })
  return { value: await mcpResultToJson(result, storeFile), stored }
}

describe('the result of a call with', () => {
  test.each<[string, McpResult, unknown]>([
    ['one text is the text', { content: [text('a')] }, 'a'],
    ['an empty text is the text', { content: [text('')] }, ''],
    ['several texts is the content', { content: [text('a'), text('b')] }, { content: [text('a'), text('b')] }],
    ['no content is empty content', { content: [] }, { content: [] }],
    ['a link is the content', { content: [link] }, { content: [link] }],
    ['a resource with text is the content', { content: [resource] }, { content: [resource] }],
    ['a toolResult of the first protocol version is the toolResult', { toolResult: { a: 1 } }, { a: 1 }],
  ])('%s', async (_, result, expected) => {
    expect(await convert(result)).toEqual({ value: expected, stored: [] })
  })
})

describe('structured content', () => {
  test.each<[string, McpResult, unknown]>([
    ['that a text repeats is shown once', { content: [text('{ "a": 1 }')], structuredContent: { a: 1 } }, { a: 1 }],
    ['that is null is shown once', { content: [text('null')], structuredContent: null }, null],
    ['without texts stands alone', { content: [], structuredContent: { a: 1 } }, { a: 1 }],
    ['that wraps the text is left out', { content: [text('a "b"')], structuredContent: { result: 'a "b"' } }, 'a "b"'],
    ['that wraps a file is left out', { content: [text('1')], structuredContent: { content: '1' } }, '1'],
    ['that wraps a number is left out', { content: [text('5')], structuredContent: { result: 5 } }, '5'],
    [
      'that wraps the texts as a list is left out',
      { content: [text('{"a":1}'), text('b')], structuredContent: { result: [{ a: 1 }, 'b'] } },
      { content: [text('{"a":1}'), text('b')] },
    ],
    [
      'stands beside a text that says something else',
      { content: [text('Found 2.')], structuredContent: { ids: [1, 2] } },
      { content: [text('Found 2.')], structuredContent: { ids: [1, 2] } },
    ],
    [
      'stands beside other elements',
      { content: [link], structuredContent: { a: 1 } },
      { content: [link], structuredContent: { a: 1 } },
    ],
  ])('%s', async (_, result, expected) => {
    expect((await convert(result)).value).toEqual(expected)
  })
})

describe('a file in a result', () => {
  test('is stored, and keeps its place with its URL', async () => {
    const { value, stored } = await convert({ content: [text('a'), image, text('b')], structuredContent: { w: 1 } })
    expect(value).toEqual({ content: [text('a'), storedImage, text('b')], structuredContent: { w: 1 } })
    expect(stored).toEqual([png])
  })

  test('has the media type of its bytes, not of its label', async () => {
    const { value } = await convert({ content: [{ ...image, mimeType: 'image/jpeg' }] })
    expect(value).toEqual({ content: [storedImage] })
  })

  test('is no image if its bytes are text: a provider would refuse the whole request', async () => {
    const data = Buffer.from('<html>').toString('base64')
    const { value } = await convert({ content: [{ ...image, data }] })
    expect(value).toMatchObject({ content: [{ type: 'file', mediaType: 'application/octet-stream', size: 6 }] })
  })

  test('may be audio or a resource, whose URI it keeps', async () => {
    const bytes = Buffer.from('sound')
    const url = (mediaType: string) => `/files/${hashOf(bytes)}/${mediaType}`
    const data = bytes.toString('base64')
    const blob = { uri: 'file:///music/song.ogg?x', mimeType: 'Audio/Ogg; codecs=opus', blob: data }
    const content = [
      { type: 'audio', data, mimeType: 'audio/wav' },
      { type: 'resource' as const, resource: blob },
      { type: 'resource' as const, resource: { uri: 'x:y', blob: data } },
    ]
    const file = { type: 'file', size: 5 }
    const { value } = await convert({ content })
    expect(value).toEqual({
      content: [
        { ...file, mediaType: 'audio/wav', name: null, url: url('audio/wav') },
        { ...file, mediaType: 'audio/ogg', name: 'song.ogg', url: url('audio/ogg'), uri: blob.uri },
        {
          ...file,
          mediaType: 'application/octet-stream',
          name: 'x:y',
          url: url('application/octet-stream'),
          uri: 'x:y',
        },
      ],
    })
  })
})

describe('the audience of an element', () => {
  test('that is one reader alone is kept', async () => {
    for (const audience of [['user'], ['assistant']]) {
      const annotated = text('a', { annotations: { audience } })
      expect((await convert({ content: [annotated] })).value).toEqual({ content: [annotated] })
      const file = { ...image, annotations: { audience } }
      expect((await convert({ content: [file] })).value).toEqual({
        content: [{ ...storedImage, annotations: { audience } }],
      })
    }
  })

  test('that is everyone makes no difference', async () => {
    const annotated = text('a', { annotations: { audience: ['assistant', 'user'], priority: 1 } })
    expect((await convert({ content: [annotated] })).value).toBe('a')
  })
})

test('a result that is nested very deeply keeps its beginning, and overflows no stack', async () => {
  const deep: unknown = JSON.parse(`${'['.repeat(20_000)}1${']'.repeat(20_000)}`)
  const { value } = await convert({ content: [text('a')], structuredContent: deep })
  expect(JSON.stringify(value)).toContain('nested too deeply')
})

describe('a failed call', () => {
  test.each<[string, (typeof image | typeof link | ReturnType<typeof text>)[], string]>([
    ['throws its texts', [text('no'), text('never')], 'no\nnever'],
    ['names its files', [text('no'), image], 'no\n[image/png, 10 bytes]'],
    ['throws other elements as JSON', [link], JSON.stringify(link)],
    ['without content throws a default message', [], 'The tool failed.'],
  ])('%s', async (_, content, message) => {
    await expect(convert({ content, isError: true })).rejects.toThrow(new ToolError(message))
  })
})
