import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ReloadingServer, startReloadingServer } from '../../support/config/reloading-server.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { waitUntil } from '../../support/wait-until.ts'

let running: ReloadingServer
let provider: StrictProvider
beforeAll(async () => {
  provider = await StrictProvider.start({ models: ['test', 'other'] })
  running = await startReloadingServer({ providers: {} })
})
afterEach(() => running.writeConfig({ providers: {}, titles: (isTitled = !isTitled) }))
afterAll(async () => {
  await running[Symbol.asyncDispose]()
  await provider.close()
})

/** Alternates, so that each test leaves another file behind. */
let isTitled = false

const strict = () => ({ type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] })
const start = (text: string, model: string) => running.client.start({ text, model })
const readerOf = (id: string) => new EventReader(running.client.followStream(id))

describe('Providers', () => {
  test('that are added have answers, and those that are removed finish theirs', async () => {
    await expect(start('Hello', 'strict/test')).rejects.toThrow(/Unknown provider/)
    await running.writeConfig({ providers: { strict: strict() }, titles: false })
    const { promise: go, resolve } = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'One ' }, { wait: go }, { text: 'two' }, { finish: 'stop' }])
    const { id } = await start('Hello', 'strict/test')
    const reader = await readerOf(id).readUntil(({ text }) => text === 'One ')

    await running.writeConfig({ providers: {}, titles: false })
    await expect(start('Hello', 'strict/test')).rejects.toThrow(/Unknown provider/)
    resolve()
    await reader.readToEnd()
    expect(await running.client.stream(id)).toMatchObject({ status: 'COMPLETED', message: { text: 'One two' } })
  })

  test('have their new models, and the new default', async () => {
    await running.writeConfig({ providers: { strict: strict() }, titles: false })
    const query = '{ models { id isDefault } }'
    const before = await running.client.ask(query)
    expect(before['models']).toContainEqual({ id: 'mdl_default:strict/test', isDefault: true })
    await running.writeConfig({ providers: { strict: { ...strict(), models: ['other'] } }, titles: false })
    const after = await running.client.ask(query)
    expect(after['models']).toContainEqual({ id: 'mdl_default:strict/other', isDefault: true })
    expect(after['models']).not.toContainEqual(expect.objectContaining({ id: 'mdl_default:strict/test' }))
  })
})

test('Prices are those of the file from the next answer on', async () => {
  // Few, so that the conversation is not compacted: the summary would take the next answer of the provider.
  const usage = { input: 1_000, output: 1_000 }
  const askForCost = async () => {
    provider.enqueue([{ text: 'Yes.' }, { usage }, { finish: 'stop' }])
    const { id } = await running.chat('Hello', 'strict/test')
    const { stream } = await running.client.ask(
      'query ($id: ID!) { stream: node(id: $id) { ... on Stream { usage { cost { amount } } } } }',
      { id },
    )
    return stream
  }
  const config = { providers: { strict: strict() }, titles: false }
  await running.writeConfig({ ...config, prices: { 'strict/*': { input: 1000, output: 1000 } } })
  expect(await askForCost()).toEqual({ usage: { cost: { amount: 2 } } })
  await running.writeConfig({ ...config, prices: { 'strict/*': { input: 1000, output: 2000 } } })
  expect(await askForCost()).toEqual({ usage: { cost: { amount: 3 } } })
})

test('A limit applies to the next operation, and what runs is not disturbed', async () => {
  await running.writeConfig({ providers: { strict: strict() }, titles: false, limits: { streams: 2 } })
  const { promise: go, resolve } = Promise.withResolvers<void>()
  for (let each = 0; each < 2; each += 1) provider.enqueue([{ wait: go }, { text: 'Done' }, { finish: 'stop' }])
  const streams = [await start('One', 'strict/test'), await start('Two', 'strict/test')]
  await expect(start('Three', 'strict/test')).rejects.toThrow(/2 active streams/)
  await running.writeConfig({ providers: { strict: strict() }, titles: false, limits: { streams: 3 } })
  const { status } = await running.chat('Three', 'offline/eliza')
  expect(status).toBe('COMPLETED')
  await running.writeConfig({ providers: { strict: strict() }, titles: false, limits: { streams: 1 } })
  resolve()
  for (const { id } of streams) {
    await readerOf(id).readToEnd()
    expect(await running.client.stream(id)).toMatchObject({ status: 'COMPLETED' })
  }
})

const scriptedServer = fileURLToPath(new URL('../../support/mcp/scripted-server.ts', import.meta.url))
const mcpServer = (settings: object = {}) => ({ command: process.execPath, args: [scriptedServer, ''], ...settings })

