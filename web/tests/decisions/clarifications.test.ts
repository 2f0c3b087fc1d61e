import { expect, test } from 'vitest'
import { newTool } from '../../../tests/support/fixtures/tools.ts'
import { describeApp } from '../support/describe-app.ts'
import { findCard, openWaitingApp } from '../support/waiting-app.ts'

const question = '/ask Which one? | red | blue'
const noneLeft = 'Nothing waits for you.'

describeApp('A question', (browser) => {
  test('is answered by a suggestion, and by its key', async () => {
    await using app = await openWaitingApp(browser, { messages: [question] })
    const card = findCard(app.page, 'A question for you')
    await card.getByText('Which one?').waitFor()
    await card.getByRole('textbox').focus()
    await app.page.keyboard.press('Tab')
    await app.page.keyboard.press('2')
    await app.page.getByText(noneLeft).waitFor()
    expect(await app.readDecisions('clarifications')).toMatchObject([{ answer: 'blue' }])
  })

  test('is answered by a text with Enter, and Shift+Enter begins a line', async () => {
    await using app = await openWaitingApp(browser, { messages: [question] })
    const { page } = app
    await findCard(page, 'A question for you').getByRole('textbox', { name: 'Your answer' }).focus()
    await page.keyboard.type('2 of')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('each, d')
    await page.keyboard.press('Enter')
    await page.getByText(noneLeft).waitFor()
    expect(await app.readDecisions('clarifications')).toMatchObject([{ answer: '2 of\neach, d' }])
  })

  test('is declined', async () => {
    await using app = await openWaitingApp(browser, { messages: [question] })
    await findCard(app.page, 'A question for you').getByRole('button', { name: 'Decline' }).click()
    await app.page.getByText(noneLeft).waitFor()
    expect(await app.readDecisions('clarifications')).toMatchObject([{ answer: null, declined: true }])
  })

  test('of a tool is a form of texts, numbers, switches and choices, with what is wrong said at each field', async () => {
    const form = {
      type: 'object',
      properties: {
        name: { type: 'string', title: 'Full name', minLength: 3 },
        mail: { type: 'string', format: 'email' },
        age: { type: 'integer', minimum: 18 },
        news: { type: 'boolean', default: true },
        class: { type: 'string', enum: ['1', '2'], enumNames: ['First', 'Second'] },
        days: {
          type: 'array',
          items: {
            anyOf: [
              { const: 'sa', title: 'Saturday' },
              { const: 'su', title: 'Sunday' },
            ],
          },
        },
        place: { type: 'object' },
      },
      required: ['name', 'class'],
    }
    const tool = newTool({
      name: 'asks__form',
      isReadOnly: true,
      execute: async (_, { askUser }) => {
        await askUser({ question: 'Who are you?', choices: [], form })
        return 'done'
      },
    })
    await using app = await openWaitingApp(browser, { tools: [tool], messages: ['/tool asks__form {}'] })
    const card = findCard(app.page, 'Please fill this in')
    await card.getByRole('button', { name: 'Send' }).click()
    const name = card.getByRole('textbox', { name: 'Full name' })
    await expect.poll(() => name.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(await card.getByText('This is needed.').count()).toBe(2)
    await name.fill('Al')
    await card.getByText('At least 3 characters.').waitFor()
    await name.fill('Ada')
    await card.getByRole('combobox', { name: 'class' }).selectOption('Second')
    await card.getByRole('textbox', { name: 'mail' }).fill('ada')
    await card.getByText('no email address').waitFor()
    await card.getByRole('textbox', { name: 'mail' }).fill('ada@example.org')
    await card.getByRole('textbox', { name: 'age' }).fill('17')
    await card.getByText('At least 18.').waitFor()
    await card.getByRole('textbox', { name: 'age' }).fill('36')
    await card.getByRole('checkbox', { name: 'Sunday' }).check()
    await card.getByRole('textbox', { name: 'place' }).fill('{"city": "Oslo"}')
    await app.page.reload()
    await card.getByRole('button', { name: 'Send' }).click()
    await app.page.getByText(noneLeft).waitFor()
    const values = {
      name: 'Ada',
      mail: 'ada@example.org',
      age: 36,
      news: true,
      class: '2',
      days: ['su'],
      place: { city: 'Oslo' },
    }
    expect(await app.readDecisions('clarifications')).toEqual([
      {
        state: 'ANSWERED',
        declined: false,
        answer: expect.toSatisfy((text: string) => JSON.stringify(JSON.parse(text)) === JSON.stringify(values)),
      },
    ])
  })

  test('with an address opens nothing', async () => {
    const tool = newTool({
      name: 'asks__url',
      isReadOnly: true,
      execute: async (_, { askUser }) => {
        await askUser({ question: 'Sign in.\n\nhttps://example.org/sign-in', choices: ['Done'], form: null })
        return 'done'
      },
    })
    await using app = await openWaitingApp(browser, { tools: [tool], messages: ['/tool asks__url {}'] })
    const card = findCard(app.page, 'A question for you')
    await card.getByText('Check the address before you open it.').waitFor()
    expect(await card.getByRole('link').count()).toBe(0)
  })
})
