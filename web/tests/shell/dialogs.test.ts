import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { act, newClient, row, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { findViolations } from '../support/find-violations.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC',
  'base64',
)

/** What opens over a chat with an image, or in its place, and how it is opened. */
const dialogs: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  'an image': async (page) => {
    await page.getByRole('button', { name: 'Enlarge dot.png' }).click()
    await page.getByRole('dialog', { name: 'dot.png' }).waitFor()
  },
  'the ways to save a chat': async (page) => {
    await page.getByRole('button', { name: 'Copy or save this chat' }).click()
    await page.getByRole('menuitem', { name: 'Save as JSON' }).waitFor()
  },
  'the questions of a chat': async (page) => {
    await page.getByRole('button', { name: 'Questions of this chat' }).click()
    await page.getByRole('menuitem').first().waitFor()
  },
  'the search in a chat': async (page) => {
    await findChat(page).composer.press('Control+f')
    await page.getByRole('combobox', { name: 'Find in this chat' }).fill('look')
    await page.getByRole('option').first().waitFor()
  },
  'the palette with what was found': async (page) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search chats and commands' }).fill('chat')
    await page.getByRole('option', { name: 'Delete this chat' }).waitFor()
  },
  'the sheet of shortcuts': async (page) => {
    await page.getByRole('heading').first().click()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  },
  'the field of a title': async (page) => {
    await page.getByRole('button', { name: 'Rename', exact: true }).press('Enter')
    await page.getByRole('textbox', { name: 'Title of the chat' }).waitFor()
  },
  'the actions of a chat of the list': async (page) => {
    await row(page, 'Another one').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Delete' }).waitFor()
  },
  'the way back from a deletion': async (page) => {
    await act(page, 'Another one', 'Delete')
    await page.getByRole('button', { name: 'Undo' }).waitFor()
  },
  'the form of a new job': async (page) => {
    await page.getByRole('link', { name: 'Jobs' }).click()
    await page.getByRole('link', { name: 'New job' }).click()
    await page.getByRole('region', { name: 'Next runs' }).getByRole('listitem').first().waitFor()
  },
}

describeApp('axe', (browser) => {
  test.each(['light', 'dark'] as const)(
    'finds no violation in any dialog (%s)',
    { timeout: 60_000 },
    async (colorScheme) => {
      await using app = await openWithProvider(browser, { context: { colorScheme, reducedMotion: 'reduce' } })
      const { page } = app
      using client = newClient(app.segue)
      await startChat(client, 'Another one')
      await page.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: png })
      await page.getByRole('button', { name: 'Send', exact: true }).and(page.locator(':enabled')).waitFor()
      await findChat(page).send('Look at this')
      await findChat(page).answers.getByText('Hello from the strict provider.').waitFor()
      const found: string[] = []
      for (const [name, open] of Object.entries(dialogs)) {
        await open(page)
        found.push(...(await findViolations(page)).map((violation) => `${name}: ${violation}`))
        await page.keyboard.press('Escape')
        await page.getByRole('dialog').or(page.getByRole('menu')).waitFor({ state: 'detached' })
      }
      expect(found).toEqual([])
    },
  )
})

describeApp('On a phone with a notch', (browser) => {
  test('nothing that is pressed is under it, or under the bar at the bottom', async () => {
    await using app = await browser.open({ context: { viewport: { width: 390, height: 780 }, hasTouch: true } })
    const { page } = app
    const devTools = await page.context().newCDPSession(page)
    const insets = { top: 50, bottom: 34, left: 0, right: 0 }
    await devTools.send('Emulation.setSafeAreaInsetsOverride', { insets })
    const findOutside = () =>
      page.evaluate(
        ({ top, bottom }) =>
          [...document.querySelectorAll('button, a, textarea, input')].flatMap((element) => {
            const box = element.getBoundingClientRect()
            const isShown = element.checkVisibility() && box.width > 1 && box.top < innerHeight && box.bottom > 0
            const isOutside = box.top < top || box.bottom > innerHeight - bottom
            const isScrolled =
              element.closest('main [data-scroller], main > * > *') !== null && box.bottom > innerHeight
            return isShown && isOutside && !isScrolled ? [element.outerHTML.slice(0, 200)] : []
          }),
        insets,
      )
    await findChat(page).composer.fill('Hello')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await findChat(page).answers.first().waitFor()
    await expect.poll(findOutside).toEqual([])
    await page.getByRole('button', { name: 'Show the chats' }).click()
    await page.getByRole('button', { name: 'Hide the chats' }).waitFor()
    await expect.poll(findOutside).toEqual([])
  })
})

describeApp('Who wants less motion', (browser) => {
  test.each([
    ['reduce', false],
    ['no-preference', true],
  ] as const)('sees an answer begin without it: %s', async (reducedMotion, isMoving) => {
    await using app = await openWithProvider(browser, { context: { reducedMotion } })
    const { page, provider } = app
    const held = holdAnswer(provider)
    await findChat(page).send('Hello')
    await findChat(page).answers.getByText('Let me think').waitFor()
    const isAnimated = () =>
      page.evaluate(() =>
        document.getAnimations().some((animation) => {
          const { iterations, duration } = animation.effect?.getComputedTiming() ?? {}
          return animation.playState === 'running' && (iterations === Infinity || Number(duration) > 50)
        }),
      )
    await expect.poll(isAnimated).toBe(isMoving)
    held.release()
  })
})
