import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ToolError } from '../../../../src/agent/tools/tool.ts'
import { withName } from '../../../support/mcp/server-settings.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import type { StdioMcpServer } from '../../../../src/config/profile/mcp/mcp-server.ts'
import {
  isAlive,
  nodeServer,
  newScriptedServer,
  newToolContext,
  type TestTools,
  newTestTools,
} from '../../../support/mcp/servers.ts'

const secret = 'wonderful-secret'
const withSecret = { env: { API_KEY: secret }, secrets: [secret] }

async function readPid(tools: TestTools): Promise<number> {
  return Number(await tools.run('scripted__pid'))
}

describe('a stdio server', () => {
  let tools: TestTools

  beforeAll(() => {
    tools = newTestTools([newScriptedServer('talkative', withSecret)])
  })
  afterAll(() => tools[Symbol.asyncDispose]())

  test('has the tools of all pages of its list, ordered by name', async () => {
    const names = await tools.listNames()
    expect(names).toEqual(names.toSorted())
    expect(names).toEqual(expect.arrayContaining(['scripted__pid', 'scripted__untyped']))
    for (const name of names) expect(name).toMatch(/^scripted__[\w-]{1,54}$/)
  })

  test('may print text that is not a message', async () => {
    expect(await readPid(tools)).toBeGreaterThan(0)
  })

  test('may omit parts of a schema, which are added', async () => {
    expect(await tools.findTool('scripted__untyped')).toMatchObject({
      description: '',
      isReadOnly: true,
      inputSchema: { type: 'object', properties: {} },
    })
    expect(await tools.findTool('scripted__nullable')).toMatchObject({
      description: 'May be null.',
      isReadOnly: false,
      inputSchema: { type: 'object', properties: {} },
    })
  })

  test('has no tools that models cannot call, which causes warnings', async () => {
    const names = await tools.listNames()
    expect(names).not.toContain('scripted__list')
    expect(names).not.toContain('scripted__background')
    expect(names.filter((name) => name === 'scripted__twice')).toHaveLength(1)
    const message = 'Tool of an MCP server is skipped.'
    expect(tools.warnings.slice(0, 2)).toEqual([
      { message, server: 'scripted', reason: 'The input of scripted__list is not an object.' },
      { message, server: 'scripted', reason: 'scripted__twice is listed twice.' },
    ])
  })

  test('sees only the environment that it is configured with', async () => {
    const variables = z
      .record(z.string(), z.string())
      .parse(JSON.parse(String(await tools.run('scripted__environment'))))
    // macOS adds this variable.
    delete variables['__CF_USER_TEXT_ENCODING']
    expect(Object.keys(variables).toSorted()).toEqual(['API_KEY', 'HOME', 'NODE_COMPILE_CACHE', 'PATH'])
  })

  test('that rejects a call causes a ToolError without secrets', async () => {
    const call = tools.run('scripted__quote')
    await expect(call).rejects.toBeInstanceOf(ToolError)
    await expect(call).rejects.toThrow('not with …')
  })

  test('that responds with an invalid result causes a ToolError', async () => {
    await expect(tools.run('scripted__wrong')).rejects.toThrow(/^The MCP server responded with an invalid result\.$/)
  })

  test('is notified of a cancelled call, which rejects at once, and keeps running', async () => {
    const pid = await readPid(tools)
    const controller = new AbortController()
    const hanging = tools.run('scripted__hang', {}, controller.signal)
    const state = async () => String(await tools.run('scripted__cancelled'))
    while ((await state()) !== '{"cancelled":0,"hanging":1}');
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(hanging).rejects.toBe(reason)
    expect(await state()).toBe('{"cancelled":1,"hanging":1}')
    await expect(tools.run('scripted__pid', {}, controller.signal)).rejects.toBe(reason)
    expect(await readPid(tools)).toBe(pid)
  })

  test('is not notified if the signal aborts after the call', async () => {
    const controller = new AbortController()
    const before = await tools.run('scripted__cancelled', {}, controller.signal)
    controller.abort()
    expect(await tools.run('scripted__cancelled')).toBe(before)
  })

  test('that reports changed tools has them listed again', async () => {
    expect(await tools.listNames()).not.toContain('scripted__grown')
    await tools.run('scripted__grow')
    expect(await tools.listNames()).toContain('scripted__grown')
  })
})

