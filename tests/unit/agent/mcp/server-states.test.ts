import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAutoApproveRules } from '../../../../src/agent/mcp/conversion/create-auto-approve-rules.ts'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import type { StdioMcpServer } from '../../../../src/config/profile/mcp/mcp-server.ts'
import { withName } from '../../../support/mcp/server-settings.ts'
import { newScriptedServer, newTestTools, newToolContext, type TestTools } from '../../../support/mcp/servers.ts'

const never = new AbortController().signal
const findStatus = ({ source }: TestTools) => source.listMcpServers()[0]

/** A server that starts when `open` is called. */
function newGatedServer(overrides: Partial<StdioMcpServer> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'segue-gate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const gate = join(folder, 'open')
  return {
    server: newScriptedServer('gated', { ...overrides, env: { GATE: gate } }),
    open: () => writeFileSync(gate, ''),
  }
}

describe('a server that starts slowly', () => {
  const startingNote = 'These MCP servers are still starting, and their tools come later: "scripted".'

  test('is named to the model, and its tools are there when it is ready', async () => {
    const { server, open } = newGatedServer()
    await using tools = newTestTools([server, withName('quick', newScriptedServer())], { startWaitMs: 500 })
    await tools.waitForTool('quick__pid')
    const { tools: available, notes } = await tools.source.listTools()
    expect(available.filter(({ name }) => !name.startsWith('quick__'))).toEqual([])
    expect(notes).toEqual([startingNote])
    expect(findStatus(tools)).toMatchObject({ state: 'STARTING', error: null, tools: [] })
    open()
    await tools.waitForTool('scripted__pid')
    expect((await tools.source.listTools()).notes).toEqual([])
    expect(findStatus(tools)).toMatchObject({ state: 'READY', error: null })
  })

  test('is started once and waited for once, however many answers need tools', async () => {
    const { server, open } = newGatedServer()
    let time = 0
    await using tools = newTestTools([server], { startWaitMs: 50, now: () => time })
    await tools.source.listTools()
    time += 50
    const lists = await Promise.all([tools.source.listTools(), tools.source.listTools()])
    expect(lists.map(({ notes }) => notes)).toEqual([[startingNote], [startingNote]])
    const since = findStatus(tools)?.since
    open()
    const tool = await tools.source.findTool('scripted__pid', never)
    const [first, second] = await Promise.all([tool, tool].map((each) => each?.execute({}, newToolContext())))
    expect(first).toBe(second)
    expect(since).toBeLessThanOrEqual(findStatus(tools)?.since ?? 0)
  })

  test('is waited for by a call of one of its tools', async () => {
    const { server, open } = newGatedServer()
    await using tools = newTestTools([server], { startWaitMs: 0 })
    const found = tools.source.findTool('scripted__pid', never)
    open()
    expect((await found)?.name).toBe('scripted__pid')
  })

  test('is not waited for by a call that times out or is aborted', async () => {
    const { server } = newGatedServer()
    await using tools = newTestTools([server], { startWaitMs: 0 })
    await expect(tools.source.findTool('scripted__pid', AbortSignal.timeout(10))).rejects.toThrow(
      'The MCP server "scripted" is still starting. Try again later.',
    )
    const reason = new Error('enough')
    await expect(tools.source.findTool('scripted__pid', AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('fails after its own timeout', async () => {
    const { server } = newGatedServer({ startTimeoutMs: 50 })
    await using tools = newTestTools([server])
    await tools.source.listTools()
    expect(findStatus(tools)).toMatchObject({
      state: 'FAILED',
      error: 'The MCP server was not ready within 0.05 seconds. Set startSeconds if it needs longer.',
    })
  })
})

test('a server that cannot be started says where its output is, which only the log has', async () => {
  const secret = 'wonderful-secret'
  await using tools = newTestTools([newScriptedServer('broken', { env: { API_KEY: secret }, secrets: [secret] })])
  const error = 'The MCP server ended with exit code 3. Its last output is in the log.'
  await expect(tools.source.findTool('scripted__pid', never)).rejects.toThrow(
    `The MCP server "scripted" could not be started. ${error} It can be tried again in 5 s.`,
  )
  expect(findStatus(tools)).toMatchObject({ state: 'FAILED', error })
})

describe('the instructions of a server', () => {
  test('reach the model together with its tools, up to a limit', async () => {
    const plain = withName('plain', newScriptedServer())
    await using tools = newTestTools([plain, newScriptedServer('instructing')])
    const { notes } = await tools.source.listTools()
    expect(notes).toEqual([
      expect.stringMatching(
        /^Instructions of the MCP server "scripted" for its tools, whose names begin with scripted__:\nLook first\. x+…$/,
      ),
    ])
    expect(notes[0]?.length).toBeLessThan(8_300)
  })

  test('do not reach the model without tools', async () => {
    await using tools = newTestTools([newScriptedServer('instructing', { exclude: ['*'] })])
    expect(await tools.source.listTools()).toEqual({ tools: [], notes: [] })
  })
})

describe('the tools of a server', () => {
  test.each<[string[], string[], string[]]>([
    [['pid', 'family'], [], ['scripted__family', 'scripted__pid']],
    [['*a*i*'], ['scripted__f*'], ['scripted__capabilities']],
    [[], ['*i*', '*e*', '*o*', '*w*'], ['scripted__hang']],
  ])('are selected by include %j and exclude %j', async (include, exclude, expected) => {
    await using tools = newTestTools([newScriptedServer('', { include, exclude })])
    const names = await tools.listNames()
    expect(names.filter((name) => !/__x+_/.test(name))).toEqual(expected)
    const omitted = findStatus(tools)?.omittedTools ?? []
    expect(omitted).toContainEqual({
      name: 'scripted__quote',
      reason: 'scripted__quote is left out by the configuration of its MCP server.',
    })
    await expect(tools.source.findTool('scripted__quote', never)).rejects.toThrow(
      'This tool cannot be called. scripted__quote is left out by the configuration of its MCP server.',
    )
    expect(await tools.source.findTool('scripted__nothing', never)).toBe(null)
    expect(tools.infos).toContainEqual({
      message: 'Tools of an MCP server are left out by its configuration.',
      server: 'scripted',
      tools: expect.arrayContaining(['scripted__quote']),
    })
  })

  test('are not asked about if the entry approves them, unless a rule says otherwise', () => {
    const server = newScriptedServer('', { autoApprove: ['pid', 'files/read a.txt', 'gr*'] })
    const unused = { type: 'unused', name: 'off', prefix: 'off', error: null } as const
    const rules = createAutoApproveRules([server, unused])
    const policy = new ApprovalPolicy(rules, { '*__grow': 'deny' })
    const findAction = (name: string) => policy.findAction({ name, isReadOnly: false })
    expect(Object.keys(rules)).toEqual([
      'scripted__pid',
      expect.stringMatching(/^scripted__files_read_a_txt_/),
      'scripted__gr*',
    ])
    expect(['pid', 'die', 'grow', 'groan'].map((name) => findAction(`scripted__${name}`))).toEqual([
      'allow',
      'ask',
      'deny',
      'allow',
    ])
  })
})
