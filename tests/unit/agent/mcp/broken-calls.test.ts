import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { maxMcpMessageBytes } from '../../../../src/agent/mcp/transport/line-splitter.ts'
import {
  eventStreamHeaders,
  jsonHeaders,
  type ReceivedMessage,
  sendText,
  startScriptedHttpServer,
} from '../../../support/mcp/scripted-http-server.ts'
import { newScriptedServer, newTestTools } from '../../../support/mcp/servers.ts'

const mayHaveRun = /may or may not have taken effect/
const tooLarge = `The tool ran, but its result is lost. The MCP server sent a message of more than ${maxMcpMessageBytes} bytes. Ask for less.`

const breaks: readonly [string, (response: ServerResponse) => unknown][] = [
  ['before the response', (response) => response.destroy()],
  [
    'in a JSON response',
    (response) => {
      response.writeHead(200, { ...jsonHeaders, 'content-length': '1000' })
      response.write('{"jsonrpc":', () => response.destroy())
    },
  ],
  [
    'in an event stream',
    (response) => {
      response.writeHead(200, eventStreamHeaders)
      response.write('data: {"jsonrpc":', () => response.destroy())
    },
  ],
  [
    'with an event stream that ends without a response',
    (response) => response.writeHead(200, eventStreamHeaders).end(),
  ],
  [
    'at a proxy that answers with a page',
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
  ],
  ['at a gateway', (response) => response.writeHead(502).end('Bad gateway')],
]

describe.each([false, true])('a call over HTTP, sessionless: %j,', (isSessionless) => {
  test.each(breaks)('whose connection breaks %s may or may not have taken effect', async (_, breakOff) => {
    await using http = await startScriptedHttpServer(
      { cut: breakOff, echo: (response, request) => sendText(response, request, 'hello') },
      { isSessionless },
    )
    await using tools = newTestTools([http.server])
    await expect(tools.run('http__cut')).rejects.toThrow(mayHaveRun)
    expect(http.received.filter(({ message }) => message.params.name === 'cut')).toHaveLength(1)
    expect(await tools.run('http__echo')).toBe('hello')
  })
})

const largeText = 'x'.repeat(maxMcpMessageBytes)
const toLargeResponse = ({ message: { id } }: ReceivedMessage) =>
  `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[{"type":"text","text":"${largeText}"}]}}`

describe('a response that is too large', () => {
  test('fails its call over stdio, and the server keeps running', { timeout: 30_000 }, async () => {
    await using tools = newTestTools([newScriptedServer()])
    const pid = await tools.run('scripted__pid')
    const hanging = new AbortController()
    const other = tools.run('scripted__hang', {}, hanging.signal)
    await expect(tools.run('scripted__huge')).rejects.toThrow(tooLarge)
    expect(await tools.run('scripted__pid')).toBe(pid)
    hanging.abort(new Error('enough'))
    await expect(other).rejects.toThrow('enough')
  })

  test.each(['JSON', 'an event stream'])('fails its call over HTTP as %s', { timeout: 30_000 }, async (format) => {
    await using http = await startScriptedHttpServer({
      huge: (response, request) => {
        const isJson = format === 'JSON'
        response.writeHead(200, isJson ? jsonHeaders : eventStreamHeaders)
        response.end(isJson ? toLargeResponse(request) : `data: ${toLargeResponse(request)}\n\n`)
      },
      echo: (response, request) => sendText(response, request, 'hello'),
    })
    await using tools = newTestTools([http.server])
    await expect(tools.run('http__huge')).rejects.toThrow(tooLarge)
    expect(await tools.run('http__echo')).toBe('hello')
    expect(http.received.filter(({ message }) => message.method === 'initialize')).toHaveLength(1)
  })
})
