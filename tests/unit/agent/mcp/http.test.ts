import { describe, expect, test } from 'vitest'
import { ToolError } from '../../../../src/agent/tools/tool.ts'
import { findUnusedUrl, startHttpServer } from '../../../support/server/small-server.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import {
  eventStreamHeaders,
  jsonHeaders,
  sendText,
  startScriptedHttpServer,
  secret,
} from '../../../support/mcp/scripted-http-server.ts'
import { newHttpServer } from '../../../support/mcp/server-settings.ts'
import { newTestTools, newToolContext } from '../../../support/mcp/servers.ts'

const unknownEffect =
  /^The connection to the MCP server ended during the call, which may or may not have taken effect\. /
const startFailure = 'MCP server could not be started. Its tools are missing.'

describe('an HTTP session', () => {
  test('sends its headers and its id with every request, and is deleted on close', async () => {
    await using http = await startScriptedHttpServer({
      echo: (response, request) => sendText(response, request, 'hello'),
    })
    await using tools = newTestTools([http.server])
    expect(await tools.run('http__echo')).toBe('hello')
    await tools.source.close()
    expect(http.received.map(({ message, session }) => [message.method, session])).toEqual([
      ['initialize', undefined],
      ['notifications/initialized', 'session-1'],
      ['tools/list', 'session-1'],
      ['tools/call', 'session-1'],
    ])
    expect(http.endedSessions).toEqual(['session-1'])
  })

  test('that the server has lost is replaced, and the call is repeated', async () => {
    await using http = await startScriptedHttpServer({
      echo: (response, request) => sendText(response, request, 'hello'),
    })
    await using tools = newTestTools([http.server])
    const tool = await tools.findTool('http__echo')
    http.forgetSessions()
    expect(await tool.execute({}, newToolContext())).toBe('hello')
    expect(http.received.at(-1)).toMatchObject({ message: { method: 'tools/call' }, session: 'session-2' })
    expect(tools.warnings).toEqual([])
  })
})

describe('a call over HTTP', () => {
  test.each<[string, Parameters<typeof startScriptedHttpServer>[0][string]]>([
    [
      'whose stream ends without a response',
      (response) => response.writeHead(200, eventStreamHeaders).end(': nothing\n\n'),
    ],
    [
      'whose stream breaks off',
      (response) => response.writeHead(200, eventStreamHeaders).write('data: {"jsonrpc"', () => response.destroy()),
    ],
    [
      'whose response breaks off',
      (response) => response.writeHead(200, jsonHeaders).write('{"jsonrpc"', () => response.destroy()),
    ],
    ['whose connection breaks', (response) => response.destroy()],
  ])('%s may or may not have taken effect, and is not repeated', async (_how, cut) => {
    await using http = await startScriptedHttpServer({
      cut,
      echo: (response, request) => sendText(response, request, 'hello'),
    })
    await using tools = newTestTools([http.server])
    await expect(tools.run('http__cut')).rejects.toThrow(unknownEffect)
    expect(http.received.filter(({ message }) => message.method === 'tools/call')).toHaveLength(1)
    expect(await tools.run('http__echo')).toBe('hello')
  })

  test('that is rejected fails without the body of the response', async () => {
    await using http = await startScriptedHttpServer({ no: (response) => response.writeHead(500).end(secret) })
    await using tools = newTestTools([http.server])
    const message = 'The MCP server responded with HTTP status 500. The call may or may not have taken effect.'
    await expect(tools.run('http__no')).rejects.toThrow(new ToolError(message))
  })

  test('that is cancelled rejects at once and notifies the server', async () => {
    const calls: unknown[] = []
    await using http = await startScriptedHttpServer({ hang: (_response, { message }) => calls.push(message.id) })
    await using tools = newTestTools([http.server])
    const controller = new AbortController()
    const hanging = tools.run('http__hang', {}, controller.signal)
    await waitUntil(() => calls.length > 0)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(hanging).rejects.toBe(reason)
    await waitUntil(() => http.received.at(-1)?.message.method === 'notifications/cancelled')
    expect(http.received.at(-1)).toMatchObject({ message: { params: { requestId: calls[0] } }, session: 'session-1' })
  })

  test('fails on close, without a cancellation', async () => {
    const calls: unknown[] = []
    await using http = await startScriptedHttpServer({ hang: (_response, { message }) => calls.push(message.id) })
    await using tools = newTestTools([http.server])
    const [ended] = await Promise.allSettled([
      tools.run('http__hang'),
      waitUntil(() => calls.length > 0).then(() => tools.source.close()),
    ])
    expect(ended).toMatchObject({ reason: { message: expect.stringMatching(unknownEffect) } })
    expect(http.received.at(-1)).toMatchObject({ message: { method: 'tools/call' } })
  })
})

