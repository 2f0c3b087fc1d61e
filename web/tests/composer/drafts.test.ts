import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** The browser has no room for what a test says: as if the page had used all that it may. */
function fillStorage(page: Page, takesTexts: boolean): Promise<void> {
  return page.evaluate((hasRoom) => {
    const { put } = IDBObjectStore.prototype
    const hasFile = (value: unknown): boolean => Object(value).files?.some(({ blob }: { blob: unknown }) => blob)
    IDBObjectStore.prototype.put = function putWithQuota(this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      if (!hasRoom || hasFile(value)) throw new DOMException('There is no room.', 'QuotaExceededError')
      return put.call(this, value, key)
    }
    Storage.prototype.setItem = () => {
      throw new DOMException('There is no room.', 'QuotaExceededError')
    }
  }, takesTexts)
}

const dot = { name: 'dot.png', mimeType: 'image/png', buffer: png }

describeApp('A draft, where the storage of the browser is full,', (browser) => {
  test('keeps its words, if not the contents of its files', async () => {
    await using app = await openWithProvider(browser)
    const { page } = app
    const { composer } = findChat(page)
    await composer.fill('Before')
    await fillStorage(page, true)
    await page.locator('input[type=file]').setInputFiles(dot)
    await page.getByRole('list', { name: 'Files' }).getByText('dot.png').waitFor()
    await composer.fill('These words')
    await page.getByRole('button', { name: 'Send', exact: true }).and(page.locator(':enabled')).waitFor()
    const readStored = () =>
      page.evaluate(async () => {
        const opening = indexedDB.open('segue-drafts')
        await new Promise((resolve) => opening.addEventListener('success', resolve))
        const reading = opening.result.transaction('drafts').objectStore('drafts').getAll()
        await new Promise((resolve) => reading.addEventListener('success', resolve))
        opening.result.close()
        return JSON.stringify(reading.result)
      })
    await expect.poll(readStored).toContain('These words')
    await page.reload()
    await expect.poll(() => composer.inputValue()).toBe('These words')
  })

  test('lasts until the page is closed, which is said, and can be sent', async () => {
    await using app = await openWithProvider(browser)
    const { page } = app
    const { composer, send, answers } = findChat(page)
    await composer.waitFor()
    await fillStorage(page, false)
    await composer.fill('These words')
    await page.getByText('The storage of this browser is full.').waitFor()
    expect(await composer.inputValue()).toBe('These words')
    await page.getByRole('link', { name: /^Inbox/ }).click()
    await page.getByRole('link', { name: 'New chat' }).click()
    await expect.poll(() => composer.inputValue()).toBe('These words')
    await send('These words, and more')
    await answers.getByText('Hello from the strict provider.').waitFor()
  })
})

describeApp('A draft of a page that is left at once', (browser) => {
  test('keeps its words, before the database of the browser has opened', async () => {
    await using app = await browser.open()
    const { composer } = findChat(app.page)
    const early = await app.page.context().newPage()
    await early.addInitScript(() => {
      const open = IDBFactory.prototype.open
      IDBFactory.prototype.open = function (name, version) {
        const request = open.call(this, name === 'segue-drafts' ? 'slow' : name, version)
        if (name === 'segue-drafts') Object.defineProperty(request, 'onsuccess', { set: () => {} })
        return request
      }
    })
    await early.goto(app.segue.url)
    await findChat(early).composer.fill('These words')
    await early.close()
    await app.page.reload()
    await expect.poll(() => composer.inputValue()).toBe('These words')
  })
})

describeApp('The draft of a chat that is open in two windows', (browser) => {
  test('is the same in both: the newer text is shown by the other, and is not overwritten by it', async () => {
    await using app = await openWithProvider(browser)
    const { page: first } = app
    const second = await app.openPage()
    const [one, two] = [findChat(first), findChat(second)]
    await one.composer.fill('In the first window')
    await expect.poll(() => two.composer.inputValue()).toBe('In the first window')
    await two.composer.pressSequentially(', and in the second')
    await expect.poll(() => one.composer.inputValue()).toBe('In the first window, and in the second')
    await one.composer.press('End')
    await one.composer.pressSequentially('.')
    await first.locator('input[type=file]').setInputFiles(dot)
    await second.getByRole('list', { name: 'Files' }).getByText('dot.png').waitFor()
    await second.reload()
    await expect.poll(() => two.composer.inputValue()).toBe('In the first window, and in the second.')
    await first.getByRole('button', { name: 'Send', exact: true }).and(first.locator(':enabled')).waitFor()
    await one.composer.press('Enter')
    await one.questions.getByText('In the first window, and in the second.').waitFor()
    await expect.poll(() => two.composer.inputValue()).toBe('')
    expect(await second.getByRole('list', { name: 'Files' }).count()).toBe(0)
  })
})

