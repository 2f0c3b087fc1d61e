import { describe, expect, test } from 'vitest'
import { eventStreamHeaders, jsonHeaders, startScriptedHttpServer } from '../../../support/mcp/scripted-http-server.ts'
import { newTestTools } from '../../../support/mcp/servers.ts'

const text = { type: 'text', text: 'Found it.' }
const data = Buffer.from('pixels').toString('base64')
const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1').toString('base64')

describe.each(['json', 'event stream'])('a result as %s with content that breaks the specification', (format) => {
  test.each<[string, unknown, unknown]>([
    [
      'an image in base64 with line breaks',
      { type: 'image', data: `${png.slice(0, 3)}\n${png.slice(3)}`, mimeType: 'image/png' },
      { type: 'image', mediaType: 'image/png', size: 8 },
    ],
    [
      'an image as a data URL without a type',
      { type: 'image', data: `data:image/png;base64,${data}` },
      { type: 'file', mediaType: 'application/octet-stream', size: 6 },
    ],
    ['a link without a name', { type: 'resource_link', uri: 'file:///a' }, { type: 'resource_link', uri: 'file:///a' }],
    ['a resource without content', { type: 'resource', resource: { uri: 'file:///a' } }, { type: 'resource' }],
    ['a text that is a number', { type: 'text', text: 5 }, { type: 'text', text: '5' }],
    ['a string', 'Aha', { type: 'text', text: 'Aha' }],
    ['an object without a type', { a: 1 }, { a: 1 }],
    ['null', null, { type: 'text', text: 'null' }],
  ])('keeps its texts, and shows %s', async (_, part, expected) => {
    await using http = await startScriptedHttpServer({
      look: (response, { message: { id } }) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [text, part] } })
        if (format === 'json') response.writeHead(200, jsonHeaders).end(body)
        else response.writeHead(200, eventStreamHeaders).end(`data: ${body}\n\n`)
      },
    })
    await using tools = newTestTools([http.server])
    expect(await tools.run('http__look')).toMatchObject({ content: [text, expected] })
  })
})

test.each<[string, object, unknown]>([
  ['a text in place of a list', { content: 'Found it.' }, 'Found it.'],
  ['one part in place of a list', { content: text }, 'Found it.'],
  ['structured content alone', { structuredContent: { found: 1 } }, { found: 1 }],
  ['structured content beside null', { content: null, structuredContent: { found: 1 } }, { found: 1 }],
])('a result may have %s', async (_, result, expected) => {
  await using http = await startScriptedHttpServer({
    look: (response, { message: { id } }) =>
      response.writeHead(200, jsonHeaders).end(JSON.stringify({ jsonrpc: '2.0', id, result })),
  })
  await using tools = newTestTools([http.server])
  expect(await tools.run('http__look')).toEqual(expected)
})
