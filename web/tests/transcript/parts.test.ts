import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { ToolError } from '../../../src/agent/tools/tool.ts'
import { newLatch } from '../../../tests/support/fixtures/chats/agent-chats.ts'
import { newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { describeApp } from '../support/describe-app.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

const finish: ProviderStep = { finish: 'stop' }
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC'

describeApp('The parts of an answer', (browser) => {
  test('reasoning is read while it comes, counts its seconds, and folds with its duration when it has ended', async () => {
    const end = newLatch()
    const steps: ProviderStep[] = [{ reasoning: 'Let me **think**.' }, { wait: end.opened }, { text: 'Done.' }, finish]
    await using app = await openScriptedApp(browser, { scripts: [steps] })
    await send(app.page, 'Think')
    const answer = lastAnswer(app.page)
    await answer.locator('strong', { hasText: 'think' }).waitFor()
    await answer.getByRole('button', { name: /Thinking [1-9] s/ }).waitFor()
    end.open()
    const thought = answer.getByRole('button', { name: /Thought for [\d.]+ s/ })
    await thought.waitFor()
    expect(await thought.getAttribute('aria-expanded')).toBe('false')
    expect(await answer.locator('strong').count()).toBe(0)
    await thought.press('Enter')
    await answer.locator('strong', { hasText: 'think' }).waitFor()
  })

  test('the reasoning of the offline agent keeps its stars', async () => {
    await using app = await browser.open()
    const { page } = app
    await send(page, 'Why is that so')
    const thought = lastAnswer(page).getByRole('button', { name: /^Thought/ })
    await thought.click()
    const { answerAsEliza } = await import('../../../src/agent/offline/eliza.ts')
    const stars = answerAsEliza(['Why is that so']).trace.join('').split('*').length - 1
    expect(stars).toBeGreaterThan(1)
    await expect.poll(async () => (await lastAnswer(page).innerText()).split('*').length - 1).toBe(stars)
  })

  test('a tool card shows arguments as they stream, then what the tool returned, its state and its time', async () => {
    const rest = newLatch()
    const done = newLatch()
    const tool = newTool({
      name: 'files__search',
      isReadOnly: true,
      execute: async () => {
        await done.opened
        return { results: [{ title: 'A hit', url: 'https://example.com/hit', snippet: 'What was found' }] }
      },
    })
    async function* steps(): AsyncGenerator<ProviderStep> {
      yield {
        raw: toolChunk({
          id: 'call_1',
          type: 'function',
          function: { name: 'files__search', arguments: '{"query": "stre' },
        }),
      }
      await rest.opened
      yield { raw: toolChunk({ function: { arguments: 'ams", "limit": 5}' } }) }
      yield { finish: 'tool_calls' }
    }
    await using app = await openScriptedApp(browser, {
      scripts: [steps(), [{ text: 'Found.' }, finish]],
      createToolSource: () => newToolSource(tool),
    })
    await send(app.page, 'Search')
    const card = lastAnswer(app.page).getByRole('button', { name: /^search/ })
    await card.getByText('Writing').waitFor()
    await lastAnswer(app.page).getByText('{"query": "stre').waitFor()
    rest.open()
    await card.getByText('Running').waitFor()
    await card.getByText('streams').waitFor()
    done.open()
    await lastAnswer(app.page).getByText('Found.').waitFor()
    expect(await card.getAttribute('aria-expanded')).toBe('false')
    await card.click()
    const hit = lastAnswer(app.page).getByRole('link', { name: 'A hit' })
    expect(await hit.getAttribute('rel')).toBe('noopener noreferrer')
    await lastAnswer(app.page).getByText('limit').waitFor()
  })

  test('a tool card shows edits as diffs, files as code of their language, and links to no unsafe address', async () => {
    const edit = newTool({ name: 'files__edit', isReadOnly: true, execute: async () => '@@ -1 +1 @@\n-old\n+new\n' })
    const write = newTool({ name: 'files__put', isReadOnly: true, execute: async () => 'written' })
    const search = newTool({
      name: 'web__search',
      isReadOnly: true,
      execute: async () => ({ results: [{ title: 'Bad hit', url: 'javascript:alert(1)', snippet: 'Words' }] }),
    })
    const call = (name: string, args: object): ProviderStep => ({
      toolCall: { id: name, name, arguments: [JSON.stringify(args)] },
    })
    await using app = await openScriptedApp(browser, {
      scripts: [
        [
          call('files__edit', { path: 'a.ts', old_string: 'let a = 1', new_string: 'const a = 1' }),
          call('files__put', { path: 'b.ts', content: 'export const b: number = 2' }),
          call('web__search', { query: 'streams' }),
          { finish: 'tool_calls' },
        ],
        [{ text: 'All done.' }, finish],
      ],
      createToolSource: () => newToolSource(edit, write, search),
    })
    await send(app.page, 'Edit')
    const answer = lastAnswer(app.page)
    await answer.getByText('All done.').waitFor()
    for (const name of [/^edit/, /^put/, /^search/]) await answer.getByRole('button', { name }).click()
    await answer.locator('[data-kind=removed]', { hasText: '-let a = 1' }).waitFor()
    await answer.locator('[data-kind=added]', { hasText: '+const a = 1' }).waitFor()
    await answer.locator('[data-kind=added]', { hasText: '+new' }).waitFor()
    await answer.locator('pre span[style*=color]', { hasText: 'export' }).first().waitFor()
    await answer.getByText('Bad hit').waitFor()
    expect(await answer.getByRole('link').count()).toBe(0)
  })

  test('a tool that fails says so, and why', async () => {
    const tool = newTool({
      name: 'files__read',
      isReadOnly: true,
      execute: () => Promise.reject(new ToolError('The file does not exist.')),
    })
    const call: ProviderStep = { toolCall: { id: 'call_1', name: 'files__read', arguments: ['{"path":"a.txt"}'] } }
    await using app = await openScriptedApp(browser, {
      scripts: [
        [call, { finish: 'tool_calls' }],
        [{ text: 'Sorry.' }, finish],
      ],
      createToolSource: () => newToolSource(tool),
    })
    await send(app.page, 'Read')
    const card = lastAnswer(app.page).getByRole('button', { name: /read.*a\.txt.*Failed/ })
    await card.click()
    await lastAnswer(app.page).getByText('The file does not exist.').waitFor()
  })

  test('images of a chat are fetched, open at full size, and close with Escape', async () => {
    await using app = await openScriptedApp(browser, { scripts: ['Nice.'] })
    const { page, segue } = app
    const { createSegueClient } = await import('../../../client/src/index.ts')
    const client = createSegueClient({ url: segue.url })
    const file = await client.upload(new File([Buffer.from(png, 'base64')], 'dot.png', { type: 'image/png' }))
    const started = await client.request<{ startChat: { session: { id: string } } }>(
      'mutation ($input: StreamChatInput!) { startChat(input: $input) { session { id } } }',
      { input: { text: 'Look', files: [file] } },
    )
    client.close()
    await page.goto(`${segue.url}/chat/${started.startChat.session.id}`)
    await page.getByRole('img', { name: 'dot.png' }).waitFor()
    await page.getByRole('button', { name: 'Enlarge dot.png' }).click()
    await page.getByRole('dialog', { name: 'dot.png' }).waitFor()
    // A small picture is not smaller than its thumbnail.
    const measure = (scope: Locator): Promise<number> =>
      scope.evaluate((element) => {
        const { width, height } = element.getBoundingClientRect()
        return Math.min(width, height)
      })
    const [thumbnail, large] = await Promise.all([
      measure(page.locator('article img')),
      measure(page.locator('[role=dialog] img')),
    ])
    expect(large).toBeGreaterThanOrEqual(thumbnail)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })
})

describeApp('The end of an answer', (browser) => {
  test('that was stopped says how many words were saved', async () => {
    const steps: ProviderStep[] = [{ text: 'One two three four' }, { wait: new Promise(() => undefined) }]
    await using app = await openScriptedApp(browser, { scripts: [steps, 'Whole.'] })
    const { page } = app
    await send(page, 'Count')
    await lastAnswer(page).getByText('One two three four').waitFor()
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await lastAnswer(page).getByText('Stopped. 4 words were saved.').waitFor()
    await lastAnswer(page).getByRole('button', { name: 'Try again' }).click()
    await lastAnswer(page).getByText('Whole.').waitFor()
  })

  test.each([
    ['length', /Cut off: the model reached the limit of its output/],
    ['content_filter', /Cut off: the provider stopped this answer/],
  ])('with the reason %s is said plainly', async (reason, text) => {
    await using app = await openScriptedApp(browser, { scripts: [[{ text: 'Half of' }, { finish: reason }]] })
    await send(app.page, 'Write')
    await lastAnswer(app.page).getByText(text).waitFor()
    await lastAnswer(app.page).getByRole('button', { name: 'Try again' }).waitFor()
  })

  test('that failed says why, and what was saved', async () => {
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: 'Two words' }, { raw: 'data: {"error": {"message": "Overloaded", "type": "server_error"}}' }]],
    })
    await send(app.page, 'Write')
    await lastAnswer(app.page).getByText('2 words were saved.').waitFor()
  })

  test('has its usage, cost and times, and a mark that all of it has arrived', async () => {
    const end = newLatch()
    const usage: ProviderStep = { usage: { input: 1200, output: 80, cached: 1000, extra: { cost: 0.0042 } } }
    const steps: ProviderStep[] = [{ text: 'All ' }, { wait: end.opened }, { text: 'of it.' }, finish, usage]
    await using app = await openScriptedApp(browser, { scripts: [steps] })
    await send(app.page, 'Write')
    await lastAnswer(app.page).getByText('All').waitFor()
    end.open()
    const figures = lastAnswer(app.page).getByRole('button', { name: /test · .* · 1\.3K tokens · \$0\.0042/ })
    await figures.getByRole('img', { name: 'Complete: the same as the server has saved' }).waitFor()
    await figures.click()
    await lastAnswer(app.page).getByText('1,200 tokens, 1,000 from the cache').waitFor()
    await lastAnswer(app.page).getByText('First words after').waitFor()
  })
})

function toolChunk(toolCall: object): string {
  const chunk = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'test',
    choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...toolCall }] }, finish_reason: null }],
  }
  return `data: ${JSON.stringify(chunk)}`
}
