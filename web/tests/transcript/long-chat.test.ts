import { rmSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { longChatId, newHomeWithLongChat } from '../support/many-chats.ts'

const count = 2000

const conversation = (page: Page) => page.getByRole('region', { name: 'Conversation' })
const message = (page: Page, number: number) => page.getByRole('article').getByText(`Message ${number}. It has`)

const distanceFromEnd = (page: Page): Promise<number> =>
  conversation(page).evaluate(({ scrollHeight, scrollTop, clientHeight }) =>
    Math.round(scrollHeight - scrollTop - clientHeight),
  )

function newLongChat(): { readonly path: string; readonly segue: { readonly settings: { readonly home: string } } } {
  const home = newHomeWithLongChat(count)
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return { path: `/chat/${longChatId}`, segue: { settings: { home } } }
}

describeApp('A chat of 2,000 messages', (browser) => {
  test('opens at its end, is scrolled to its first message, and jumps to the newest', { timeout: 60_000 }, async () => {
    await using app = await browser.open(newLongChat())
    const { page } = app
    await message(page, count).waitFor()
    await expect.poll(() => distanceFromEnd(page)).toBe(0)
    // It is read page by page: what is far away was not asked for.
    expect(await page.getByRole('article').count()).toBeLessThan(100)
    let mostArticles = 0
    const scrollUp = async (): Promise<boolean> => {
      await conversation(page).evaluate((area) => (area.scrollTop = 0))
      mostArticles = Math.max(mostArticles, await page.getByRole('article').count())
      return (await message(page, 1).count()) > 0
    }
    await expect.poll(scrollUp, { timeout: 40_000, interval: 20 }).toBe(true)
    expect(mostArticles).toBeLessThan(200)
    await page.getByRole('button', { name: 'Go to the newest message' }).click()
    await expect.poll(() => distanceFromEnd(page)).toBe(0)
    await message(page, count).waitFor()
  })
})
