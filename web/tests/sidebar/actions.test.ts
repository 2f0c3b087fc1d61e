import { expect, test } from 'vitest'
import type { SegueClient } from '../../../client/src/index.ts'
import { act, newClient, openMenu, readList, row, sidebar, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { daysAgo, newHermesHome } from '../support/hermes-home.ts'

const undoMs = 8000

const exists = async (client: SegueClient, id: string): Promise<boolean> => (await client.session(id)) !== null

describeApp('A chat of the list', (browser) => {
  test('is renamed in place: Enter saves, Escape does not, and the focus is in the list again', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'Old name')
    await act(page, 'Old name', 'Rename')
    const field = page.getByRole('textbox', { name: 'Title of the chat' })
    await field.fill('Not this')
    await field.press('Escape')
    await row(page, 'Old name').getByRole('link').press('F2')
    await field.fill('New name')
    await field.press('Enter')
    await row(page, 'New name').waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('title'))).toBe('New name')
  })

  test('is renamed also if it is of Hermes, whose files stay as they are', async () => {
    const { folder, hermes, addChat } = newHermesHome()
    addChat('h1', daysAgo(1), { title: 'Of Hermes' })
    await using app = await browser.open({ segue: { settings: { hermesHome: folder } } })
    await act(app.page, 'Of Hermes', 'Rename')
    await app.page.getByRole('textbox', { name: 'Title of the chat' }).fill('Mine')
    await app.page.keyboard.press('Enter')
    await row(app.page, 'Mine').waitFor()
    expect(hermes.db.prepare('SELECT title FROM sessions').pluck().all()).toEqual(['Of Hermes'])
  })

  test('is pinned, and stands above the others', async () => {
    await using app = await browser.open()
    using client = newClient(app.segue)
    for (const title of ['Old', 'New']) await startChat(client, title)
    await act(app.page, 'Old', 'Pin')
    await expect.poll(() => readList(app.page)).toEqual(['# Pinned', 'Old', '# Today', 'New'])
    await act(app.page, 'Old', 'Unpin')
    await expect.poll(() => readList(app.page)).toEqual(['# Today', 'New', 'Old'])
  })

  test('is archived, which can be undone', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    for (const title of ['Old', 'New']) await startChat(client, title)
    await act(page, 'Old', 'Archive')
    await expect.poll(() => readList(page)).toEqual(['# Today', 'New'])
    await page.getByRole('status').getByText('“Old” is archived.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => readList(page)).toEqual(['# Today', 'New', 'Old'])
  })

  test('is deleted after 8 seconds, in which it can be undone', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    const id = await startChat(client, 'Doomed')
    await row(page, 'Doomed').getByRole('link').click()
    await page.getByText('Hello').first().waitFor()
    await page.clock.install()
    await act(page, 'Doomed', 'Delete')
    await row(page, 'Doomed').waitFor({ state: 'detached' })
    expect(new URL(page.url()).pathname).toBe('/')
    await page.clock.runFor(undoMs - 1000)
    await page.getByRole('button', { name: 'Undo' }).click()
    await row(page, 'Doomed').waitFor()
    expect(new URL(page.url()).pathname).toContain(id)
    await page.clock.runFor(undoMs)
    expect(await exists(client, id)).toBe(true)

    await act(page, 'Doomed', 'Delete')
    await page.clock.runFor(undoMs)
    await expect.poll(() => exists(client, id)).toBe(false)
    await row(page, 'Doomed').waitFor({ state: 'detached' })
  })

  test('is deleted at once when the page is left', async () => {
    await using app = await browser.open()
    using client = newClient(app.segue)
    const id = await startChat(client, 'Doomed')
    await act(app.page, 'Doomed', 'Delete')
    await row(app.page, 'Doomed').waitFor({ state: 'detached' })
    expect(await exists(client, id)).toBe(true)
    await app.page.goto('about:blank')
    await expect.poll(() => exists(client, id)).toBe(false)
  })

  test('comes back where the server refuses to delete it, and the page says why', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    const id = await startChat(client, 'Used elsewhere')
    await row(page, 'Used elsewhere').waitFor()
    await page.clock.install()
    await act(page, 'Used elsewhere', 'Delete')
    await row(page, 'Used elsewhere').waitFor({ state: 'detached' })
    for await (const { type } of client.chat({ sessionId: id, text: '/ask Where to?' })) {
      if (type === 'ClarificationChanged') break
    }
    await page.clock.runFor(undoMs)
    await page.getByRole('status').getByText('“Used elsewhere” was not deleted.').waitFor()
    await row(page, 'Used elsewhere').waitFor()
  })

  test('offers to stop its answer, in place of its deletion, while it is busy', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'Busy', '/ask Where to?')
    await openMenu(page, 'Busy')
    expect(await page.getByRole('menuitem', { name: /^Delete/ }).count()).toBe(0)
    const stop = page.getByRole('menuitem', { name: 'Stop the answer' })
    expect(await stop.getAttribute('title')).toContain('once its answer has ended')
    await stop.click()
    await row(page, 'Busy').getByText('Question').waitFor({ state: 'detached' })
    await openMenu(page, 'Busy')
    await page.getByRole('menuitem', { name: /^Delete/ }).waitFor()
  })

  test('of Hermes cannot be deleted, with the reason as a tooltip, also when it goes on in Segue', async () => {
    const { folder, addChat } = newHermesHome()
    addChat('h1', daysAgo(1), { title: 'Of Hermes' })
    addChat('h2', daysAgo(2), { title: 'Goes on', ended_at: daysAgo(2).getTime() / 1000, end_reason: 'cli_close' })
    await using app = await browser.open({ segue: { settings: { hermesHome: folder } } })
    const { page } = app
    using client = newClient(app.segue)
    const going = await client.createSession({ continues: 'h2' })
    for await (const _ of client.chat({ sessionId: going.id, text: 'Hello' }));
    for (const title of ['Of Hermes', 'Goes on']) {
      await openMenu(page, title)
      expect(await page.getByRole('menuitem', { name: /^Delete/ }).count()).toBe(0)
      const reason = page.getByRole('menuitem', { name: 'Cannot be deleted' })
      expect(await reason.getAttribute('title')).toContain('belong to Hermes')
      await page.keyboard.press('Escape')
      await reason.waitFor({ state: 'detached' })
    }
  })

  test('of Hermes gives the command that resumes it in a terminal', async () => {
    const { folder, addChat } = newHermesHome()
    addChat('20261101_101500_ab12cd', daysAgo(1), { title: 'Of Hermes' })
    await using app = await browser.open({
      segue: { settings: { hermesHome: folder } },
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    })
    await act(app.page, 'Of Hermes', 'Copy the command to resume in a terminal')
    const command = 'hermes --resume 20261101_101500_ab12cd'
    await app.page.getByRole('status').getByText(command).waitFor()
    expect(await app.page.evaluate(() => navigator.clipboard.readText())).toBe(command)
  })

  test('has its menu at the right mouse button and at the keyboard', async () => {
    await using app = await browser.open()
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'Chat')
    await row(page, 'Chat').click({ button: 'right' })
    await page.getByRole('menu', { name: 'Actions for “Chat”' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
    const link = row(page, 'Chat').getByRole('link')
    await expect.poll(() => link.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await sidebar(page).getByRole('heading', { name: 'Pinned' }).waitFor()
  })
})
