import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'

describeApp('The keyboard', (browser) => {
  test('opens a sheet of all shortcuts with ?, which Escape closes', async () => {
    await using app = await browser.open()
    const { page } = app
    const { composer } = findChat(page)
    await composer.press('?')
    expect(await composer.inputValue()).toBe('?')
    await composer.fill('')
    await composer.blur()
    await page.keyboard.press('?')
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await sheet.getByText('Allow once').waitFor()
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    expect(await composer.evaluate((field) => field === document.activeElement)).toBe(true)
  })

  test('finds commands in the palette, which gives the focus back', async () => {
    await using app = await browser.open()
    const { page } = app
    const { composer } = findChat(page)
    await composer.fill('Half a sentence')
    await page.keyboard.press('Control+k')
    const field = page.getByRole('combobox', { name: 'Search chats and commands' })
    await field.fill('dark')
    await page.getByRole('option', { name: 'Theme: dark' }).waitFor()
    await page.keyboard.press('Enter')
    await field.waitFor({ state: 'detached' })
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    await page.waitForFunction(() => document.activeElement?.id === 'composer-text')
    expect(await composer.inputValue()).toBe('Half a sentence')
    await page.keyboard.press('Control+k')
    await field.fill('inbox')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/inbox$/)
  })

  test('finds chats by what is in them, and goes to them', async () => {
    await using app = await browser.open()
    const { page } = app
    const { send } = findChat(page)
    await send('A walrus in the bath')
    await page.waitForURL(/\/chat\/ses_/)
    const { pathname } = new URL(page.url())
    await page.keyboard.press('Control+Shift+O')
    await page.waitForURL((url) => url.pathname === '/')
    await page.keyboard.press('Control+k')
    await page.getByRole('option', { name: 'A walrus in the bath' }).waitFor()
    await page.getByRole('combobox', { name: 'Search chats and commands' }).fill('walr')
    const option = page.getByRole('option').filter({ hasText: 'walrus' }).first()
    await option.waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.pathname === pathname)
  })

  test('stops an answer, also by a command of the open chat', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const { send, answers } = findChat(page)
    const stopButton = page.getByRole('button', { name: /^Stop/ })
    for (const stop of [
      () => page.keyboard.press('Control+.'),
      async () => {
        await page.keyboard.press('Control+k')
        await page.getByRole('combobox', { name: 'Search chats and commands' }).fill('stop')
        await page.getByRole('option', { name: 'Stop the answer' }).waitFor()
        await page.keyboard.press('Enter')
      },
    ]) {
      holdAnswer(provider, 'On and on')
      await send('Go on')
      await answers.last().getByText('On and on').waitFor()
      await stopButton.waitFor()
      await stop()
      await stopButton.waitFor({ state: 'detached' })
    }
  })

  test('has the focus where one goes on after the view has changed, and screen readers are told its name', async () => {
    await using app = await browser.open()
    const { page } = app
    await page.getByRole('link', { name: /^Inbox/ }).press('Enter')
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1')
    await page.getByRole('status').getByText('Inbox – Segue').waitFor()
    await page.getByRole('link', { name: 'New chat' }).press('Enter')
    await page.waitForFunction(() => document.activeElement?.id === 'composer-text')
    await page.getByRole('link', { name: 'Skip the list of chats' }).press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
  })
})

describeApp('The list of chats on a phone', (browser) => {
  test('opens over the view, takes the focus, and gives it back', async () => {
    await using app = await browser.open({ context: { viewport: { width: 390, height: 780 } } })
    const { page } = app
    const open = page.getByRole('button', { name: 'Show the chats' })
    await open.press('Enter')
    const close = page.getByRole('button', { name: 'Hide the chats' })
    expect(await close.evaluate((button) => button === document.activeElement)).toBe(true)
    await page.keyboard.press('Escape')
    await close.waitFor({ state: 'detached' })
    expect(await open.evaluate((button) => button === document.activeElement)).toBe(true)
  })
})
