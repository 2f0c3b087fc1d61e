import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findViolations } from '../support/find-violations.ts'
import { findChat } from '../support/open-chat.ts'

/** Every view, and how it is opened in a page that shows a chat. Add yours. */
const views: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  'a chat': async (page) => findChat(page).answers.first().waitFor(),
  'a new chat': async (page) => {
    await page.goto(new URL('/', page.url()).href)
    await page.getByText('the built-in offline agent').or(page.getByText('Add a model')).first().waitFor()
  },
  'the inbox': (page) => openView(page, '/inbox'),
  'the jobs': (page) => openView(page, '/jobs'),
  'the usage': (page) => openView(page, '/usage'),
  'the settings': (page) => openView(page, '/settings'),
  'a page that does not exist': (page) => openView(page, '/nowhere'),
  'the palette': async (page) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('option').first().waitFor()
  },
  'the sheet of shortcuts': async (page) => {
    await page.getByRole('heading').first().click()
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
  },
}

async function openView(page: Page, path: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href)
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
}

async function beginChat(page: Page): Promise<void> {
  await findChat(page).send('I am happy about `code` and **words**')
  await page.waitForURL(/\/chat\/ses_/)
  await page.getByRole('button', { name: /^Stop/ }).waitFor({ state: 'detached' })
}

const themes = ['light', 'dark'] as const

describeApp('axe', (browser) => {
  test.each(themes)('finds no violation on any view (%s)', async (colorScheme) => {
    await using app = await browser.open({ context: { colorScheme, reducedMotion: 'reduce' } })
    const { page } = app
    await beginChat(page)
    const found: string[] = []
    for (const [name, open] of Object.entries(views)) {
      await open(page)
      found.push(...(await findViolations(page)).map((violation) => `${name}: ${violation}`))
      await page.keyboard.press('Escape')
    }
    expect(found).toEqual([])
  })

  test.each(themes)('finds no violation on a phone, with the list of chats open (%s)', async (colorScheme) => {
    const context = { colorScheme, reducedMotion: 'reduce', viewport: { width: 390, height: 780 } } as const
    await using app = await browser.open({ context })
    const { page } = app
    await beginChat(page)
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Show the chats' }).click()
    await page.getByRole('link', { name: /^Inbox/ }).waitFor()
    expect(await findViolations(page)).toEqual([])
  })
})

describeApp('On a screen of 360 pixels', (browser) => {
  test('nothing is wider than the screen', async () => {
    await using app = await browser.open({ context: { viewport: { width: 360, height: 640 } } })
    const { page } = app
    await beginChat(page)
    const tooWide: string[] = []
    for (const [name, open] of Object.entries(views)) {
      await open(page)
      const width = await page.evaluate(() => {
        // What screen readers are told has no width that anybody sees.
        const shown = document.querySelectorAll(
          ':is(main, main > *, main > * > *):not(.visually-hidden, .visually-hidden *)',
        )
        const scrollers = [document.documentElement, ...shown]
        return Math.max(...scrollers.map((element) => element.scrollWidth))
      })
      if (width > 360) tooWide.push(`${name}: ${width}`)
      await page.keyboard.press('Escape')
    }
    expect(tooWide).toEqual([])
  })
})