describeApp('A draft', (browser) => {
  test('is kept for each chat, also over a reload, with its files', async () => {
    await using app = await browser.open()
    const { page } = app
    const { composer, send, answers } = findChat(page)
    await send('Hello')
    await page.waitForURL(/\/chat\//)
    await answers.first().waitFor()
    await composer.fill('In the old chat')
    await page.getByRole('link', { name: 'New chat' }).click()
    await page.getByRole('heading', { name: 'What can I do for you?' }).waitFor()
    expect(await composer.inputValue()).toBe('')
    await composer.fill('In the new chat')
    await page.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: png })
    const files = page.getByRole('list', { name: 'Files' })
    await files.getByText('dot.png').waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).and(page.locator(':enabled')).waitFor()
    await page.reload()
    await files.getByText('dot.png').waitFor()
    expect(await composer.inputValue()).toBe('In the new chat')
    await page.getByRole('link', { name: /Hello/ }).click()
    await expect.poll(() => composer.inputValue()).toBe('In the old chat')
    expect(await files.count()).toBe(0)
  })

  test('survives a compaction, after which the chat goes on in another session', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const { composer, send, answers } = findChat(page)
    for (const text of ['One', 'Two', 'Three', 'Four']) {
      const count = await answers.count()
      await send(text)
      await answers.nth(count).getByText('Hello from the strict provider.').waitFor()
    }
    provider.defaultAnswer = () => 'A summary.'
    await composer.fill('What comes next')
    const url = page.url()
    const id = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1))
    await app.segue.defaultProfile.chats.compact(id)
    await page.waitForURL((to) => to.href !== url)
    expect(await composer.inputValue()).toBe('What comes next')
    await page.reload()
    await expect.poll(() => composer.inputValue()).toBe('What comes next')
  })

  test('comes back with the reason when the server refuses it', async () => {
    await using app = await openWithProvider(browser, { limits: { streams: 1 }, expectedErrors: /./ })
    const { page, provider } = app
    holdAnswer(provider)
    const { send, answers, composer } = findChat(page)
    await send('First')
    await answers.getByText('Let me think').waitFor()
    await page.getByRole('link', { name: 'New chat' }).click()
    await page.getByRole('heading', { name: 'What can I do for you?' }).waitFor()
    await send('Second')
    await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor()
    expect(await composer.inputValue()).toBe('Second')
  })

  test('that was on its way when the page was closed is not lost, and not sent twice', async () => {
    await using app = await browser.open({ expectedErrors: /./ })
    const { page } = app
    const { composer, send, questions } = findChat(page)
    await send('Hello')
    await page.waitForURL(/\/chat\//)
    await questions.getByText('Hello').waitFor()
    // The request arrives, and its answer does not.
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData()?.includes('Are you there?')) return route.continue()
      await route.fetch()
    })
    await send('Are you there?')
    await questions.getByText('Are you there?').waitFor()
    await page.unrouteAll()
    await page.reload()
    await questions.getByText('Are you there?').waitFor()
    expect(await composer.inputValue()).toBe('')
    // Neither the request arrives, nor its answer.
    await page.route('**/graphql', (route) =>
      route.request().postData()?.includes('Anybody?') ? route.abort() : route.continue(),
    )
    await send('Anybody?')
    await page.getByText('Being sent').waitFor({ state: 'attached' })
    await page.reload()
    await expect.poll(() => composer.inputValue()).toBe('Anybody?')
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await composer.press('Enter')
    await questions.getByText('Anybody?').waitFor()
    expect(await questions.getByText('Anybody?').count()).toBe(1)
  })
})
