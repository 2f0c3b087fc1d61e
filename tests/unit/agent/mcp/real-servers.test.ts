import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ToolError } from '../../../../src/agent/tools/tool.ts'
import { newHttpServer, withName } from '../../../support/mcp/server-settings.ts'
import { findUnusedUrl } from '../../../support/server/small-server.ts'
import { everything, filesystem, nodeServer, type TestTools, newTestTools } from '../../../support/mcp/servers.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'segue-files-')))

const servers: ChildProcess[] = []
let tools: TestTools

beforeAll(async () => {
  const [http, sse] = await Promise.all([startEverything('streamableHttp'), startEverything('sse')])
  tools = newTestTools([
    nodeServer('stdio', [everything]),
    newHttpServer(`${http}/mcp`),
    newHttpServer(`${sse}/sse`, 'sse'),
    withName('older', { ...newHttpServer(`${sse}/sse`), isTypeAssumed: true }),
    nodeServer('files', [filesystem, folder]),
  ])
})

afterAll(async () => {
  await tools.source.close()
  for (const server of servers) server.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Starts server-everything over HTTP. Returns its URL. */
async function startEverything(transport: string): Promise<string> {
  const url = await findUnusedUrl()
  const env = { ...nodeServer('', []).env, PORT: new URL(url).port }
  const server = spawn(process.execPath, [everything, transport], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  servers.push(server)
  const lines = createInterface(server.stderr)
  for (;;) {
    const [line] = z.tuple([z.string()]).parse(await once(lines, 'line'))
    if (line.includes(' port ')) break
  }
  server.stderr.resume()
  return url
}

describe.each(['stdio', 'http', 'sse'])('server-everything over %s', { timeout: 60_000 }, (transport) => {
  const echo = `${transport}__echo`

  test('lists its tools', async () => {
    expect(await tools.findTool(echo)).toMatchObject({
      name: echo,
      description: 'Echoes back the input string',
      inputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
      isReadOnly: true,
    })
    expect(await tools.findTool(`${transport}__toggle-simulated-logging`)).toMatchObject({ isReadOnly: false })
  })

  test('returns a text unchanged', async () => {
    expect(await tools.run(echo, { message: 'Grüße 🌍' })).toBe('Echo: Grüße 🌍')
  })

  test('handles concurrent calls', async () => {
    const sums = [1, 2, 3, 4, 5].map((a) => tools.run(`${transport}__get-sum`, { a, b: 1 }))
    expect(await Promise.all(sums)).toEqual([1, 2, 3, 4, 5].map((a) => `The sum of ${a} and 1 is ${a + 1}.`))
  })

  test('returns structured content unchanged', async () => {
    expect(await tools.run(`${transport}__get-structured-content`, { location: 'New York' })).toEqual({
      temperature: 33,
      conditions: 'Cloudy',
      humidity: 82,
    })
  })

  test('returns all parts of a result with an image', async () => {
    expect(await tools.run(`${transport}__get-tiny-image`)).toMatchObject({
      content: [
        { type: 'text' },
        {
          type: 'image',
          mediaType: 'image/png',
          size: 4033,
          url: expect.stringMatching(/^\/files\/[0-9a-f]{64}\/image\/png$/),
        },
        { type: 'text' },
      ],
    })
  })

  test('reports invalid arguments', async () => {
    const call = tools.run(`${transport}__get-sum`, { a: 'one', b: 2 })
    await expect(call).rejects.toBeInstanceOf(ToolError)
    await expect(call).rejects.toThrow('Invalid arguments for tool get-sum')
  })

  test('keeps working after a cancelled call', async () => {
    const controller = new AbortController()
    const name = `${transport}__trigger-long-running-operation`
    const long = tools.run(name, { duration: 60, steps: 60 }, controller.signal)
    expect(await tools.run(echo, { message: 'meanwhile' })).toBe('Echo: meanwhile')
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(long).rejects.toBe(reason)
    expect(await tools.run(echo, { message: 'after' })).toBe('Echo: after')
  })
})

describe('server-filesystem', { timeout: 60_000 }, () => {
  test('reads and writes files, and marks read-only tools', async () => {
    writeFileSync(join(folder, 'a.txt'), 'apple')
    expect(await tools.run('files__read_text_file', { path: join(folder, 'a.txt') })).toBe('apple')
    await tools.run('files__write_file', { path: join(folder, 'b.txt'), content: 'pear' })
    expect(await tools.run('files__read_text_file', { path: join(folder, 'b.txt') })).toBe('pear')
    expect((await tools.findTool('files__read_text_file')).isReadOnly).toBe(true)
    expect((await tools.findTool('files__write_file')).isReadOnly).toBe(false)
  })

  test('rejects paths outside its folder, with a complete message', async () => {
    const call = tools.run('files__read_text_file', { path: '/etc/passwd' })
    await expect(call).rejects.toBeInstanceOf(ToolError)
    await expect(call).rejects.toThrow(`/etc/passwd not in ${folder}`)
  })
})

test('a server of the older transport is recognised if its type is not configured', async () => {
  expect(await tools.run('older__echo', { message: 'Hi' })).toBe('Echo: Hi')
})

test('no server has caused a warning', () => {
  expect(tools.warnings).toEqual([])
})
