import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { newHermesHome } from '../support/hermes-home.ts'
import { findChat, openWithProvider } from '../support/open-chat.ts'

describeApp('The header of a chat', (browser) => {
  test('has its title, which is renamed in place by keys, and its actions', async () => {
    await using app = await browser.open()
    const { page } = app
    const { send, answers, composer } = findChat(page)
    await send('Hello there')
    await answers.first().waitFor()
    const header = page.getByRole('main').locator('header')
    await header.getByRole('heading', { level: 1, name: 'Hello there' }).waitFor()
    await header.getByRole('button', { name: 'Rename' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Title of the chat' }).fill('Greetings')
    await page.keyboard.press('Enter')
    await header.getByRole('heading', { level: 1, name: 'Greetings' }).waitFor()
    await expect.poll(() => composer.evaluate((element) => element === document.activeElement)).toBe(true)
    const sidebar = page.getByRole('navigation', { name: 'Chats' })
    await sidebar.getByRole('link', { name: 'Greetings' }).waitFor()

    await header.getByRole('button', { name: 'Actions of the chat' }).click()
    await page.getByRole('menuitem', { name: 'Pin', exact: true }).click()
    await expect.poll(() => composer.evaluate((element) => element === document.activeElement)).toBe(true)
    await header.getByRole('button', { name: 'Actions of the chat' }).click()
    await page.getByRole('menuitem', { name: 'Unpin' }).waitFor()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await expect
      .poll(() =>
        page
          .getByRole('textbox', { name: 'Title of the chat' })
          .evaluate((element) => element === document.activeElement),
      )
      .toBe(true)
    await page.keyboard.press('Escape')

    await header.getByRole('button', { name: 'Actions of the chat' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('heading', { name: 'What can I do for you?' }).waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await header.getByRole('heading', { level: 1, name: 'Greetings' }).waitFor()
  })

  test('is in the bar of the page on a phone', async () => {
    await using app = await browser.open({ context: { viewport: { width: 390, height: 844 } } })
    const { page } = app
    const { send, answers } = findChat(page)
    await send('Hello there')
    await answers.first().waitFor()
    const title = page.getByRole('heading', { level: 1, name: 'Hello there' })
    const button = page.getByRole('button', { name: 'Show the chats' })
    const menu = await page.getByRole('button', { name: 'Actions of the chat' }).boundingBox()
    expect((menu?.x ?? 999) + (menu?.width ?? 0)).toBeLessThanOrEqual(390)
    const [a, b] = [await title.boundingBox(), await button.boundingBox()]
    expect(Math.abs((a?.y ?? 0) + (a?.height ?? 0) / 2 - (b?.y ?? 0) - (b?.height ?? 0) / 2)).toBeLessThan(3)
  })

  test('of a new chat is not there, but its profile can be chosen', async () => {
    await using app = await openWithProvider(browser)
    const { page, segue } = app
    await fetch(`${segue.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'mutation { createProfile(name: "work") { name } }' }),
    })
    await page.reload()
    await page.getByRole('main').getByRole('button', { name: 'Profile: default' }).click()
    await page.getByRole('menuitemradio', { name: 'work' }).click()
    await page.getByRole('main').getByRole('button', { name: 'Profile: work' }).waitFor()
    const { send, answers } = findChat(page)
    await send('Hello')
    await answers.first().waitFor()
    await page.getByRole('main').locator('header').getByText('Profile work').waitFor()
  })

  test('of a chat of Hermes has its source, and the command that resumes it in a terminal', async () => {
    const { folder, addChat } = newHermesHome()
    const id = addChat('theirs', new Date(), { title: 'In the terminal', ended_at: 5, end_reason: 'cli_close' })
    await using app = await browser.open({
      segue: { settings: { hermesHome: folder } },
      path: `/chat/${id}`,
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
    const { page } = app
    const header = page.getByRole('main').locator('header')
    await header.getByRole('heading', { level: 1, name: 'In the terminal' }).waitFor()
    await header.getByText('Terminal', { exact: true }).waitFor()
    await header.getByText('hermes --resume theirs').waitFor()
    await header.getByRole('button', { name: 'Copy the command to resume in a terminal' }).click()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('hermes --resume theirs')
    const { send, questions } = findChat(page)
    await send('And here?')
    await questions.getByText('And here?').waitFor()
    await page.waitForURL(/ses_/)
  })
})
