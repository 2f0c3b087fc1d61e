import { expect, test } from 'vitest'
import { describeApp } from './support/describe-app.ts'

describeApp('A chat', (browser) => {
  test('begins at the page of the server, gets an address of its own, and is in the list', async () => {
    await using app = await browser.open()
    const { page } = app
    await page.getByRole('textbox', { name: 'Message' }).fill('Hello there')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/chat\/ses_/)
    await page
      .getByRole('article')
      .filter({ hasText: 'Agent' })
      .getByText(/\w{4,}/)
      .first()
      .waitFor()
    const row = page.getByRole('navigation', { name: 'Chats' }).getByRole('link').filter({ hasText: 'Hello there' })
    await row.waitFor()
    expect(await row.getAttribute('aria-current')).toBe('page')
  })

  test.each(['nope', 'a/b?c#d %25 ü😀'])('that does not exist is said not to: %s', async (id) => {
    await using app = await browser.open({ path: `/chat/${encodeURIComponent(id)}` })
    const { page } = app
    await page.getByRole('heading', { name: 'This chat does not exist.' }).waitFor()
    await page.getByRole('link', { name: 'Begin a new chat' }).click()
    await page.getByRole('textbox', { name: 'Message' }).fill('Hello there')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/chat\/ses_/)
    await page.getByRole('article').filter({ hasText: 'Hello there' }).waitFor()
  })
})
