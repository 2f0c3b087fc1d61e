import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { newTestToken } from '../../../tests/support/config/test-token.ts'
import { describeApp } from '../support/describe-app.ts'
import { findViolations } from '../support/find-violations.ts'
import { findChat } from '../support/open-chat.ts'

const phone = newTestToken('phone', 'USER', ['default'])
/** The browser itself reports every response with such a status. */
const expectedErrors = /status of 40[13]|HTTP Authentication failed/

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Runs in the page. */
function countStoredDrafts(): Promise<number> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open('segue-drafts')
    open.addEventListener('error', reject)
    open.addEventListener('success', () => {
      const count = open.result.transaction('drafts').objectStore('drafts').count()
      count.addEventListener('success', () => resolve(count.result))
    })
  })
}

describeApp('Signing in', (browser) => {
  const open = (path = '/') => browser.open({ path, segue: { settings: { tokens: [phone] } }, expectedErrors })

  test('by a token leads to the app, where one chats; signing out leads back to the form', async () => {
    await using app = await open()
    const { page } = app
    expect(await findViolations(page)).toEqual([])
    await signIn(page, 'test-token-of-nobody')
    await page.getByRole('alert').filter({ hasText: 'This token is not valid.' }).waitFor()
    await signIn(page, phone.text)
    const chat = findChat(page)
    await chat.send('I am happy today.')
    await chat.answers.first().waitFor()
    await page.goto(new URL('/settings', page.url()).href)
    await page.getByText('With the token phone, which may read and chat.').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
  })

  test('and out deletes what was written and not sent, after asking', async () => {
    await using app = await open()
    const { page } = app
    await signIn(page, phone.text)
    await findChat(page).composer.fill('Words of the first person')
    await expect.poll(() => page.evaluate(countStoredDrafts)).toBe(1)
    const openSettings = async (): Promise<void> => {
      await page.goto(new URL('/settings', page.url()).href)
      await page.getByRole('button', { name: 'Sign out' }).click()
    }
    await openSettings()
    const dialog = page.getByRole('alertdialog')
    await dialog.getByRole('button', { name: 'Stay signed in' }).click()
    await page.goto(new URL('/', page.url()).href)
    await page.getByText('Words of the first person').waitFor()
    expect(await page.evaluate(countStoredDrafts)).toBe(1)

    const otherWindow = await page.context().newPage()
    await otherWindow.goto(page.url())
    await findChat(otherWindow).composer.waitFor()
    await openSettings()
    await dialog.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
    await otherWindow.getByLabel('Token').waitFor()
    expect(await page.evaluate(countStoredDrafts)).toBe(0)
  })

  test('is asked for by the app as soon as the token is removed', async () => {
    await using app = await open()
    const { page, segue } = app
    await signIn(page, phone.text)
    await findChat(page).composer.waitFor()
    segue.tokens.replace([newTestToken('laptop', 'ADMIN')])
    await page.getByLabel('Token').waitFor()
  })

  test('opens the playground, which can follow a subscription', async () => {
    await using app = await open('/graphql')
    const { page } = app
    await signIn(page, phone.text)
    await page.getByRole('button', { name: /Execute query/ }).waitFor()
    const type = await page.evaluate(async () => {
      const headers = { 'content-type': 'application/json', 'x-segue-csrf': '1' }
      const body = JSON.stringify({ query: '{ server { viewer { name } } }' })
      return (await fetch('/graphql', { method: 'POST', headers, body })).text()
    })
    expect(JSON.parse(type)).toEqual({ data: { server: { viewer: { name: 'phone' } } } })
  })
})
