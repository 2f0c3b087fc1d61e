import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findChat } from '../support/open-chat.ts'

const expectedErrors = /Failed to load resource|ERR_FAILED/

describeApp('A view that cannot be loaded', (browser) => {
  test('leaves the page as it is, and is shown by itself as soon as it can be', async () => {
    await using app = await browser.open({ expectedErrors, context: { serviceWorkers: 'block' } })
    const { page } = app
    await findChat(page).composer.fill('What I write')
    const parts = /jobs-view/
    await page.route(parts, (route) => route.abort())
    const failure = page.waitForEvent('requestfailed')
    await page.getByRole('link', { name: 'Jobs' }).click()
    await failure
    expect(await page.getByRole('navigation', { name: 'Chats' }).count()).toBe(1)
    await page.unroute(parts)
    await page.getByRole('heading', { name: 'Jobs' }).waitFor()
    await page.goBack()
    expect(await findChat(page).composer.inputValue()).toBe('What I write')
  })
})

describeApp('What shows messages', (browser) => {
  test('is loaded as soon as it can be, where it cannot be loaded while somebody begins to write', async () => {
    await using app = await browser.open({ expectedErrors, context: { serviceWorkers: 'block' } })
    const { page } = app
    const part = /transcript/
    await page.route(part, (route) => route.abort())
    const failure = page.waitForEvent('requestfailed')
    const { composer, send, answers } = findChat(page)
    await composer.fill('Hello')
    await failure
    await page.unroute(part)
    await send('Hello')
    await answers.first().waitFor()
  })
})

describeApp('A browser without storage', (browser) => {
  test('sends and shows as others do', async () => {
    await using app = await browser.open()
    const page = await app.openPage('/graphql')
    await page.context().addInitScript(() => {
      const refuse = () => {
        throw new DOMException('Access is denied for this document.', 'SecurityError')
      }
      indexedDB.open = refuse
      for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: refuse })
    })
    await page.goto(app.segue.url)
    const { send, answers } = findChat(page)
    await send('Hello')
    await page.waitForURL(/\/chat\//)
    await answers.first().waitFor()
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('radio', { name: 'Dark' }).click()
    await page.getByRole('link', { name: 'Jobs' }).click()
    await page.getByRole('link', { name: 'New job' }).click()
    await page.getByLabel('Name').fill('Morning')
    await page.getByRole('link', { name: 'Usage' }).click()
    await page.getByRole('heading', { name: 'Usage' }).waitFor()
  })
})
