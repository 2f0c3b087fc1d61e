import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newTool } from '../../../tests/support/fixtures/tools.ts'
import { post, start } from '../../../tests/support/server/post.ts'
import { describeApp } from '../support/describe-app.ts'
import { findViolations } from '../support/find-violations.ts'
import { findCard, openWaitingApp } from '../support/waiting-app.ts'

const call = '/tool files__write {"path": "notes/a.md"}'
const title = 'May files__write run?'

describeApp('The inbox', (browser) => {
  test('shows what waits in all chats, with their titles and links, and counts it in the sidebar', async () => {
    await using app = await openWaitingApp(browser)
    const { page, segue } = app
    const link = page.getByRole('navigation').getByRole('link', { name: /^Inbox/ })
    await page.getByText('Nothing waits for you.').waitFor()
    expect(await link.textContent()).toBe('Inbox')
    await start(segue.url, { text: call })
    const asking = await start(segue.url, { text: '/ask Which one?' })
    await findCard(page, title).waitFor()
    await findCard(page, 'A question for you').waitFor()
    await link.getByText('2 wait for you').waitFor()
    await post(segue.url, 'mutation ($id: ID!) { updateSession(id: $id, input: { title: "Colours" }) { id } }', {
      id: asking.sessionId,
    })
    await page.getByRole('main').getByRole('link', { name: 'Colours' }).click()
    await page.waitForURL(`**/chat/${asking.sessionId}`)
    await page.getByText('Which one?').first().waitFor()
    await link.click()
    await findCard(page, 'A question for you').waitFor()
  })

  test('says what was answered in another window, which closes the card', async () => {
    await using app = await openWaitingApp(browser, { messages: [call] })
    const other = await app.openPage('/inbox')
    await findCard(app.page, title).waitFor()
    await findCard(other, title).getByRole('button', { name: 'Deny' }).click()
    await findCard(app.page, title).waitFor({ state: 'detached' })
    await app.page.getByText('It was answered elsewhere').waitFor()
    await other.getByText('Nothing waits for you.').waitFor()
    expect(await other.getByText('It was answered elsewhere').count()).toBe(0)
  })

  test('lets a double click answer one call, not the next one as well', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call, call] })
    const cards = findCard(app.page, title)
    await cards.nth(1).waitFor()
    const button = await cards.nth(0).getByRole('button', { name: 'Allow once' }).boundingBox()
    const x = (button?.x ?? 0) + 10
    const y = (button?.y ?? 0) + 10
    await app.page.mouse.click(x, y)
    await cards.nth(1).waitFor({ state: 'detached' })
    await app.page.mouse.click(x, y)
    await expect.poll(() => tool.runs.length).toBe(1)
    await app.page.locator('ul[data-settling]').waitFor({ state: 'detached' })
    await cards.getByRole('button', { name: 'Allow once' }).click()
    await expect.poll(() => tool.runs.length).toBe(2)
  })

  test('and its cards have no violation that axe finds, in both themes', async () => {
    const messages = [call, '/ask Which one? | red | blue', '/form Where to? | city | class: first, second']
    for (const colorScheme of ['light', 'dark'] as const) {
      await using app = await openWaitingApp(browser, { messages, context: { colorScheme } })
      const { page } = app
      await findCard(page, 'Please fill this in').getByRole('button', { name: 'Send' }).click()
      await findCard(page, 'A question for you').waitFor()
      await findCard(page, title).getByRole('button', { name: 'Edit arguments' }).click()
      await findCard(page, title).getByRole('button', { name: 'Always' }).click()
      await findCard(page, title).getByRole('radio', { name: 'only with these arguments' }).check()
      expect(await findViolations(page)).toEqual([])
    }
  })

  test('shows what waits in other profiles', async () => {
    await using app = await openWaitingApp(browser)
    const { page, segue } = app
    mkdirSync(join(segue.home, 'profiles', 'work'), { recursive: true })
    await page.reload()
    await post(segue.url, 'mutation { startChat(input: { text: "/ask At work?", profile: "work" }) { id } }')
    await findCard(page, 'A question for you').getByText('At work?').waitFor()
    await page.getByRole('main').getByText('work', { exact: true }).waitFor()
  })

  test('lists unread and failed chats, and marks them as read', async () => {
    await using app = await openWaitingApp(browser)
    const { page, segue } = app
    await start(segue.url, { text: 'Nobody reads this' })
    const row = page.getByRole('main').getByRole('listitem').filter({ hasText: 'Nobody reads this' })
    await row.getByRole('button', { name: 'as read' }).click()
    await row.waitFor({ state: 'detached' })
  })
})