describe('a stdio server that exits', () => {
  test('fails the current call, and is restarted when it is needed', async () => {
    await using tools = newTestTools([newScriptedServer('', withSecret)])
    const pid = await readPid(tools)
    const call = tools.run('scripted__die')
    await expect(call).rejects.toBeInstanceOf(ToolError)
    await expect(call).rejects.toThrow(
      'The connection to the MCP server ended during the call, which may or may not have taken effect. The MCP server was terminated by SIGKILL.',
    )
    const [again, same] = await Promise.all([readPid(tools), readPid(tools)])
    expect(again).not.toBe(pid)
    expect(same).toBe(again)
    expect(tools.warnings.slice(2, 3)).toEqual([
      {
        message: 'MCP server ended. It is restarted when it is needed.',
        server: 'scripted',
        reason: 'The MCP server was terminated by SIGKILL.',
      },
    ])
  })

  test('is also restarted by a call of a tool that was found before', async () => {
    await using tools = newTestTools([newScriptedServer()])
    const pid = await readPid(tools)
    const tool = await tools.findTool('scripted__pid')
    process.kill(pid, 'SIGKILL')
    await waitUntil(() => tools.warnings.length > 2)
    expect(Number(await tool.execute({}, newToolContext()))).not.toBe(pid)
  })

  test('repeatedly is restarted after growing pauses', async () => {
    let time = 0
    await using tools = newTestTools([newScriptedServer()], { now: () => time })
    const die = async (): Promise<void> => {
      await expect(tools.run('scripted__die')).rejects.toThrow('ended during the call')
    }
    await die()
    await die()
    const rests = (seconds: number) =>
      expect(tools.source.findTool('scripted__pid', new AbortController().signal)).rejects.toThrow(
        `The MCP server "scripted" is not running. The MCP server was terminated by SIGKILL. It is started again in ${seconds} s.`,
      )
    await rests(5)
    time += 5_000
    await die()
    time += 9_000
    await rests(1)
    time += 1_000
    await readPid(tools)
    time += 60_000
    await die()
    await readPid(tools)
  })
})

describe('a stdio server that cannot be started', () => {
  const message = 'MCP server could not be started. Its tools are missing.'

  test('lacks its tools, and causes one warning with its output, without secrets', async () => {
    let time = 0
    const broken = withName('broken', newScriptedServer('broken', withSecret))
    await using tools = newTestTools([broken, newScriptedServer()], { now: () => time })
    const warnings = (): object[] => tools.warnings.filter((warning) => warning['server'] === 'broken')
    for (const pass of [0, 1_000, 5_000, 10_000, 100_000]) {
      time += pass
      const names = await tools.listNames()
      expect(names).toContain('scripted__pid')
      expect(names.filter((name) => name.startsWith('broken'))).toEqual([])
    }
    expect(warnings()).toEqual([
      {
        message,
        server: 'broken',
        reason: 'The MCP server ended with exit code 3.',
        output: 'at … with … and undefined',
      },
    ])
  })

  test.each([
    [
      { command: 'no-such-program-anywhere' },
      'There is no such program. Check the command of the MCP server and its PATH.',
    ],
    [{ cwd: '/no/such/folder' }, 'There is no such working directory. Check the cwd of the MCP server.'],
    [{ command: '/etc/passwd' }, 'The program is not executable. Check the command of the MCP server.'],
    [{ args: ['--no-such-flag'] }, 'The MCP server ended with exit code 9.'],
    [{ command: '/bin/cat', args: [] }, 'Unsupported request method: initialize'],
  ])('is logged with its reason: %j', async (options, reason) => {
    await using tools = newTestTools([newScriptedServer('', options)])
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings).toMatchObject([{ message, reason }])
  })

  test('because it is silent fails after a timeout', async () => {
    await using tools = newTestTools([newScriptedServer('silent', { startTimeoutMs: 200 })])
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings).toEqual([
      {
        message,
        server: 'scripted',
        reason: 'The MCP server was not ready within 0.2 seconds. Set startSeconds if it needs longer.',
      },
    ])
  })

  test('because its tool list has no end fails', async () => {
    await using tools = newTestTools([newScriptedServer('circle')])
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings).toMatchObject([
      { message, reason: 'The MCP server lists the same page of tools again and again.' },
    ])
  })

  test('is started again later', async () => {
    let time = 0
    const secondTime = 'if [ -e "$0" ]; then exec "$@"; else touch "$0"; exit 1; fi'
    const { command, args } = newScriptedServer()
    const folder = mkdtempSync(join(tmpdir(), 'segue-once-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const server = nodeServer('scripted', ['-c', secondTime, join(folder, 'tried'), command, ...args], {
      command: '/bin/sh',
    })
    await using tools = newTestTools([server], { now: () => time })
    expect(await tools.listNames()).toEqual([])
    time += 4_999
    expect(await tools.listNames()).toEqual([])
    time += 1
    await tools.waitForTool('scripted__pid')
  })
})

