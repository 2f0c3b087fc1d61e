import { rmSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { newTool, newToolSource } from '../../../tests/support/fixtures/tools.ts'
import type { ProviderStep } from '../../../tests/support/providers/strict-provider.ts'
import { newClient, sidebar, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { longChatId, newHomeWithLongChat } from '../support/many-chats.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'
import { openScriptedApp } from '../support/scripted-app.ts'

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
    await sheet.getByText('Allow once', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await expect.poll(() => composer.evaluate((field) => field === document.activeElement)).toBe(true)
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
    await expect.poll(() => close.evaluate((button) => button === document.activeElement)).toBe(true)
    await page.keyboard.press('Escape')
    await close.waitFor({ state: 'detached' })
    await expect.poll(() => open.evaluate((button) => button === document.activeElement)).toBe(true)
  })

  test('closes when a chat is chosen, which has the focus then', async () => {
    await using app = await browser.open({
      context: { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true },
    })
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'The mill', 'Hello mill')
    await page.getByRole('button', { name: 'Show the chats' }).tap()
    await sidebar(page).getByRole('link').filter({ hasText: 'The mill' }).tap()
    await page.getByRole('article').getByText('Hello mill').first().waitFor()
    await expect.poll(() => page.getByRole('main').evaluate((main) => main === document.activeElement)).toBe(true)
  })
})

describeApp('The keyboard, in the message field,', (browser) => {
  test('stops an answer, and allows and denies what waits', async () => {
    const tool = newTool()
    const call = (id: string): ProviderStep => ({ toolCall: { id, name: 'files__write', arguments: ['{"path":"a"}'] } })
    await using app = await openScriptedApp(browser, {
      scripts: [
        [call('call_1'), { finish: 'tool_calls' }],
        [call('call_2'), { finish: 'tool_calls' }],
        [{ text: 'On and on' }, { wait: new Promise(() => undefined) }],
      ],
      createToolSource: () => newToolSource(tool),
    })
    const { page } = app
    const { composer, send, answers } = findChat(page)
    await send('Write')
    await composer.fill('Half a sentence')
    const allow = page.getByRole('button', { name: 'Allow once' })
    await allow.waitFor()
    // A card takes no key before it was there for a moment.
    await expect
      .poll(async () => {
        if (tool.runs.length === 0) await composer.press('Control+Shift+A')
        return tool.runs.length
      })
      .toBe(1)
    await page.getByText('Not allowed').or(allow).waitFor()
    await expect
      .poll(async () => {
        if ((await allow.count()) > 0) await composer.press('Control+Shift+D')
        return answers.getByText('On and on').count()
      })
      .toBe(1)
    expect(tool.runs.length).toBe(1)
    await answers.getByText('Not allowed').waitFor()
    await page.getByRole('button', { name: /^Stop/ }).waitFor()
    await composer.press('Control+.')
    await answers.getByText('Stopped.').first().waitFor()
    expect(await composer.inputValue()).toBe('Half a sentence')
    await expect.poll(() => composer.evaluate((field) => field === document.activeElement)).toBe(true)
    await composer.blur()
    await page.keyboard.press('?')
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    for (const text of ['Stop the answer', 'Allow once, also while you write', 'Deny, also while you write'])
      await sheet.getByText(text, { exact: true }).waitFor()
  })

  test('goes to a question that waits', async () => {
    await using app = await browser.open()
    const { page } = app
    const { composer, send } = findChat(page)
    await send('/ask Which one? | red | blue')
    const answer = page.getByRole('textbox', { name: 'Answer' })
    await answer.waitFor()
    await composer.focus()
    const isFocused = () =>
      page.evaluate(() => document.activeElement?.contains(document.querySelector('form textarea')) ?? false)
    await expect
      .poll(async () => {
        await composer.press('Control+Shift+A')
        return page.evaluate(() => document.activeElement?.id)
      })
      .not.toBe('composer-text')
    expect(await isFocused()).toBe(true)
  })
})

describeApp('The palette', (browser) => {
  const runCommand = async (page: Page, name: string): Promise<void> => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search chats and commands' }).fill(name)
    await page.getByRole('option', { name, exact: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('combobox', { name: 'Search chats and commands' }).waitFor({ state: 'detached' })
  }

  test('renames, pins, archives, saves and deletes the open chat', async () => {
    await using app = await browser.open({ context: { permissions: ['clipboard-read', 'clipboard-write'] } })
    const { page } = app
    const { send, answers } = findChat(page)
    await send('A walrus in the bath')
    await page.waitForURL(/\/chat\/ses_/)
    await answers.first().waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).waitFor()

    await runCommand(page, 'Rename this chat')
    const title = page.getByRole('textbox', { name: 'Title of the chat' })
    await title.waitFor()
    await expect.poll(() => title.evaluate((field) => field === document.activeElement)).toBe(true)
    await title.fill('A seal')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'A seal', level: 1 }).waitFor()

    await runCommand(page, 'Pin this chat')
    await sidebar(page).getByRole('heading', { name: 'Pinned' }).waitFor()
    await runCommand(page, 'Unpin this chat')
    await sidebar(page).getByRole('heading', { name: 'Pinned' }).waitFor({ state: 'detached' })
    await runCommand(page, 'Archive this chat')
    await page.getByText('“A seal” is archived.').waitFor()
    await runCommand(page, 'Take this chat out of the archive')
    await page.getByText('“A seal” is back in the list.').waitFor()

    await runCommand(page, 'Copy as Markdown')
    await page.getByText('Copied', { exact: true }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('A walrus in the bath')
    for (const [name, ending] of [
      ['Save as Markdown', '.md'],
      ['Save as JSON', '.json'],
    ] as const) {
      const [download] = await Promise.all([page.waitForEvent('download'), runCommand(page, name)])
      expect(download.suggestedFilename()).toBe(`A-seal${ending}`)
    }
    await runCommand(page, 'Delete this chat')
    await page.getByText('“A seal” is deleted.').waitFor()
    await page.waitForURL((url) => url.pathname === '/')
  })
})

describeApp('The search in a chat', (browser) => {
  test('finds messages that are not loaded, goes to them, and leaves the second Ctrl+F to the browser', async () => {
    const home = newHomeWithLongChat(300)
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    await using app = await browser.open({ path: `/chat/${longChatId}`, segue: { settings: { home } } })
    const { page } = app
    await page.getByText('Message 300.').waitFor()
    using client = newClient(app.segue)
    await startChat(client, 'Another chat', 'It has word7, too')
    expect(await page.getByText('Message 7.').count()).toBe(0)
    await findChat(page).composer.press('Control+f')
    const field = page.getByRole('combobox', { name: 'Find in this chat' })
    await field.fill('word7')
    const found = page.getByRole('option')
    await found.filter({ hasText: 'Message 7.' }).waitFor()
    // Those with word7 and word70 to word79, and none of the other chat.
    expect(await found.count()).toBe(11)
    expect(await found.first().locator('mark').innerText()).toBe('word7')
    const isLeftToBrowser = await page.evaluate(() =>
      document.activeElement?.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'f', ctrlKey: true, bubbles: true, cancelable: true }),
      ),
    )
    expect(isLeftToBrowser).toBe(true)
    await page.keyboard.press('Enter')
    const message = page.getByRole('article').filter({ hasText: 'Message 7.' })
    await message.waitFor()
    await expect.poll(() => message.evaluate((element) => element === document.activeElement)).toBe(true)
  })
})
