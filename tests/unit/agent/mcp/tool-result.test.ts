import { describe, expect, test } from 'vitest'
import { toolResultToJson } from '../../../../src/agent/mcp/tool-result.ts'
import { ToolError } from '../../../../src/agent/tools/tool.ts'

const text = (said: string) => ({ type: 'text' as const, text: said })
const image = { type: 'image' as const, data: 'iVBORw0KGgo=', mimeType: 'image/png' }
const link = { type: 'resource_link' as const, uri: 'file:///a', name: 'a' }

describe('what a call came to', () => {
  test.each([
    ['one text: the text', { content: [text('a')] }, 'a'],
    ['an empty text: the text', { content: [text('')] }, ''],
    ['several texts: the parts', { content: [text('a'), text('b')] }, [text('a'), text('b')]],
    ['an image: the parts', { content: [image] }, [image]],
    ['nothing: no parts', { content: [] }, []],
    ['structured content beside texts: that', { content: [text('{"a":1}')], structuredContent: { a: 1 } }, { a: 1 }],
    ['structured content that is null: that', { content: [text('null')], structuredContent: null }, null],
    ['structured content beside others: the parts', { content: [link], structuredContent: { a: 1 } }, [link]],
    ['what the oldest servers say: that', { toolResult: { a: 1 } }, { a: 1 }],
  ])('%s', (_what, result, told) => {
    expect(toolResultToJson(result)).toEqual(told)
  })
})

describe('a failure', () => {
  test.each([
    ['is told in its texts', [text('no'), image, text('never')], 'no\nnever'],
    ['without a text is told in its parts', [link], JSON.stringify([link])],
    ['without anything is told all the same', [], 'It failed.'],
  ])('%s', (_what, content, message) => {
    expect(() => toolResultToJson({ content, isError: true })).toThrow(new ToolError(message))
  })
})
