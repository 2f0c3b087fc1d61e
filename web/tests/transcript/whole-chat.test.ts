import { readFileSync } from 'node:fs'
import type { Download } from 'playwright-core'
import { expect, test } from 'vitest'
import { createSegueClient } from '../../../client/src/index.ts'
import { newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { makeChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { findViolations } from '../support/find-violations.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

async function readDownload(download: Download): Promise<string> {
  return readFileSync(await download.path(), 'utf8')
}

const filler = 'Some words that fill a line or two of the column of a chat, as answers do. '.repeat(4)

describeApp('A whole chat', (browser) => {
  test('has an outline of its questions that jumps to them, also to those that are not loaded', async () => {
    await using app = await openScriptedApp(browser)
    const { page, segue, provider } = app
    provider.defaultAnswer = () => filler
    const id = await makeChat(segue.url, 40)
    await page.goto(`${segue.url}/chat/${id}`)
    await page.getByRole('article').getByText('Question 40?').waitFor()
    await page.getByRole('button', { name: 'Questions of this chat' }).click()
    await page.getByRole('menuitem', { name: 'Question 3?', exact: true }).click()
    const question = page.getByRole('article').filter({ hasText: /Question 3\?/ })
    await question.waitFor()
    await expect.poll(async () => (await question.boundingBox())?.y).toBeLessThan(120)
    await expect.poll(() => question.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('opens at the message that its address names', async () => {
    await using app = await openScriptedApp(browser)
    const { page, segue, provider } = app
    provider.defaultAnswer = () => filler
    const id = await makeChat(segue.url, 40)
    const client = createSegueClient({ url: segue.url })
    const { session } = await client.request<{
      session: { messages: { edges: { node: { id: string } }[] } }
    }>('query ($id: ID!) { session(id: $id) { messages(first: 5) { edges { node { id } } } } }', { id })
    client.close()
    await page.goto(`${segue.url}/chat/${id}#${session.messages.edges[4]?.node.id}`)
    const question = page.getByRole('article').filter({ hasText: /Question 3\?/ })
    await question.waitFor()
    await expect.poll(async () => (await question.boundingBox())?.y).toBeLessThan(120)

    // From another chat, too.
    const other = await makeChat(segue.url, 1)
    await page.goto(`${segue.url}/chat/${other}`)
    await page.getByRole('article').getByText('Question 1?').waitFor()
    await page.evaluate(
      (path) => history.pushState(null, '', path),
      `/chat/${id}#${session.messages.edges[4]?.node.id}`,
    )
    await question.waitFor()
    await expect.poll(async () => (await question.boundingBox())?.y).toBeLessThan(120)
  })

  test('is copied and saved as Markdown, and saved as JSON', async () => {
    await using app = await openScriptedApp(browser, {
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
      scripts: [[{ reasoning: 'Well.' }, { text: 'It is **this**.' }, { finish: 'stop' }]],
    })
    const { page } = app
    await send(page, 'What is it?')
    await lastAnswer(page).getByText('It is this.').waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
    const menu = page.getByRole('button', { name: 'Copy or save this chat' })
    await menu.click()
    await page.getByRole('menuitem', { name: 'Copy as Markdown' }).click()
    await page.getByText('Copied', { exact: true }).waitFor()
    const markdown = '## You\n\nWhat is it?\n\n## Agent (strict/test)\n\n> Well.\n\nIt is **this**.\n'
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(markdown)
    await menu.click()
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Save as Markdown' }).click(),
    ])
    expect(saved.suggestedFilename()).toMatch(/\.md$/)
    expect(await readDownload(saved)).toContain(markdown)
    await menu.click()
    const [json] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Save as JSON' }).click(),
    ])
    expect(JSON.parse(await readDownload(json))).toMatchObject({
      origin: 'SEGUE',
      messages: [
        { role: 'USER', parts: [{ text: 'What is it?' }] },
        { role: 'ASSISTANT', parts: [{ text: 'Well.' }, { text: 'It is **this**.' }] },
      ],
    })
  })

  test('a tool call that waits for a person is answered in place', async () => {
    const call: ProviderStep = { toolCall: { id: 'call_1', name: 'files__write', arguments: ['{"path":"a.txt"}'] } }
    await using app = await openScriptedApp(browser, {
      scripts: [[call, { finish: 'tool_calls' }], 'Written.'],
      createToolSource: () => newToolSource(newTool()),
    })
    const { page } = app
    await send(page, 'Write')
    await lastAnswer(page).getByRole('button', { name: /once/i }).first().click()
    await lastAnswer(page).getByText('Written.').waitFor()
    await lastAnswer(page)
      .getByRole('button', { name: /write.*a\.txt/ })
      .waitFor()
  })

  test.each(['light', 'dark'] as const)('has nothing that axe finds inaccessible: %s', async (colorScheme) => {
    const text = [
      '# Title\n\nText with `code`, [a link](https://example.com) and ![an image](https://example.com/a.png).',
      '- [x] done\n- [ ] open',
      '| a | b |\n|---|---|\n| 1 | 2 |',
      '```ts\n// a comment\nexport const a: number = 42\n```',
      '> quoted',
    ].join('\n\n')
    await using app = await openScriptedApp(browser, {
      context: { colorScheme },
      scripts: [
        [
          { reasoning: 'Well.' },
          { text },
          { toolCall: { id: 'c', name: 'look', arguments: ['{}'] } },
          { finish: 'tool_calls' },
        ],
        [{ text: 'Half' }, { finish: 'length' }],
      ],
      createToolSource: () =>
        newToolSource(
          newTool({ name: 'look', isReadOnly: true, execute: async () => '--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n' }),
        ),
    })
    const { page } = app
    await send(page, 'What is it?')
    await lastAnswer(page).getByText('Cut off').waitFor()
    await lastAnswer(page).getByRole('button', { name: /look/ }).click()
    await lastAnswer(page)
      .getByRole('button', { name: /Thought/ })
      .click()
    await lastAnswer(page)
      .getByRole('button', { name: /test ·/ })
      .click()
    await lastAnswer(page).locator('pre span[style]').first().waitFor()
    expect(await findViolations(page)).toEqual([])
  })
})
