import { expect, test } from 'vitest'
import { createSegueClient } from '../../../client/src/index.ts'
import { newScriptedServer } from '../../../tests/support/mcp/servers.ts'
import type { ConfiguredMcpServer } from '../../../src/config/profile/mcp/mcp-server.ts'
import { describeApp } from '../support/describe-app.ts'

/** Has the offline agent call a tool, and allows it as another client does. */
async function allowTool(url: string, decision: 'SESSION' | 'ALWAYS', pattern?: Record<string, string>): Promise<void> {
  const client = createSegueClient({ url })
  const call = `/tool scripted__pid ${JSON.stringify(pattern ?? {})}`
  for await (const event of client.chat({ text: call, model: 'offline/eliza' })) {
    if (event.type === 'ApprovalChanged' && event.approval.state === 'PENDING') {
      await client.answerApproval(event.approval.id, { decision, ...(pattern && { pattern }) })
    }
  }
  client.close()
}

describeApp('The settings of tools', (browser) => {
  test('show the MCP servers, their states and errors, and their tools with descriptions', async () => {
    const broken: ConfiguredMcpServer = {
      type: 'unused',
      name: 'broken',
      prefix: 'broken',
      error: 'Its entry is invalid.',
    }
    await using app = await browser.open({
      path: '/settings',
      segue: { settings: { mcpServers: [newScriptedServer(), broken], approvals: { '*__die': 'deny' } } },
    })
    const { page, segue } = app
    const servers = page.getByRole('list', { name: 'MCP servers' }).locator('> li')
    const scripted = servers.filter({ hasText: 'scripted' })
    await scripted.getByText('Starts when needed').waitFor()
    await allowTool(segue.url, 'ALWAYS')
    await scripted.getByText('Ready').waitFor()
    await servers.filter({ hasText: 'broken' }).getByText('Failed').waitFor()
    await servers.filter({ hasText: 'broken' }).getByText('Its entry is invalid.').waitFor()
    await scripted.getByText(/\d+ tools of scripted/).click()
    const tools = page.getByRole('list', { name: 'Tools of scripted' }).getByRole('listitem')
    await tools.filter({ hasText: 'scripted__nullable' }).getByText('May be null.').waitFor()
    await tools.filter({ hasText: 'scripted__pid' }).getByText('runs at once').waitFor()
    await tools.filter({ hasText: 'scripted__hang' }).getByText('asks first').waitFor()
    await tools.filter({ hasText: 'scripted__die' }).getByText('is refused').waitFor()
    await tools.filter({ hasText: 'scripted__untyped' }).getByText('Changes nothing').waitFor()
  })

  test('without any MCP server, say where one is configured', async () => {
    await using app = await browser.open({ path: '/settings' })
    await app.page.getByText('No MCP servers are configured.').waitFor()
    await app.page.getByText('Nothing runs by a rule of yours.').waitFor()
  })

  test('show the approval rules, and take one back after a confirmation', async () => {
    await using app = await browser.open({ segue: { settings: { mcpServers: [newScriptedServer()] } } })
    const { page, segue } = app
    await allowTool(segue.url, 'SESSION', { path: '/tmp/*' })
    await allowTool(segue.url, 'ALWAYS')
    await page.goto(`${segue.url}/settings`)
    const rules = page.getByRole('list', { name: 'Approval rules' }).getByRole('listitem')
    await rules.nth(1).waitFor()
    await rules.filter({ hasText: '{"path":"/tmp/*"}' }).getByText('in the chat').waitFor()
    const forever = rules.filter({ hasText: 'in the whole profile' })
    const forget = forever.getByRole('button', { name: 'Have scripted__pid ask again' })
    await forget.click()
    const dialog = page.getByRole('alertdialog', { name: 'Have scripted__pid ask again?' })
    await dialog.getByRole('button', { name: 'Keep the rule' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await rules.count()).toBe(2)
    await forget.click()
    await dialog.getByRole('button', { name: 'Ask again' }).click()
    await rules.nth(1).waitFor({ state: 'detached' })
    expect(await rules.allTextContents()).toEqual([expect.stringContaining('in the chat')])
  })
})
