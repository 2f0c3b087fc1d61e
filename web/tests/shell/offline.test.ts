import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { post } from '../../../tests/support/server/post.ts'
import { describeApp } from '../support/describe-app.ts'
import { startKillableServer } from '../support/killable-server.ts'
import { findChat, openWithProvider } from '../support/open-chat.ts'

/** What a browser says without a connection. */
const expectedErrors = /ERR_|WebSocket connection|Failed to (load|fetch)/

/** Waits until everything that the page has loaded is kept. */
async function waitUntilAppIsKept(page: Page): Promise<void> {
  const isKept = () =>
    page.evaluate(async () => {
      const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
      const needed = ['/', ...loaded.filter((url) => url.includes('/assets/'))]
      const cache = await caches.open('segue-app')
      const kept = await Promise.all(needed.map((url) => cache.match(url, { ignoreVary: true })))
      return needed.length > 2 && kept.every(Boolean)
    })
  await expect.poll(isKept).toBe(true)
}

/** All that was read and is kept in the browser, as JSON. */
function readKept(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const opening = indexedDB.open('segue-snapshots')
    await new Promise((resolve) => opening.addEventListener('success', resolve))
    const reading = opening.result.transaction('snapshots').objectStore('snapshots').getAll()
    await new Promise((resolve) => reading.addEventListener('success', resolve))
    opening.result.close()
    return JSON.stringify(reading.result)
  })
}

/** Waits until the browser has kept the app, and a chat or a view with this text. */
async function waitUntilKept(page: Page, text: string): Promise<void> {
  await waitUntilAppIsKept(page)
  await expect.poll(() => readKept(page)).toContain(text)
}

describeApp('Without a connection', (browser) => {
  test('what was read can be read, with a notice, and what is typed is kept', async () => {
    await using app = await openWithProvider(browser, { expectedErrors })
    const { page, provider } = app
    const { send, answers, composer } = findChat(page)
    provider.enqueue('The answer of the walrus.')
    await send('Who lives in the bath?')
    await answers.getByText('The answer of the walrus.').waitFor()
    await page.waitForURL(/\/chat\/ses_/)
    await waitUntilKept(page, 'The answer of the walrus.')
    await page.context().setOffline(true)
    await page.reload()
    await answers.getByText('The answer of the walrus.').waitFor()
    await page
      .getByRole('navigation', { name: 'Chats' })
      .getByRole('link', { name: /Who lives/ })
      .waitFor()
    await page.getByRole('status').getByText('The server cannot be reached.').waitFor()
    await composer.fill('And who else?')
    await page.reload()
    await composer.waitFor()
    await expect.poll(() => composer.inputValue()).toBe('And who else?')
    await page.context().setOffline(false)
    await page.getByText('The server cannot be reached.').waitFor({ state: 'detached' })
    provider.enqueue('A seal.')
    await composer.press('Enter')
    await answers.getByText('A seal.').waitFor()
  })

  test('jobs, usage and settings can be read as they were, with a notice', async () => {
    await using app = await openWithProvider(browser, { expectedErrors })
    const { page, segue } = app
    await findChat(page).send('What does it cost?')
    await findChat(page).answers.getByText('Hello from the strict provider.').waitFor()
    const input = { name: 'Water the plants', prompt: 'Water them.', schedule: '0 9 * * *' }
    await post(segue.url, 'mutation ($input: CreateJobInput!) { createJob(input: $input) { id } }', { input })
    const views = [
      ['Jobs', () => page.getByText('Water the plants').first()],
      ['Usage', () => page.getByText('strict/test', { exact: true }).first()],
      ['Settings', () => page.getByText('strict', { exact: true }).first()],
    ] as const
    const navigation = page.getByRole('navigation', { name: 'Chats' })
    const readAll = async (): Promise<void> => {
      for (const [name, findContent] of views) {
        await navigation.getByRole('link', { name, exact: true }).click()
        await page.getByRole('heading', { name, level: 1 }).waitFor()
        await findContent().waitFor()
      }
    }
    await readAll()
    for (const text of ['Water the plants', '"group":"strict/test"', '"providers"', '"server"'])
      await waitUntilKept(page, text)
    await page.context().setOffline(true)
    await page.reload()
    await page.getByRole('status').getByText('The server cannot be reached.').waitFor()
    await readAll()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  test('nothing can be read any more once the data of this browser was cleared', async () => {
    await using app = await openWithProvider(browser, { expectedErrors })
    const { page, provider } = app
    provider.enqueue('The answer of the walrus.')
    await findChat(page).send('Who lives in the bath?')
    await findChat(page).answers.getByText('The answer of the walrus.').waitFor()
    await page.waitForURL(/\/chat\/ses_/)
    const { pathname } = new URL(page.url())
    await waitUntilKept(page, 'The answer of the walrus.')
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('button', { name: 'Clear data of this browser' }).click()
    await page.getByText('What you have read is not in this browser any more.').waitFor()
    expect(await readKept(page)).not.toContain('walrus')
    await page.context().setOffline(true)
    await page.goto(app.segue.url + pathname)
    await page.getByRole('status').getByText('The server cannot be reached.').waitFor()
    expect(await page.getByText('The answer of the walrus.').count()).toBe(0)
  })

  test('the app opens also when the server is stopped, and a new version is taken at once when it is back', async () => {
    await using server = await startKillableServer(1)
    await using app = await browser.openAt(server.url, { expectedErrors })
    const { page } = app
    const { send } = findChat(page)
    await send('A walrus in the bath')
    await page.waitForURL(/\/chat\/ses_/)
    await waitUntilKept(page, 'A walrus in the bath')
    await server.kill()
    await page.reload()
    await findChat(page).questions.getByText('A walrus in the bath').waitFor()
    await server.startAgain()
    const loaded = await page.reload()
    expect(loaded?.headers()['content-security-policy']).toContain("script-src 'self'")
    await findChat(page).questions.getByText('A walrus in the bath').waitFor()
  })
})

describeApp('The installed app', (browser) => {
  test('has a manifest with icons that exist', async () => {
    await using app = await browser.open()
    const response = await app.page.request.get(`${app.segue.url}/manifest.webmanifest`)
    expect(response.headers()['content-type']).toContain('application/manifest+json')
    const { icons }: { icons: readonly { src: string; type: string }[] } = await response.json()
    for (const { src, type } of icons) {
      const icon = await app.page.request.get(app.segue.url + src)
      expect([icon.status(), icon.headers()['content-type']]).toEqual([200, type])
    }
  })

  test('keeps no data of the API in the cache of the service worker', async () => {
    await using app = await browser.open()
    await waitUntilAppIsKept(app.page)
    const paths = await app.page.evaluate(async () =>
      (await (await caches.open('segue-app')).keys()).map(({ url }) => new URL(url).pathname),
    )
    expect(paths.filter((path) => /^\/(graphql|files)/.test(path))).toEqual([])
    expect(paths).toContain('/')
  })
})
