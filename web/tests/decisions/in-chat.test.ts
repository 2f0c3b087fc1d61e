import { expect, test } from 'vitest'
import { newTool } from '../../../tests/support/fixtures/tools.ts'
import { post } from '../../../tests/support/server/post.ts'
import { describeApp } from '../support/describe-app.ts'
import { findCard, openWaitingApp } from '../support/waiting-app.ts'
import { send } from '../support/scripted-app.ts'

const call = '/tool files__write {"path": "notes/a.md"}'
const title = 'May files__write run?'

describeApp('What waits in a chat', (browser) => {
  test('is answered in the place of its tool call, and says then what was decided', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], path: '/' })
    const { page } = app
    await send(page, call)
    const answer = page.locator('article[data-role=ASSISTANT]')
    await answer.getByRole('button', { name: 'Allow once' }).click()
    await answer.getByText('Allowed once').waitFor()
    await expect.poll(() => tool.runs.length).toBe(1)
    expect(await answer.getByRole('button', { name: 'Allow once' }).count()).toBe(0)
    await send(page, '/ask Which one? | red | blue')
    await page.getByRole('button', { name: 'blue' }).click()
    await page.locator('[data-decision][data-state=ANSWERED]').getByText('blue').waitFor()
  })

  test('is closed by an answer in another window, which is told apart', async () => {
    await using app = await openWaitingApp(browser, { path: '/' })
    const { page } = app
    await send(page, call)
    await findCard(page, title).getByRole('button', { name: 'Deny' }).focus()
    await page.waitForURL(/\/chat\//)
    const other = await app.openPage(new URL(page.url()).pathname)
    await findCard(other, title).getByRole('button', { name: 'Deny' }).click()
    const settled = page.locator('[data-decision][data-state=ANSWERED]')
    await settled.getByText('answered elsewhere').waitFor()
    // The focus stays in the card that lost its buttons.
    await expect.poll(() => settled.evaluate((element) => element === document.activeElement)).toBe(true)
    await other.locator('[data-decision][data-state=ANSWERED]').getByText('Denied').waitFor()
    expect(await other.getByText('answered elsewhere').count()).toBe(0)
  })

  test('says that it has expired, or is not needed any more because the answer was stopped', async () => {
    await using app = await openWaitingApp(browser, { path: '/', limits: { decisionSeconds: 1 } })
    const { page } = app
    await send(page, call)
    await page.locator('[data-state=EXPIRED]').getByText('Nobody answered in time').waitFor()
    await using patient = await openWaitingApp(browser, { path: '/' })
    await send(patient.page, call)
    await findCard(patient.page, title).waitFor()
    await patient.page.getByRole('button', { name: 'Stop' }).click()
    await patient.page.locator('[data-decision][data-state=CANCELLED]').getByText('Not needed any more').waitFor()
  })

  test('says why the server refuses an answer, and keeps what was typed', async () => {
    const tool = newTool({ inputSchema: { type: 'object', properties: { path: { type: 'string', maxLength: 12 } } } })
    await using app = await openWaitingApp(browser, { tools: [tool], path: '/' })
    const { page } = app
    await send(page, call)
    const card = findCard(page, title)
    await card.getByRole('button', { name: 'Edit arguments' }).click()
    await card.getByRole('textbox', { name: 'path' }).fill('much/too/long.md')
    await card.getByRole('button', { name: 'Allow once' }).click()
    await card.getByRole('alert').waitFor()
    expect(await card.getByRole('textbox', { name: 'path' }).inputValue()).toBe('much/too/long.md')
    expect(tool.runs).toEqual([])
  })

  test('is released by the answer to another call of the tool', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], path: '/', messages: [call] })
    const { page, segue } = app
    await send(page, call)
    await findCard(page, title).waitFor()
    const { data } = await post(segue.url, '{ approvals { id } }')
    const [first] = Object(data)['approvals']
    const always = 'mutation ($id: ID!) { answerApproval(id: $id, decision: ALWAYS) { id } }'
    await post(segue.url, always, { id: first.id })
    await page.getByText('by the answer to another call').waitFor()
  })
})
