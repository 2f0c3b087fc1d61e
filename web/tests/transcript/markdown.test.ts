import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { newLatch } from '../../../tests/support/fixtures/chats/agent-chats.ts'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { describeApp } from '../support/describe-app.ts'
import { lastAnswer, openScriptedApp, send } from '../support/scripted-app.ts'

const finish: ProviderStep = { finish: 'stop' }

/** Marks the elements of an answer, to find out which of them are still there later. */
function markElements(page: Page): Promise<void> {
  return page.evaluate(() => {
    for (const element of document.querySelectorAll('article[data-role=ASSISTANT] *')) {
      element.toggleAttribute('data-marked', true)
    }
  })
}

describeApp('The Markdown of an answer', (browser) => {
  test('is formatted while it streams, and what is there stays the same elements to its end', async () => {
    const more = newLatch()
    const end = newLatch()
    const steps: ProviderStep[] = [
      { text: '# Title\n\nSome **bold te' },
      { wait: more.opened },
      { text: 'xt** and *more*.\n\n```js\nlet a = 1\n```\n\nThe `end' },
      { wait: end.opened },
      { text: '` of it.' },
      finish,
    ]
    await using app = await openScriptedApp(browser, { scripts: [steps] })
    await send(app.page, 'Write')
    const answer = lastAnswer(app.page)
    await answer.getByRole('heading', { name: 'Title' }).waitFor()
    expect(await answer.locator('strong').textContent()).toBe('bold te')
    await markElements(app.page)
    more.open()
    await answer.locator('strong', { hasText: 'bold text' }).waitFor()
    await answer.locator('code', { hasText: /^end$/ }).waitFor()
    expect(await answer.locator('strong').getAttribute('data-marked')).not.toBeNull()
    await answer.locator('pre span[style*=color]').first().waitFor()
    await markElements(app.page)
    const marked = await answer.locator('[data-marked]').count()
    end.open()
    await answer.getByText('The end of it.').waitFor()
    await app.page.getByRole('button', { name: 'Send' }).waitFor()
    expect(await answer.locator('[data-marked]').count()).toBe(marked)
  })

  test('has code that is coloured when its fence is closed, and can be copied', async () => {
    const end = newLatch()
    const steps: ProviderStep[] = [
      { text: '```ts\nconst answer: number = 42\n' },
      { wait: end.opened },
      { text: '```' },
      finish,
    ]
    await using app = await openScriptedApp(browser, {
      scripts: [steps],
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
    const { page } = app
    await send(page, 'Write')
    const code = lastAnswer(page).locator('pre')
    await code.getByText('const answer').waitFor()
    expect(await code.locator('span[style]').count()).toBe(0)
    const height = (await code.boundingBox())?.height
    end.open()
    await code.locator('span[style]', { hasText: '42' }).waitFor()
    expect((await code.boundingBox())?.height).toBe(height)
    await page.getByRole('button', { name: 'Copy code' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('const answer: number = 42')
  })

  test('links what is defined later as soon as the answer has ended', async () => {
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: 'See [the docs][1].\n\nMore.\n\nAnd more.\n\n[1]: https://example.com/docs' }, finish]],
    })
    await send(app.page, 'Write')
    const link = lastAnswer(app.page).getByRole('link', { name: 'the docs' })
    await link.waitFor()
    expect(await link.getAttribute('href')).toBe('https://example.com/docs')
  })

  test('has tables that scroll sideways alone, also on a phone', async () => {
    const cells = Array.from({ length: 12 }, (_, index) => `column${index}`).join(' | ')
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: `| ${cells} |\n|${'---|'.repeat(12)}\n| ${cells} |\n` }, finish]],
      context: { viewport: { width: 360, height: 700 } },
    })
    await send(app.page, 'Write')
    const table = app.page.getByRole('region', { name: 'Table' })
    await table.waitFor()
    expect(await table.evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)).toBe(true)
    expect(await app.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    expect(
      await app.page
        .getByRole('region', { name: 'Conversation' })
        .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
    ).toBe(0)
  })
})

const hostile = `<script>window.hacked = 1</script>

<img src=x onerror="window.hacked = 2"> text <b onclick="window.hacked = 3">bold</b>

<iframe srcdoc="<script>parent.hacked = 4</script>"></iframe>

<style>body { display: none }</style>

[script](javascript:window.hacked=5) [data](data:text/html,<script>opener.hacked=6</script>) [tab](java&#9;script:alert(1))
[relative](/graphql) [vb](vbscript:msgbox) [file](file:///etc/passwd) <javascript:alert(7)> [blob](blob:https://a/b)

[safe](https://example.com/a) [mail](mailto:a@example.com) https://example.org

![pixel](https://tracker.example/pixel.png?secret) ![svg](data:image/svg+xml,%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22%20onload=%22parent.hacked=8%22/%3E) ![](javascript:hacked=9) ![local](/files/x)

\`\`\`html
<script>window.hacked = 10</script>
\`\`\`
`

describeApp('Hostile Markdown', (browser) => {
  test('runs nothing, loads nothing from elsewhere, and links only to http, https and mailto', async () => {
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: hostile }, finish]],
      // The server has no file /files/x.
      expectedErrors: /status of 404/,
    })
    const { page } = app
    const missing: string[] = []
    page.on('response', (response) => response.status() === 404 && missing.push(new URL(response.url()).pathname))
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    await send(page, 'Attack')
    const answer = lastAnswer(page)
    await answer.getByRole('link', { name: 'safe' }).waitFor()
    await page.getByRole('button', { name: 'Send' }).waitFor()
    const links = await answer.getByRole('link').evaluateAll((all) =>
      all.map((link) => ({
        href: link.getAttribute('href'),
        rel: link.getAttribute('rel'),
        target: link.getAttribute('target'),
      })),
    )
    const safe = { rel: 'noopener noreferrer', target: '_blank' }
    expect(links).toEqual([
      { href: 'https://example.com/a', ...safe },
      { href: 'mailto:a@example.com', ...safe },
      { href: 'https://example.org', ...safe },
      { href: 'https://tracker.example/pixel.png?secret', ...safe },
    ])
    expect(await answer.locator('script, iframe, style, b, [onclick], [onerror]').count()).toBe(0)
    expect(await answer.getByText('<img src=x onerror=').count()).toBe(1)
    expect(await answer.getByText('Image of tracker.example, not loaded').count()).toBe(1)
    expect(await page.evaluate(() => Reflect.get(window, 'hacked'))).toBeUndefined()
    expect(missing.filter((path) => path !== '/files/x')).toEqual([])
    expect(requests.filter((url) => !url.startsWith(app.segue.url) && !url.startsWith('data:'))).toEqual([])
  })
})
