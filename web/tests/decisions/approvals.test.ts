import { expect, test } from 'vitest'
import { newTool } from '../../../tests/support/fixtures/tools.ts'
import { start } from '../../../tests/support/server/post.ts'
import { describeApp } from '../support/describe-app.ts'
import { findCard, openWaitingApp } from '../support/waiting-app.ts'

const call = '/tool files__write {"path": "notes/a.md", "content": "Hello", "overwrite": true, "retries": 3}'
const title = 'May files__write run?'

describeApp('An approval', (browser) => {
  test('shows the arguments, folds long ones, and hides no character', async () => {
    const content = Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\\n')
    const messages = [`/tool files__write {"path": "a\\u202eb", "content": "${content}"}`]
    await using app = await openWaitingApp(browser, { messages })
    const card = findCard(app.page, title)
    await card.getByText('a\\u202eb').waitFor()
    expect(await card.getByText('line 29').count()).toBe(0)
    await card.getByRole('button', { name: 'Show all 30 lines' }).click()
    await card.getByText('line 29').waitFor()
  })

  test('says when it expires, and that nobody answered', async () => {
    const limits = { decisionSeconds: 2 }
    await using app = await openWaitingApp(browser, { messages: [call], limits })
    const card = findCard(app.page, title)
    await card.getByText(/Expires in \d s/).waitFor()
    await card.waitFor({ state: 'detached' })
  })

  test('runs once as shown', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call] })
    const card = findCard(app.page, title)
    await card.getByText('this call runs as shown').waitFor()
    await card.getByRole('button', { name: 'Allow once' }).click()
    await app.page.getByText('Nothing waits for you.').waitFor()
    expect(tool.runs).toEqual([{ path: 'notes/a.md', content: 'Hello', overwrite: true, retries: 3 }])
  })

  test('is denied with a note', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call] })
    const { page } = app
    const card = findCard(page, title)
    await card.getByRole('button', { name: 'Add a note' }).click()
    await page.keyboard.type('Not in there.')
    await card.getByRole('button', { name: 'Deny' }).click()
    await page.getByText('Nothing waits for you.').waitFor()
    expect(tool.runs).toEqual([])
    await expect
      .poll(() => app.readDecisions('approvals'))
      .toMatchObject([{ decision: 'DENY', reason: 'Not in there.' }])
  })

  test('runs with arguments that were edited in fields', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call] })
    const card = findCard(app.page, title)
    await card.getByRole('button', { name: 'Edit arguments' }).click()
    await card.getByRole('textbox', { name: 'path' }).fill('notes/b.md')
    await card.getByRole('checkbox', { name: 'overwrite' }).uncheck()
    const retries = card.getByRole('textbox', { name: 'retries' })
    await retries.fill('many')
    await card.getByText('This is not a number.').waitFor()
    expect(await card.getByRole('button', { name: 'Allow once' }).isDisabled()).toBe(true)
    await retries.fill('12345678901234567890')
    await card.getByText('runs with your arguments').waitFor()
    await retries.fill('4')
    await card.getByRole('button', { name: 'Allow once' }).click()
    await app.page.getByText('Nothing waits for you.').waitFor()
    expect(tool.runs).toEqual([{ path: 'notes/b.md', content: 'Hello', overwrite: false, retries: 4 }])
  })

  test('runs with arguments that were edited as JSON, once they are valid, also for the schema of the tool', async () => {
    const tool = newTool({ inputSchema: { type: 'object', properties: { to: { type: 'array' } } } })
    const messages = ['/tool files__write {"to": ["a"], "size": 12345678901234567890}']
    await using app = await openWaitingApp(browser, { tools: [tool], messages, expectedErrors: /status of 4/ })
    const card = findCard(app.page, title)
    await card.getByRole('button', { name: 'Edit arguments' }).click()
    const json = card.getByRole('textbox', { name: 'Arguments as JSON' })
    expect(await json.inputValue()).toContain('12345678901234567890')
    await json.fill('{"to": ["b"')
    await card.getByText('not an object in JSON').waitFor()
    await json.fill('{"to": 1}')
    await card.getByRole('button', { name: 'Allow once' }).click()
    await card.getByRole('alert').waitFor()
    expect(await json.inputValue()).toBe('{"to": 1}')
    await json.fill('{"to": ["b"], "size": 12345678901234567891}')
    await card.getByRole('button', { name: 'Allow once' }).click()
    await app.page.getByText('Nothing waits for you.').waitFor()
    expect(tool.runs).toEqual([{ to: ['b'], size: 12345678901234567891n }])
  })

  test('is allowed in the chat, and what waits there runs now', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call] })
    const card = findCard(app.page, title)
    await card.getByRole('button', { name: 'In this chat' }).click()
    await card.getByText('In this chat, and where it goes on, files__write then runs without asking').waitFor()
    await card.getByRole('button', { name: 'Allow in this chat' }).click()
    await app.page.getByText('Nothing waits for you.').waitFor()
    expect(await app.readDecisions('approvals')).toMatchObject([{ decision: 'SESSION', pattern: null }])
  })

  test('is always allowed for calls with some arguments only', async () => {
    const tool = newTool()
    await using app = await openWaitingApp(browser, { tools: [tool], messages: [call] })
    const card = findCard(app.page, title)
    await card.getByRole('button', { name: 'Always' }).click()
    await card.getByRole('radio', { name: 'only with these arguments' }).check()
    await card.getByRole('textbox', { name: 'Allowed path' }).fill('notes/*')
    await card.getByRole('button', { name: 'Always allow' }).click()
    await app.page.getByText('Nothing waits for you.').waitFor()
    const pattern = { path: 'notes/*' }
    expect(await app.readDecisions('approvals')).toMatchObject([{ decision: 'ALWAYS', pattern }])
    await start(app.segue.url, { text: '/tool files__write {"path": "notes/b.md"}' })
    await expect.poll(() => tool.runs.length).toBe(2)
    await start(app.segue.url, { text: '/tool files__write {"path": "other.md"}' })
    await findCard(app.page, title).getByText('other.md').waitFor()
  })

  test('keeps what was typed over a reload', async () => {
    await using app = await openWaitingApp(browser, { messages: [call] })
    const { page } = app
    await findCard(page, title).getByRole('button', { name: 'Edit arguments' }).click()
    await findCard(page, title).getByRole('textbox', { name: 'path' }).fill('half a pa')
    await findCard(page, title).getByRole('button', { name: 'Add a note' }).click()
    await page.keyboard.type('Because')
    await page.reload()
    expect(await findCard(page, title).getByRole('textbox', { name: 'path' }).inputValue()).toBe('half a pa')
    expect(await findCard(page, title).getByRole('textbox', { name: 'Note' }).inputValue()).toBe('Because')
  })
})
