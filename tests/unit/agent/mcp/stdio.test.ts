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
import { waitUntil } from '../../../support/wait-until.ts'
import type { StdioServer } from '../../../../src/config/profile/mcp-server.ts'
import { isAlive, nodeServer, newScriptedServer, type TestTools, newTestTools } from '../../../support/mcp/servers.ts'

const secret = 'wonderful-secret'
const withSecret = { env: { API_KEY: secret }, secrets: [secret] }

async function pidOf(tools: TestTools): Promise<number> {
  return Number(await tools.run('scripted__pid'))
}

describe('a program', () => {
  let tools: TestTools

  beforeAll(() => {
    tools = newTestTools([newScriptedServer('talkative', withSecret)])
  })
  afterAll(() => tools[Symbol.asyncDispose]())

  test('has its tools listed, page by page, in the order of their names', async () => {
    const names = await tools.listNames()
    expect(names).toEqual(names.toSorted())
    expect(names).toEqual(expect.arrayContaining(['scripted__pid', 'scripted__untyped']))
    for (const name of names) expect(name).toMatch(/^scripted__[\w-]{1,54}$/)
  })

  test('may print what is no message', async () => {
    expect(await pidOf(tools)).toBeGreaterThan(0)
  })

  test('gets schemas mended that say less than they should', async () => {
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

  test('keeps to itself what no model could call, and a warning tells', async () => {
    const names = await tools.listNames()
    expect(names).not.toContain('scripted__list')
    expect(names).not.toContain('scripted__background')
    expect(names.filter((name) => name === 'scripted__twice')).toHaveLength(1)
    const message = 'A tool of an MCP server is left out.'
    expect(tools.warnings.slice(0, 2)).toEqual([
      { message, server: 'scripted', reason: 'scripted__list takes something else than an object' },
      { message, server: 'scripted', reason: 'scripted__twice is listed twice' },
    ])
  })

  test('sees nothing of our environment but what it was given', async () => {
    const seen = z.record(z.string(), z.string()).parse(JSON.parse(String(await tools.run('scripted__environment'))))
    // What the system adds by itself.
    delete seen['__CF_USER_TEXT_ENCODING']
    expect(Object.keys(seen).toSorted()).toEqual(['API_KEY', 'HOME', 'NODE_COMPILE_CACHE', 'PATH'])
  })

  test('that refuses a call makes an error of it, without its secrets', async () => {
    const fault = tools.run('scripted__quote')
    await expect(fault).rejects.toBeInstanceOf(ToolError)
    await expect(fault).rejects.toThrow('not with …')
  })

  test('that answers nonsense makes an error of it', async () => {
    await expect(tools.run('scripted__wrong')).rejects.toThrow(
      /^The server of this tool answered with something that is/,
    )
  })

  test('is told that a call was cancelled, which rejects at once, and goes on', async () => {
    const pid = await pidOf(tools)
    const controller = new AbortController()
    const hanging = tools.run('scripted__hang', {}, controller.signal)
    const state = async () => String(await tools.run('scripted__cancelled'))
    while ((await state()) !== '{"cancelled":0,"hanging":1}');
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(hanging).rejects.toBe(reason)
    expect(await state()).toBe('{"cancelled":1,"hanging":1}')
    await expect(tools.run('scripted__pid', {}, controller.signal)).rejects.toBe(reason)
    expect(await pidOf(tools)).toBe(pid)
  })

  test('is not told of a signal that aborts when the call is over', async () => {
    const controller = new AbortController()
    const before = await tools.run('scripted__cancelled', {}, controller.signal)
    controller.abort()
    expect(await tools.run('scripted__cancelled')).toBe(before)
  })

  test('that says that its tools are others now has them listed again', async () => {
    expect(await tools.listNames()).not.toContain('scripted__grown')
    await tools.run('scripted__grow')
    expect(await tools.listNames()).toContain('scripted__grown')
  })
})

describe('a program that dies', () => {
  test('is an error of the call that it was at, and is started again when it is needed', async () => {
    await using tools = newTestTools([newScriptedServer('', withSecret)])
    const pid = await pidOf(tools)
    const fault = tools.run('scripted__die')
    await expect(fault).rejects.toBeInstanceOf(ToolError)
    await expect(fault).rejects.toThrow(
      'The server of this tool ended during the call, which may or may not have taken effect: it was ended by SIGKILL.',
    )
    const [again, same] = await Promise.all([pidOf(tools), pidOf(tools)])
    expect(again).not.toBe(pid)
    expect(same).toBe(again)
    expect(tools.warnings.slice(2, 3)).toEqual([
      {
        message: 'An MCP server has ended: it is started again when it is needed.',
        server: 'scripted',
        reason: 'it was ended by SIGKILL',
      },
    ])
  })

  test('is started by a call too, whose tool was found before', async () => {
    await using tools = newTestTools([newScriptedServer()])
    const pid = await pidOf(tools)
    const tool = await tools.findTool('scripted__pid')
    process.kill(pid, 'SIGKILL')
    await waitUntil(() => tools.warnings.length > 2)
    expect(Number(await tool.execute({}, new AbortController().signal))).not.toBe(pid)
  })

  test('again and again is left alone for longer and longer', async () => {
    let time = 0
    await using tools = newTestTools([newScriptedServer()], { now: () => time })
    const die = async (): Promise<void> => {
      await expect(tools.run('scripted__die')).rejects.toThrow('ended during the call')
    }
    await die()
    await die()
    expect(await tools.listNames()).toEqual([])
    time += 5_000
    await tools.waitForTool('scripted__die')
    await die()
    time += 9_000
    expect(await tools.listNames()).toEqual([])
    time += 1_000
    await tools.waitForTool('scripted__die')
    time += 60_000
    await die()
    await pidOf(tools)
  })
})

describe('a program that cannot be started', () => {
  const message = 'An MCP server cannot be started: its tools are missing.'

  test('is one warning with what it said, secrets left out, and its tools are missing', async () => {
    let time = 0
    const broken = { ...newScriptedServer('broken', withSecret), name: 'broken' }
    await using tools = newTestTools([broken, newScriptedServer()], { now: () => time })
    const warnings = (): object[] => tools.warnings.filter((warning) => warning['server'] === 'broken')
    for (const pass of [0, 1_000, 5_000, 10_000, 100_000]) {
      time += pass
      const names = await tools.listNames()
      expect(names).toContain('scripted__pid')
      expect(names.filter((name) => name.startsWith('broken'))).toEqual([])
    }
    expect(warnings()).toEqual([
      { message, server: 'broken', reason: 'it ended with exit code 3', said: 'at … with … and undefined' },
    ])
  })

  test.each([
    [{ command: 'no-such-program-anywhere' }, 'there is no such program, or no such folder to run it in'],
    [{ cwd: '/no/such/folder' }, 'there is no such program, or no such folder to run it in'],
    [{ command: '/etc/passwd' }, 'it is not allowed to be run'],
    [{ args: ['--no-such-flag'] }, 'it ended with exit code 9'],
    [{ command: '/bin/cat', args: [] }, 'Unsupported request method: initialize'],
  ])('is told of in words: %j', async (wrong, reason) => {
    await using tools = newTestTools([newScriptedServer('', wrong)])
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings).toMatchObject([{ message, reason }])
  })

  test('since it says nothing is given up after a while', async () => {
    await using tools = newTestTools([newScriptedServer('silent')], { startTimeoutMs: 200 })
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings).toEqual([{ message, server: 'scripted', reason: 'it was not ready within 0.2 seconds' }])
  })

  test('since its list of tools has no end is given up', async () => {
    await using tools = newTestTools([newScriptedServer('circle')])
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings).toMatchObject([{ message, reason: 'the pages of its list of tools go round in a circle' }])
  })

  test('is tried again later', async () => {
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

describe('a program of another time', () => {
  test('that knows no handshake is asked what it knows', async () => {
    await using tools = newTestTools([newScriptedServer('modern')])
    expect(await tools.listNames()).toEqual(['scripted__pid'])
  })

  test('that has no tools is no error', async () => {
    await using tools = newTestTools([newScriptedServer('toolless')])
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings).toEqual([])
  })
})

describe('at the end', () => {
  const wrapped = (mode: string): StdioServer => {
    const { command, args } = newScriptedServer(mode)
    return nodeServer('scripted', ['-c', '"$@"; exit 0', 'sh', command, ...args], { command: '/bin/sh' })
  }

  test('nothing is left of a program, nor of what it was started by', async () => {
    await using tools = newTestTools([wrapped('stubborn'), { ...newScriptedServer(), name: 'bare' }])
    const pids = [await pidOf(tools), Number(await tools.run('bare__pid'))]
    expect(pids.map(isAlive)).toEqual([true, true])
    await tools.source.close()
    await waitUntil(() => !pids.some(isAlive))
    expect(await tools.listNames()).toEqual([])
    expect(tools.warnings.filter(({ message }) => String(message).includes('ended'))).toEqual([])
  })

  test('a program that starts is stopped', async () => {
    await using tools = newTestTools([newScriptedServer('silent')])
    const names = tools.listNames()
    await tools.source.close()
    expect(await names).toEqual([])
    expect(tools.warnings).toEqual([])
  })

  test('a call under way is an error, and so is one that comes too late', async () => {
    await using tools = newTestTools([newScriptedServer()])
    const tool = await tools.findTool('scripted__hang')
    const { signal } = new AbortController()
    const calls = [tool.execute({}, signal), tools.source.close().then(() => tool.execute({}, signal))]
    expect(await Promise.allSettled(calls)).toMatchObject([
      { reason: { name: 'ToolError', message: expect.stringMatching(/may or may not .*: it was stopped\.$/) } },
      { reason: { name: 'ToolError', message: 'The server of this tool cannot be had now.' } },
    ])
  })

  test('what a program started ends with it when it dies by itself', async () => {
    await using tools = newTestTools([wrapped('lasting')])
    const { pid, parent } = z
      .object({ pid: z.int(), parent: z.int() })
      .parse(JSON.parse(String(await tools.run('scripted__family'))))
    process.kill(parent, 'SIGKILL')
    await waitUntil(() => !isAlive(pid))
  })

  test('programs end when our own process is killed', async () => {
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
