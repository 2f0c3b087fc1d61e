import { expect, test } from 'vitest'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { describeApp } from '../support/describe-app.ts'
import { openScriptedApp, send } from '../support/scripted-app.ts'
import { waitLimitMs } from '../../../tests/support/vitest-limits.ts'

const finish: ProviderStep = { finish: 'stop' }

describeApp('A diagram', (browser) => {
  test('is drawn on demand, as an image in which nothing runs', async () => {
    const text = '```mermaid\nflowchart LR\n  A[Start] --> B["<img src=x onerror=alert(1)>End"]\n```'
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text }, finish]],
      // What is drawn is drawn where the policy stops all that is hostile in it.
      expectedErrors: /Executing inline event handler/,
    })
    const { page } = app
    page.on('dialog', () => {
      throw new Error('The diagram ran a script.')
    })
    await send(page, 'Draw')
    await page.getByRole('button', { name: 'Show the diagram' }).click()
    const image = page.getByRole('img', { name: 'Diagram' })
    await image.waitFor({ timeout: waitLimitMs })
    expect(await image.getAttribute('src')).toMatch(/^data:image\/svg\+xml/)
    const width = await image.evaluate((element) => (element instanceof HTMLImageElement ? element.naturalWidth : 0))
    expect(width).toBeGreaterThan(50)
    await page.getByRole('button', { name: 'Show the text' }).click()
    await page.getByRole('code').getByText('A[Start]').waitFor()
  })

  test('that cannot be drawn says why, and stays as text', async () => {
    await using app = await openScriptedApp(browser, {
      scripts: [[{ text: '```mermaid\nno diagram at all\n```' }, finish]],
    })
    const { page } = app
    await send(page, 'Draw')
    await page.getByRole('button', { name: 'Show the diagram' }).click()
    await page.getByText(/The diagram cannot be drawn/).waitFor({ timeout: waitLimitMs })
    await page.getByRole('button', { name: 'Show the text' }).click()
    await page.getByRole('code').getByText('no diagram at all').waitFor()
  })
})
