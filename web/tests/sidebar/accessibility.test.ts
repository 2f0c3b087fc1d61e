import { expect, test } from 'vitest'
import { newClient, openMenu, row, sidebar, startChat } from '../support/chats.ts'
import { describeApp } from '../support/describe-app.ts'
import { findViolations } from '../support/find-violations.ts'
import { daysAgo, newHermesHome } from '../support/hermes-home.ts'

describeApp('axe finds nothing wrong with the sidebar', (browser) => {
  test.for(['light', 'dark'] as const)('and what opens from it (%s)', { timeout: 90_000 }, async (colorScheme) => {
    const { folder, hermes, addChat } = newHermesHome()
    const end = { ended_at: daysAgo(2, 13).getTime() / 1000, end_reason: 'compression' }
    addChat('first', daysAgo(2), { title: 'Long one', source: 'telegram', ...end })
    addChat('second', daysAgo(1), { parent_session_id: 'first' })
    hermes.countMessages('second')
    await using app = await browser.open({
      segue: { settings: { hermesHome: folder } },
      context: { colorScheme, reducedMotion: 'reduce' },
    })
    const { page } = app
    using client = newClient(app.segue)
    await startChat(client, 'Of work', 'Hello', 'work')
    await startChat(client, 'Asks', '/ask Where to?')
    await startChat(client, 'Unread')
    await page.reload()
    await row(page, 'Asks').waitFor()
    await row(page, 'Long one').getByRole('link').click()
    await row(page, 'Long one').getByRole('button', { name: 'Parts of' }).click()
    await row(page, 'Long one').getByRole('listitem').first().waitFor()
    expect(await findViolations(page)).toEqual([])

    await openMenu(page, 'Long one')
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('menuitem', { name: /^Rename/ }).click()
    await page.getByRole('textbox', { name: 'Title of the chat' }).waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Filter the chats' }).click()
    await page.getByRole('menuitemcheckbox', { name: /^Terminal/ }).click()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await sidebar(page)
      .getByRole('button', { name: /^Remove the filter/ })
      .waitFor()
    expect(await findViolations(page)).toEqual([])
    await sidebar(page)
      .getByRole('button', { name: /^Remove the filter/ })
      .click()

    await sidebar(page).getByRole('button', { name: 'Profile: default' }).click()
    await page.getByRole('menuitemradio').first().waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')

    await page.getByRole('textbox', { name: 'Search chats' }).fill('question')
    await sidebar(page).locator('mark').first().waitFor()
    expect(await findViolations(page)).toEqual([])
  })
})
