import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { newClient, readList, row, sidebar, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { newHomeWithChats } from '../support/many-chats.ts'

const count = 100_000
const maxNodes = 1500

describeApp('A list of 100,000 chats', (browser) => {
  test('is scrolled to its end, with few elements all the while, and stays live', { timeout: 120_000 }, async () => {
    const home = newHomeWithChats(count)
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    await using app = await browser.open({ segue: { settings: { home } } })
    const { page } = app
    await row(page, 'Chat 0').first().waitFor()
    // It is read page by page: what is far away was not asked for.
    expect(await page.locator('[data-chat]').count()).toBeLessThan(100)
    const nodes: number[] = []
    const scrollDown = async (): Promise<boolean> => {
      const seen = await sidebar(page).evaluate(
        (element, last) => {
          const list = element.querySelector('ul:has([data-chat])')?.closest('[data-scroller]')
          if (list) list.scrollTop = list.scrollHeight
          return {
            nodes: element.querySelectorAll('*').length,
            hasLast: element.querySelector(`a[title="${last}"]`) !== null,
          }
        },
        `Chat ${count - 1}`,
      )
      nodes.push(seen.nodes)
      return seen.hasLast
    }
    await expect.poll(scrollDown, { timeout: 90_000, interval: 30 }).toBe(true)
    expect(Math.max(...nodes)).toBeLessThan(maxNodes)
    using client = newClient(app.segue)
    await startChat(client, 'A new one')
    await sidebar(page).evaluate((element) => {
      const list = element.querySelector('ul:has([data-chat])')?.closest('[data-scroller]')
      if (list) list.scrollTop = 0
    })
    await expect.poll(async () => (await readList(page)).slice(0, 2)).toEqual(['# Today', 'A new one'])
  })
})