describe('a tool list over HTTP', () => {
  test('is read again when the server reports a change', async () => {
    await using http = await startScriptedHttpServer({ one: () => {}, two: () => {} })
    http.toolNames.splice(1)
    await using tools = newTestTools([http.server])
    expect(await tools.listNames()).toEqual(['http__one'])
    http.toolNames.push('two')
    expect(await tools.listNames()).toEqual(['http__one'])
    await waitUntil(() => http.streams.length > 0)
    const lists = (): number => http.received.filter(({ message }) => message.method === 'tools/list').length
    // In two chunks, and with an escaped slash.
    http.streams[0]?.write('data: {"jsonrpc":"2.0","method":"notifications\\/tools\\/li')
    http.streams[0]?.write('st_changed"}\n\n')
    await waitUntil(() => {
      void tools.listNames()
      return lists() > 1
    })
    expect(await tools.listNames()).toEqual(['http__one', 'http__two'])
    expect(lists()).toBe(2)
  })

  test('is read again after five minutes, in a new session if the old one is lost', async () => {
    let time = 0
    await using http = await startScriptedHttpServer({ one: () => {}, two: () => {} })
    http.toolNames.splice(1)
    await using tools = newTestTools([http.server], { now: () => time })
    expect(await tools.listNames()).toEqual(['http__one'])
    http.toolNames.push('two')
    time += 299_999
    expect(await tools.listNames()).toEqual(['http__one'])
    time += 1
    expect(await tools.listNames()).toEqual(['http__one', 'http__two'])
    http.forgetSessions()
    http.toolNames.splice(0, 1)
    time += 300_000
    expect(await tools.listNames()).toEqual(['http__two'])
    expect(http.received.at(-1)?.session).toBe('session-2')
  })
})

describe('an unavailable HTTP server', () => {
  test('that rejects the key causes one warning without the key', async () => {
    await using http = await startScriptedHttpServer({})
    const wrong = 'wrong-secret'
    const server = { ...http.server, headers: { authorization: `Bearer ${wrong}` }, secrets: [wrong] }
    await using tools = newTestTools([server])
    expect(await tools.listNames()).toEqual([])
    expect(await tools.listNames()).toEqual([])
    const reason = 'The MCP server responded with HTTP status 401. Check its credentials.'
    expect(tools.warnings).toEqual([{ message: startFailure, server: 'http', reason }])
  })

  test('that refuses connections causes one warning, and is retried later', async () => {
    let time = 0
    const url = await findUnusedUrl()
    await using tools = newTestTools([newHttpServer(url)], { now: () => time })
    for (const pass of [0, 5_000, 10_000]) {
      time += pass
      expect(await tools.listNames()).toEqual([])
    }
    const reason = 'The MCP server cannot be reached (ECONNREFUSED). Check its url and whether it runs.'
    expect(tools.warnings).toEqual([{ message: startFailure, server: 'http', reason }])
  })

  test('that does not respond fails after a timeout', async () => {
    await using unresponsive = await startHttpServer(() => {})
    const startTimeoutMs = 100
    await using tools = newTestTools([
      { ...newHttpServer(unresponsive.url), startTimeoutMs },
      { ...newHttpServer(unresponsive.url, 'sse'), startTimeoutMs },
    ])
    expect(await tools.listNames()).toEqual([])
    const reason = 'The MCP server was not ready within 0.1 seconds. Set startSeconds if it needs longer.'
    expect(tools.warnings).toMatchObject([{ reason }, { reason }])
  })

  test('that redirects is not followed', async () => {
    await using target = await startHttpServer((_request, response) => response.end())
    await using redirecting = await startHttpServer((_request, response) =>
      response.writeHead(307, { location: target.url }).end(),
    )
    await using tools = newTestTools([newHttpServer(redirecting.url), newHttpServer(redirecting.url, 'sse')])
    expect(await tools.listNames()).toEqual([])
    const reason = 'The MCP server redirects to another URL (HTTP 307). Use that URL.'
    expect(tools.warnings).toMatchObject([{ reason }, { reason }])
    expect(target.requests).toEqual([])
  })
})
