import { expect } from 'vitest'
import { startSegueWithProvider } from '../../../tests/support/server/segue-with-provider.ts'
import type { AdapterBrowser } from './describe-in-chromium.ts'

/** Checks that a page of the documentation streams an answer, goes on with it after a reload, and stops it. */
export async function expectDocumentedChat(browser: AdapterBrowser, entry: string): Promise<void> {
  await using server = await startSegueWithProvider({ settings: { allowedOrigins: [browser.getOrigin()] } })
  const reloaded = Promise.withResolvers<void>()
  server.provider.enqueue([
    { text: 'One ' },
    { wait: reloaded.promise },
    { text: 'two ' },
    { wait: new Promise(() => {}) },
  ])
  await using opened = await browser.open({ url: server.segue.url, entry })
  const { page, errors } = opened

  await page.getByRole('textbox').fill('Count.')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('One', { exact: false }).waitFor()
  await page.reload()
  await page.getByText('One', { exact: false }).waitFor()
  reloaded.resolve()
  await page.getByText('One two').waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Send' }).waitFor()

  expect(await page.locator('p').allInnerTexts()).toEqual(['Count.', 'One two'])
  expect(await (await server.provider.waitForRequest(0)).closed).toBe('client')
  expect(errors).toEqual([])
}
