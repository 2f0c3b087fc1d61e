import { describe, expect, test } from 'vitest'
import { ToolError } from '../../../../src/agent/tools/tool.ts'
import { deadURL, smallServer } from '../../../support/server/small-server.ts'
import { until } from '../../../support/wait-until.ts'
import { events, json, says, scriptedHttpServer, secret } from '../../../support/mcp/scripted-http-server.ts'
import { toolsOf } from '../../../support/mcp/servers.ts'

const unknownEffect = /^The server of this tool ended during the call, which may or may not have taken effect: /
const cannotBeHad = 'An MCP server cannot be started: its tools are missing.'
const at = (url: string, type: 'http' | 'sse' = 'http') => ({ type, name: 'http', url, headers: {}, secrets: [] })

describe('a session', () => {
  test('has its headers and its id on every request, and is ended at the end', async () => {
    await using http = await scriptedHttpServer({ echo: (response, asked) => says(response, asked, 'hello') })
    await using tools = toolsOf([http.server])
    expect(await tools.run('http__echo')).toBe('hello')
    await tools.source.close()
    expect(http.asked.map(({ message, session }) => [message.method, session])).toEqual([
      ['server/discover', undefined],
      ['initialize', undefined],
      ['notifications/initialized', 'session-1'],
      ['tools/list', 'session-1'],
      ['tools/call', 'session-1'],
    ])
    expect(http.ended).toEqual(['session-1'])
  })

  test('that the server has forgotten is begun anew, and the call is made once more', async () => {
    await using http = await scriptedHttpServer({ echo: (response, asked) => says(response, asked, 'hello') })
    await using tools = toolsOf([http.server])
    const tool = await tools.tool('http__echo')
    http.forget()
    expect(await tool.run({}, new AbortController().signal)).toBe('hello')
    expect(http.asked.at(-1)).toMatchObject({ message: { method: 'tools/call' }, session: 'session-2' })
    expect(tools.warnings).toEqual([])
  })
})

describe('a call', () => {
  test.each<[string, Parameters<typeof scriptedHttpServer>[0][string]]>([
    ['whose stream ends without an answer', (response) => response.writeHead(200, events).end(': nothing\n\n')],
    [
      'whose stream is cut',
      (response) => response.writeHead(200, events).write('data: {"jsonrpc"', () => response.destroy()),
    ],
    ['whose answer is cut', (response) => response.writeHead(200, json).write('{"jsonrpc"', () => response.destroy())],
    ['whose connection is cut', (response) => response.destroy()],
  ])('%s may or may not have taken effect, and is not made again', async (_how, cut) => {
    await using http = await scriptedHttpServer({ cut, echo: (response, asked) => says(response, asked, 'hello') })
    await using tools = toolsOf([http.server])
    await expect(tools.run('http__cut')).rejects.toThrow(unknownEffect)
    expect(http.asked.filter(({ message }) => message.method === 'tools/call')).toHaveLength(1)
    expect(await tools.run('http__echo')).toBe('hello')
  })

  test('that is refused is an error without what came with it', async () => {
    await using http = await scriptedHttpServer({ no: (response) => response.writeHead(500).end(secret) })
    await using tools = toolsOf([http.server])
    const fault = 'The server of this tool failed: it answers with the HTTP status 500.'
    await expect(tools.run('http__no')).rejects.toThrow(new ToolError(fault))
  })

  test('that is cancelled rejects at once, and the server is told', async () => {
    const calls: unknown[] = []
    await using http = await scriptedHttpServer({ hang: (_response, { message }) => calls.push(message.id) })
    await using tools = toolsOf([http.server])
    const controller = new AbortController()
    const hanging = tools.run('http__hang', {}, controller.signal)
    await until(() => calls.length > 0)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(hanging).rejects.toBe(reason)
    await until(() => http.asked.at(-1)?.message.method === 'notifications/cancelled')
    expect(http.asked.at(-1)).toMatchObject({ message: { params: { requestId: calls[0] } }, session: 'session-1' })
  })

  test('under way at the end is an error, and is not cancelled by anybody', async () => {
    const calls: unknown[] = []
    await using http = await scriptedHttpServer({ hang: (_response, { message }) => calls.push(message.id) })
    await using tools = toolsOf([http.server])
    const [ended] = await Promise.allSettled([
      tools.run('http__hang'),
      until(() => calls.length > 0).then(() => tools.source.close()),
    ])
    expect(ended).toMatchObject({ reason: { message: expect.stringMatching(unknownEffect) } })
    expect(http.asked.at(-1)).toMatchObject({ message: { method: 'tools/call' } })
  })
})

