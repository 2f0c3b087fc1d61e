import { describe, expect, test } from 'vitest'
import { mcpResultToJson } from '../../../../src/agent/mcp/mcp-result-to-json.ts'
import { ToolError } from '../../../../src/agent/tools/tool.ts'

const text = (content: string) => ({ type: 'text' as const, text: content })
const image = { type: 'image' as const, data: 'iVBORw0KGgo=', mimeType: 'image/png' }
const link = { type: 'resource_link' as const, uri: 'file:///a', name: 'a' }

describe('the result of a call with', () => {
  test.each([
    ['one text is the text', { content: [text('a')] }, 'a'],
    ['an empty text is the text', { content: [text('')] }, ''],
    ['several texts is the parts', { content: [text('a'), text('b')] }, [text('a'), text('b')]],
    ['an image is the parts', { content: [image] }, [image]],
    ['no content is no parts', { content: [] }, []],
    [
      'structured content beside texts is the structured content',
      { content: [text('{"a":1}')], structuredContent: { a: 1 } },
      { a: 1 },
    ],
    ['structured content null is null', { content: [text('null')], structuredContent: null }, null],
    ['structured content beside other parts is the parts', { content: [link], structuredContent: { a: 1 } }, [link]],
    ['a toolResult of the first protocol version is the toolResult', { toolResult: { a: 1 } }, { a: 1 }],
  ])('%s', (_, result, expected) => {
    expect(mcpResultToJson(result)).toEqual(expected)
  })
})

describe('a failed call', () => {
  test.each([
    ['throws its texts', [text('no'), image, text('never')], 'no\nnever'],
    ['without a text throws its parts as JSON', [link], JSON.stringify([link])],
    ['without content throws a default message', [], 'The tool failed.'],
  ])('%s', (_, content, message) => {
    expect(() => mcpResultToJson({ content, isError: true })).toThrow(new ToolError(message))
  })
})