describe('a stdio server of another protocol version', () => {
  test('is asked for its protocol version if it rejects the handshake', async () => {
    await using tools = newTestTools([newScriptedServer('modern')])
    expect(await tools.listNames()).toEqual(['scripted__pid'])
  })

  test('may have no tools', async () => {
    await using tools = newTestTools([newScriptedServer('toolless')])
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings).toEqual([])
  })
})

describe('when the tool source is closed', () => {
  const wrapped = (mode: string): StdioMcpServer => {
    const { command, args } = newScriptedServer(mode)
    return nodeServer('scripted', ['-c', '"$@"; exit 0', 'sh', command, ...args], { command: '/bin/sh' })
  }

  test('a server and the processes that started it are gone', async () => {
    await using tools = newTestTools([wrapped('stubborn'), withName('bare', newScriptedServer())])
    const pids = [await readPid(tools), Number(await tools.run('bare__pid'))]
    expect(pids.map(isAlive)).toEqual([true, true])
    await tools.source.close()
    await waitUntil(() => !pids.some(isAlive))
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings.filter(({ message }) => String(message).includes('ended'))).toEqual([])
  })

  test('a server that is starting is stopped', async () => {
    await using tools = newTestTools([newScriptedServer('silent')])
    const names = tools.listNames()
    await tools.source.close()
    expect(await names).toEqual([])
    expect(tools.warnings).toEqual([])
  })

  test('current and later calls fail', async () => {
    await using tools = newTestTools([newScriptedServer()])
    const tool = await tools.findTool('scripted__hang')
    const calls = [1, 2].map(async (call) => {
      if (call === 2) await tools.source.close()
      return tool.execute({}, newToolContext())
    })
    expect(await Promise.allSettled(calls)).toMatchObject([
      {
        reason: {
          name: 'ToolError',
          message: expect.stringMatching(/may or may not .*\. The MCP server was stopped\.$/),
        },
      },
      { reason: { name: 'ToolError', message: 'The MCP server "scripted" was stopped.' } },
    ])
  })

  test('child processes of a server that has died are gone', async () => {
    await using tools = newTestTools([wrapped('lasting')])
    const { pid, parent } = z
      .object({ pid: z.int(), parent: z.int() })
      .parse(JSON.parse(String(await tools.run('scripted__family'))))
    process.kill(parent, 'SIGKILL')
    await waitUntil(() => !isAlive(pid))
  })

  test('all servers exit if the own process was killed', async () => {
    const module = fileURLToPath(new URL('../../../support/mcp/servers.ts', import.meta.url))
    const code = `const { newScriptedServer, newTestTools } = await import(${JSON.stringify(module)})
      const tools = newTestTools([newScriptedServer()])
      console.log(await tools.run('scripted__pid'))`
    const owner = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = z.tuple([z.string()]).parse(await once(createInterface(owner.stdout), 'line'))
    const pid = Number(line)
    expect(isAlive(pid)).toBe(true)
    owner.kill('SIGKILL')
    await waitUntil(() => !isAlive(pid))
  })
})