/** The process id of an MCP server, which it says itself. */
async function askForPid(name: string): Promise<number> {
  const { message } = await running.chat(`/tool ${name}__pid {}`, 'offline/eliza')
  const [call] = message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall] : [])) ?? []
  expect(call).toMatchObject({ state: 'SUCCEEDED' })
  return Number(call?.result)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('MCP servers', () => {
  test('that are removed are stopped, changed ones are started again, and others are not touched', async () => {
    const approvals = { '*': 'allow' }
    const config = { providers: {}, approvals, mcpServers: { a: mcpServer(), b: mcpServer(), c: mcpServer() } }
    await running.writeConfig(config)
    const [a, b, c] = [await askForPid('a'), await askForPid('b'), await askForPid('c')]
    const changed = mcpServer({ env: { CHANGED: '1' } })
    await running.writeConfig({ ...config, mcpServers: { a: mcpServer(), c: changed } })
    await waitUntil(() => !isRunning(b) && !isRunning(c))
    expect(await askForPid('a')).toBe(a)
    expect(await running.client.ask('{ mcpServers { name } }')).toEqual({ mcpServers: [{ name: 'a' }, { name: 'c' }] })
    const restarted = await askForPid('c')
    expect(restarted).not.toBe(c)
    await running.writeConfig({ ...config, mcpServers: {} })
    await waitUntil(() => !isRunning(a) && !isRunning(restarted))
  })

  test('that are removed finish the call of an answer first', async () => {
    const gate = join(running.home, 'gate')
    const mcpServers = { a: mcpServer({ env: { GATE: gate } }) }
    const config = { providers: {}, approvals: { '*': 'allow' }, mcpServers }
    await running.writeConfig(config)
    const pid = await askForPid('a')
    const { id } = await start('/tool a__gated {}', 'offline/eliza')
    await readerOf(id).readUntilType('ToolCallChanged')
    await running.writeConfig({ ...config, mcpServers: {} })
    expect(isRunning(pid)).toBe(true)
    writeFileSync(gate, '')
    await readerOf(id).readToEnd()
    expect((await running.client.stream(id)).message?.parts).toContainEqual(
      expect.objectContaining({ toolCall: expect.objectContaining({ state: 'SUCCEEDED', result: '"passed"' }) }),
    )
    await waitUntil(() => !isRunning(pid))
  })
})

test('Approvals are those of the file from the next call on', async () => {
  const config = { providers: {}, mcpServers: { a: mcpServer() } }
  const loadPolicy = async () => {
    await askForPid('a').catch(() => undefined)
    const { mcpServers } = await running.client.ask('{ mcpServers { tools { name policy } } }')
    return JSON.stringify(mcpServers)
  }
  await running.writeConfig({ ...config, approvals: { a__pid: 'allow' } })
  expect(await loadPolicy()).toContain('{"name":"a__pid","policy":"ALLOW"}')
  await running.writeConfig({ ...config, approvals: { a__pid: 'deny' } })
  expect(await loadPolicy()).toContain('{"name":"a__pid","policy":"DENY"}')
  const { message } = await running.chat('/tool a__pid {}', 'offline/eliza')
  expect(message?.parts).toContainEqual(
    expect.objectContaining({ toolCall: expect.objectContaining({ state: 'DENIED' }) }),
  )
})

test('Each profile has its own config.json read again, and a broken one changes only itself', async () => {
  const folder = join(running.home, 'profiles', 'work')
  await running.client.ask('mutation { createProfile(name: "work") { name } }')
  await running.client.ask('{ models(profile: "work") { id } }')
  mkdirSync(folder, { recursive: true })
  const write = (config: string) => writeFileSync(join(folder, 'config.json'), config)
  const listModels = () => running.client.ask('{ models(profile: "work") { id } }')
  await running.waitForLog('The changed config.json is in effect.', () =>
    write(JSON.stringify({ providers: { strict: strict() } })),
  )
  const expected = { models: [{ id: 'mdl_work:strict/test' }, { id: 'mdl_work:offline/eliza' }] }
  expect(await listModels()).toEqual(expected)
  // The log leaves out the path: it begins as the variable of an MCP server did in a test above, which is a secret.
  await running.waitForLog(': port: Unknown key.', () => write('{ "port": 1 }'))
  expect(await listModels()).toEqual(expected)
  await running.writeConfig({ providers: { other: strict() } })
  expect(await listModels()).toEqual(expected)
})
