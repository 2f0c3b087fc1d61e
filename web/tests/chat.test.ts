import { expect, test } from 'vitest'
import { newLatch } from '../../tests/support/fixtures/chats/agent-chats.ts'
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

  test('has its place as soon as its first message is sent: what is on the page moves once', async () => {
    await using app = await browser.open()
    const { page } = app
    await page.getByRole('button', { name: 'Approve a tool' }).waitFor()
    const arrives = newLatch()
    await page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('Hello there')) await arrives.opened
      await route.continue()
    })
    const composer = page.getByRole('textbox', { name: 'Message' })
    const findTop = async (): Promise<number> => Math.round((await composer.boundingBox())?.y ?? 0)
    const before = await findTop()
    await composer.fill('Hello there')
    await page.keyboard.press('Enter')
    await page.getByText('Being sent').waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Approve a tool' }).waitFor({ state: 'detached' })
    const sending = await findTop()
    expect(sending).toBeGreaterThan(before)
    arrives.open()
    await page.getByRole('article').filter({ hasText: 'Hello there' }).waitFor()
    expect(Math.abs((await findTop()) - sending)).toBeLessThan(2)
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
