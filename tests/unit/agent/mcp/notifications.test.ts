import { describe, expect, test } from 'vitest'
import { eventStreamHeaders, startScriptedHttpServer } from '../../../support/mcp/scripted-http-server.ts'
import { newScriptedServer, newTestTools, newToolContext } from '../../../support/mcp/servers.ts'

const secret = 'wonderful-secret'
const logMessage = 'Message of an MCP server.'

describe('a tool call over stdio', () => {
  test('reports its progress, and only its own', async () => {
    await using tools = newTestTools([newScriptedServer()])
    const tool = await tools.findTool('scripted__work')
    let count = 0
    const context = { ...newToolContext(), onProgress: () => void (count += 1) }
    expect(await tool.execute({}, context)).toBe('"worked"')
    expect(count).toBe(2)
  })

  test('may have a response with keys that do not belong there', async () => {
    await using tools = newTestTools([newScriptedServer()])
    expect(await tools.run('scripted__loose')).toEqual({
      content: [{ type: 'text', text: 'loose' }],
      structuredContent: { a: null },
    })
  })

  test('is possible although the server describes itself and its tools loosely', async () => {
    await using tools = newTestTools([newScriptedServer('loose')])
    expect(await tools.listNames()).toEqual(['scripted__pid', 'scripted__untyped', 'scripted__work'])
    expect(await tools.findTool('scripted__untyped')).toMatchObject({
      isReadOnly: true,
      inputSchema: { type: 'object', properties: { a: { default: null } } },
    })
    expect(Number(await tools.run('scripted__pid'))).toBeGreaterThan(0)
    expect(tools.warnings).toEqual([])
  })
})

test('log messages of a server are logged by their level, without secrets', async () => {
  await using tools = newTestTools([newScriptedServer('', { env: { API_KEY: secret }, secrets: [secret] })])
  await tools.run('scripted__work')
  expect(tools.infos).toContainEqual({ message: logMessage, server: 'scripted', text: 'begin' })
  expect(tools.warnings).toContainEqual({ message: logMessage, server: 'scripted', text: '{"key":"…"}' })
})

test('only a limited number of log messages per minute is logged', async () => {
  let time = 0
  await using tools = newTestTools([newScriptedServer()], { now: () => time })
  const count = () => tools.infos.filter(({ message }) => message === logMessage).length
  await tools.run('scripted__chatter')
  expect(count()).toBe(100)
  expect(tools.warnings.filter(({ message }) => String(message).startsWith('Further messages'))).toHaveLength(1)
  time += 60_000
  await tools.run('scripted__chatter')
  expect(count()).toBe(200)
})

test('a server is not told of capabilities that do not work', async () => {
  await using tools = newTestTools([newScriptedServer()])
  // Elicitation becomes a clarification. There are no roots and no sampling.
  expect(JSON.parse(String(await tools.run('scripted__capabilities')))).toEqual({ elicitation: { form: {}, url: {} } })
})

describe.each([false, true])('over HTTP, sessionless: %j,', (isSessionless) => {
  test('progress and log messages come with the response', async () => {
    await using http = await startScriptedHttpServer(
      {
        work: (response, { message }) => {
          const { id, params } = message
          const { _meta: meta } = params
          const progressToken = meta?.progressToken
          const result = { resultType: 'complete', content: [{ type: 'text', text: 'worked' }] }
          const messages = [
            { method: 'notifications/progress', params: { progressToken, progress: 1 } },
            { method: 'notifications/message', params: { level: 'error', logger: 'work', data: 'odd' } },
            { id, result, error: null },
          ]
          response.writeHead(200, eventStreamHeaders)
          // In several data lines, and without a line break at the end.
          const events = messages.map((each) => JSON.stringify({ jsonrpc: '2.0', ...each }).replace(',', ',\ndata: '))
          response.end(events.map((event) => `data: ${event}`).join('\n\n'))
        },
      },
      { isSessionless },
    )
    await using tools = newTestTools([http.server])
    const tool = await tools.findTool('http__work')
    let count = 0
    const context = { ...newToolContext(), onProgress: () => void (count += 1) }
    expect(await tool.execute({}, context)).toBe('worked')
    expect(count).toBe(1)
    expect(tools.warnings).toEqual([{ message: logMessage, server: 'http', logger: 'work', text: 'odd' }])
  })
})
