import { describe, expect, test } from 'vitest'
import { markBigIntegers, restoreBigIntegers } from '../../../../src/agent/mcp/transport/big-integer-marker.ts'
import { parseJsonWithExactNumbers, stringifyJson } from '../../../../src/lib/text/json.ts'
import { eventStreamHeaders, jsonHeaders, startScriptedHttpServer } from '../../../support/mcp/scripted-http-server.ts'
import { newTestTools, nodeServer } from '../../../support/mcp/servers.ts'

const id = '1234567890123456789'
const input = parseJsonWithExactNumbers(`{"ids":[${id}]}`)

/** The response of a tool that returns its arguments as structured content. */
const respond = (requestId: unknown, args: string): string =>
  `{"jsonrpc":"2.0","id":${String(requestId)},"result":{"content":[{"type":"text","text":"Done."}],"structuredContent":${args}}}`

/** A server over stdio that knows the arguments as text only. */
const echoProgram = `
const ok = (id, result) => console.log('{"jsonrpc":"2.0","id":' + id + ',"result":' + result + '}')
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line)
  const info = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'echo', version: '1' } }
  if (method === 'initialize') ok(id, JSON.stringify(info))
  if (method === 'tools/list') ok(id, JSON.stringify({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }))
  if (method === 'tools/call') ok(id, '{"structuredContent":' + /"arguments":({.*?})/.exec(line)[1] + '}')
})`

describe('arguments and structured content keep the digits of big integers', () => {
  test.each(['json', 'event stream'])('over HTTP, in a response as %s', async (format) => {
    await using http = await startScriptedHttpServer({
      echo: (response, { message, body: requestBody }) => {
        const body = respond(message.id, /"arguments":(\{.*?\})/.exec(requestBody)?.[1] ?? '')
        if (format === 'json') response.writeHead(200, jsonHeaders).end(body)
        else {
          response.writeHead(200, eventStreamHeaders)
          response.write(`id: ${id}\ndata: ${body.slice(0, 90)}`)
          response.end(`${body.slice(90)}\n\n`)
        }
      },
    })
    await using tools = newTestTools([http.server])
    const result = await tools.run('http__echo', input)
    expect(stringifyJson(result)).toBe(
      `{"content":[{"type":"text","text":"Done."}],"structuredContent":{"ids":[${id}]}}`,
    )
  })

  test('over stdio', async () => {
    await using tools = newTestTools([nodeServer('stdio', ['-e', echoProgram])])
    expect(stringifyJson(await tools.run('stdio__echo', input))).toBe(`{"ids":[${id}]}`)
  })
})

describe('marked JSON', () => {
  test('has the same value once the integers are restored', () => {
    const json = `{"a":[${id},-${id},1,"${id}"],"b${id}":"1e400"}`
    expect(stringifyJson(restoreBigIntegers(JSON.parse(markBigIntegers(json))))).toBe(json)
  })

  test.each(['', 'no JSON', `{"a": ${id}`, `text with ${id}`, '{"a":1}'])('is any other text as it is: %j', (other) => {
    expect(markBigIntegers(other)).toBe(other)
  })
})