describe('a list of tools', () => {
  test('is read again when the server says so', async () => {
    await using http = await scriptedHttpServer({ one: () => {}, two: () => {} })
    http.names.splice(1)
    await using tools = toolsOf([http.server])
    expect(await tools.names()).toEqual(['http__one'])
    http.names.push('two')
    expect(await tools.names()).toEqual(['http__one'])
    await until(() => http.streams.length > 0)
    const lists = (): number => http.asked.filter(({ message }) => message.method === 'tools/list').length
    // In two pieces, and with a slash as some write it.
    http.streams[0]?.write('data: {"jsonrpc":"2.0","method":"notifications\\/tools\\/li')
    http.streams[0]?.write('st_changed"}\n\n')
    await until(() => {
      void tools.names()
      return lists() > 1
    })
    expect(await tools.names()).toEqual(['http__one', 'http__two'])
    expect(lists()).toBe(2)
  })

  test('is read again after five minutes, and a session that is gone by then is begun anew', async () => {
    let time = 0
    await using http = await scriptedHttpServer({ one: () => {}, two: () => {} })
    http.names.splice(1)
    await using tools = toolsOf([http.server], { now: () => time })
    expect(await tools.names()).toEqual(['http__one'])
    http.names.push('two')
    time += 299_999
    expect(await tools.names()).toEqual(['http__one'])
    time += 1
    expect(await tools.names()).toEqual(['http__one', 'http__two'])
    http.forget()
    http.names.splice(0, 1)
    time += 300_000
    expect(await tools.names()).toEqual(['http__two'])
    expect(http.asked.at(-1)?.session).toBe('session-2')
  })
})

describe('a server that cannot be had', () => {
  test('for want of the right key is one warning, without the key', async () => {
    await using http = await scriptedHttpServer({})
    const wrong = 'wrong-secret'
    const server = { ...http.server, headers: { authorization: `Bearer ${wrong}` }, secrets: [wrong] }
    await using tools = toolsOf([server])
    expect(await tools.names()).toEqual([])
    expect(await tools.names()).toEqual([])
    const reason = 'it answers with the HTTP status 401, as to somebody without the right key'
    expect(tools.warnings).toEqual([{ message: cannotBeHad, server: 'http', reason }])
  })

  test('since nobody listens is one warning, and is tried again later', async () => {
    let time = 0
    const url = await deadURL()
    await using tools = toolsOf([at(url)], { now: () => time })
    for (const pass of [0, 5_000, 10_000]) {
      time += pass
      expect(await tools.names()).toEqual([])
    }
    const reason = 'it cannot be reached (ECONNREFUSED)'
    expect(tools.warnings).toEqual([{ message: cannotBeHad, server: 'http', reason }])
  })

  test('since it answers nothing is given up', async () => {
    await using silent = await smallServer(() => {})
    await using tools = toolsOf([at(silent.url), { ...at(silent.url, 'sse'), name: 'sse' }], { startLimit: 100 })
    expect(await tools.names()).toEqual([])
    const reason = 'it was not ready within 0.1 seconds'
    expect(tools.warnings).toMatchObject([{ reason }, { reason }])
  })

  test('since it redirects elsewhere is not followed there', async () => {
    await using elsewhere = await smallServer((_request, response) => response.end())
    await using here = await smallServer((_request, response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    )
    await using tools = toolsOf([at(here.url), { ...at(here.url, 'sse'), name: 'sse' }])
    expect(await tools.names()).toEqual([])
    const reason = 'it redirects elsewhere (HTTP 307)'
    expect(tools.warnings).toMatchObject([{ reason }, { reason }])
    expect(elsewhere.requests).toEqual([])
  })
})
