import { expect, test } from 'vitest'
import { newTool } from '../../../tests/support/fixtures/tools.ts'
import { start } from '../../../tests/support/server/post.ts'
import { describeApp } from '../support/describe-app.ts'
import { findCard, openWaitingApp } from '../support/waiting-app.ts'

const call = '/tool files__write {"path": "notes/a.md"}'
const title = 'May files__write run?'

describeApp('A key of a card', (browser) => {
  test('answers while nothing has the focus, once the card was there for a moment, and is shown', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call] })
    const card = findCard(app.page, title)
    expect(await card.getByRole('button', { name: 'Allow once' }).getAttribute('aria-keyshortcuts')).toBe('A')
    expect(await card.locator('kbd').allTextContents()).toEqual(['A', 'S', 'L', 'D', 'E', 'N'])
    await app.page.keyboard.press('Enter')
    await expect
      .poll(async () => {
        await app.page.keyboard.press('a')
        return tool.runs.length
      })
      .toBe(1)
  })

  test('does nothing while somebody types, in the card or elsewhere', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call, '/ask Which one? | red'] })
    const { page } = app
    const answer = findCard(page, 'A question for you').getByRole('textbox')
    await answer.focus()
    await page.keyboard.type('a sad 1')
    expect(await answer.inputValue()).toBe('a sad 1')
    // What is half-typed keeps its keys when the focus goes.
    await answer.blur()
    await page.waitForFunction(() => performance.now() > 1000)
    await page.keyboard.press('d')
    await findCard(page, title).getByRole('button', { name: 'Add a note' }).click()
    await page.keyboard.type('and')
    expect(await findCard(page, title).count()).toBe(1)
    expect(tool.runs).toEqual([])
  })

  test('goes to the card that has the focus', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call, '/ask Which one? | red'] })
    const card = findCard(app.page, 'A question for you')
    await card.focus()
    await app.page.keyboard.press('1')
    await card.waitFor({ state: 'detached' })
    expect(await app.readDecisions('clarifications')).toMatchObject([{ answer: 'red' }])
    expect(await findCard(app.page, title).count()).toBe(1)
  })

  test('asks for details of what allows later calls, and Escape goes back', async () => {
    await using app = await openWaitingApp(browser, { messages: [call] })
    const card = findCard(app.page, title)
    await card.focus()
    await app.page.keyboard.press('l')
    await card.getByText('In all chats of the profile').waitFor()
    const any = card.getByRole('radio', { name: 'with any arguments' })
    await expect.poll(() => any.evaluate((element) => element === document.activeElement)).toBe(true)
    await app.page.keyboard.press('a')
    await app.page.keyboard.press('Enter')
    await app.page.keyboard.press('Escape')
    await card.getByRole('button', { name: 'Allow once' }).waitFor()
    expect(await app.readDecisions('approvals')).toEqual([])
  })

  test('does not act in a message that is being written', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], path: '/' })
    const { page, segue } = app
    const composer = page.getByRole('textbox', { name: 'Message' })
    await composer.fill('a')
    await start(segue.url, { text: call })
    await page.getByRole('link', { name: /1 waits for you/ }).waitFor()
    await page.keyboard.type(' sad day')
    expect(await composer.inputValue()).toBe('a sad day')
    expect(tool.runs).toEqual([])
  })
})
