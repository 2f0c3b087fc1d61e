import { describe, expect, test } from 'vitest'
import type { ConfiguredMcpServer } from '../../src/config/profile/mcp/mcp-server.ts'
import { withName } from '../support/mcp/server-settings.ts'
import { newScriptedServer } from '../support/mcp/servers.ts'
import { AnswerApprovalDocument, McpServersDocument } from './generated/graphql.ts'
import { isEventOfType, loadSession, streamChat, streamToEnd } from './support/chat.ts'
import { type Client, transports } from './support/clients.ts'
import { newTestEnvironment, type TestEnvironment } from './support/test-environment.ts'
import { ask, expectRefusal, readUntil, mutate } from './support/typed-client.ts'

const listServers = async (client: Client, profile: string | null = null) =>
  (await ask(client, McpServersDocument, { profile })).mcpServers

/** The state of the only server. */
async function findServer(client: Client) {
  const [server] = await listServers(client)
  if (!server) throw new Error('There is no server.')
  return server
}

function newEnvironment(transport: Parameters<typeof newTestEnvironment>[0], ...mcpServers: ConfiguredMcpServer[]) {
  return newTestEnvironment(transport, { settings: { mcpServers, approvals: { '*__die': 'deny' } } })
}

/** Has the offline agent call a tool. Returns the error of the call, or its result. */
async function callTool({ client }: TestEnvironment, name: string): Promise<unknown> {
  const { end } = await streamToEnd(client, { text: `/tool ${name} {}`, model: 'offline/eliza' })
  const call = end.message?.toolCalls[0]
  return call?.error ?? call?.result
}

describe.each(transports)('Query.mcpServers over %s', (transport) => {
  test('shows a server before and after it is started, with the policies of its tools', async () => {
    const server = newScriptedServer('', { include: ['untyped', 'pid', 'die'], autoApprove: [] })
    await using environment = await newEnvironment(transport, server)
    const { client } = environment
    const before = await findServer(client)
    expect(before).toEqual({
      name: 'scripted',
      state: 'IDLE',
      error: null,
      since: expect.any(String),
      tools: [],
      omittedTools: [],
    })

    await callTool(environment, 'scripted__untyped')
    const { since, omittedTools, ...ready } = await findServer(client)
    expect(ready).toEqual({
      name: 'scripted',
      state: 'READY',
      error: null,
      tools: [
        { name: 'scripted__die', description: null, readOnly: false, policy: 'DENY' },
        { name: 'scripted__pid', description: null, readOnly: false, policy: 'ASK' },
        { name: 'scripted__untyped', description: null, readOnly: true, policy: 'ALLOW' },
      ],
    })
    expect(Date.parse(since)).toBeGreaterThanOrEqual(Date.parse(before.since))
    expect(omittedTools).toContainEqual({
      name: 'scripted__hang',
      reason: 'scripted__hang is left out by the configuration of its MCP server.',
    })
  })

  test('has the policy ALLOW for a tool that a user has allowed for ever', async () => {
    await using environment = await newEnvironment(transport, newScriptedServer())
    const { client } = environment
    const events = streamChat(client, { text: '/tool scripted__pid {}', model: 'offline/eliza' })
    const { last } = await readUntil(events, isEventOfType('ApprovalChanged'))
    await mutate(client, AnswerApprovalDocument, { id: last.approval.id, decision: 'ALWAYS' })
    await readUntil(events, isEventOfType('StreamFinished'))
    const { tools } = await findServer(client)
    expect(tools.find(({ name }) => name === 'scripted__pid')?.policy).toBe('ALLOW')
  })
})

test('shows why a server is not used, and so does a call of one of its tools', async () => {
  await using environment = await newEnvironment(
    'sse',
    { type: 'unused', name: 'off', prefix: 'off', error: null },
    { type: 'unused', name: 'a b', prefix: 'a_b', error: 'Its entry is invalid.' },
    withName('gone', newScriptedServer('', { command: 'no-such-program' })),
  )
  const noProgram = 'There is no such program. Check the command of the MCP server and its PATH.'
  expect(await callTool(environment, 'off__read')).toBe('The MCP server "off" is disabled in the configuration.')
  expect(await callTool(environment, 'a_b__read')).toBe('The MCP server "a b" is not used. Its entry is invalid.')
  expect(await callTool(environment, 'gone__read')).toMatch(`The MCP server "gone" could not be started. ${noProgram}`)
  expect(await callTool(environment, 'nothing__read')).toBe('There is no tool named "nothing__read".')
  expect(await listServers(environment.client)).toMatchObject([
    { name: 'off', state: 'DISABLED', error: null },
    { name: 'a b', state: 'FAILED', error: 'Its entry is invalid.' },
    { name: 'gone', state: 'FAILED', error: noProgram },
  ])
})

test('shows a server that is starting, whose tools later steps have, and does not delay answers', async () => {
  const server = newScriptedServer('silent', { startTimeoutMs: 60_000 })
  await using environment = await newEnvironment('sse', server)
  const { client, provider } = environment
  provider.enqueue('Hello.')
  await streamToEnd(client, { text: 'Hi' })
  expect(await findServer(client)).toMatchObject({ state: 'STARTING', error: null, tools: [] })
  expect(provider.requests[0]?.body.messages[0]).toEqual({
    role: 'system',
    content: 'These MCP servers are still starting, and their tools come later: "scripted".',
  })
})

test('the instructions of a server that is ready are in modelContext, as the model gets them', async () => {
  await using environment = await newEnvironment('sse', newScriptedServer('instructing'))
  const { client, provider } = environment
  await callTool(environment, 'scripted__untyped')
  const { end } = await streamToEnd(client, { text: 'Hi' })
  const { modelContext } = await loadSession(client, end.sessionId)
  const [system] = provider.requests[0]?.body.messages ?? []
  expect(system).toMatchObject({ role: 'system', content: expect.stringContaining('Look first.') })
  expect(modelContext).toMatchObject([system, { role: 'user' }, { role: 'assistant' }])
})

test('shows a server that has ended, with its last tools', async () => {
  const server = newScriptedServer('', { autoApprove: ['*'] })
  await using environment = await newTestEnvironment('sse', { settings: { mcpServers: [server] } })
  const ending = 'The MCP server was terminated by SIGKILL.'
  expect(await callTool(environment, 'scripted__die')).toContain(`may or may not have taken effect. ${ending}`)
  while ((await findServer(environment.client)).state === 'READY');
  expect(await findServer(environment.client)).toMatchObject({ error: ending })
  // The first end is followed by a start at once, the second one by a pause.
  await callTool(environment, 'scripted__die')
  expect(await callTool(environment, 'scripted__pid')).toMatch(
    /^The MCP server "scripted" is not running\. .* It is started again in \d s\.$/,
  )
  const { state, tools } = await findServer(environment.client)
  expect(state).toBe('BACKOFF')
  expect(tools.map(({ name }) => name)).toContain('scripted__pid')
})

test('is empty for a profile that does not exist, and refuses an invalid name', async () => {
  await using environment = await newEnvironment('sse', newScriptedServer())
  expect(await listServers(environment.client, 'work')).toEqual([])
  const refusal = await expectRefusal(environment.client, McpServersDocument, { profile: 'no name' })
  expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', path: ['profile'] })
})
