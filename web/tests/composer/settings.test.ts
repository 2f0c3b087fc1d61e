import { expect, test } from 'vitest'
import { post } from '../../../tests/support/server/post.ts'
import { describeApp } from '../support/describe-app.ts'
import { findChat, openWithProvider } from '../support/open-chat.ts'

describeApp('The settings of a chat:', (browser) => {
  test('the model is chosen by keys from a list with what each can do, for a new chat and for later answers', async () => {
    await using app = await openWithProvider(browser, { contextWindow: 64_000 })
    const { page, provider } = app
    const { send, answers, composer } = findChat(page)
    await page.getByLabel('Model: test').click()
    await page.getByRole('option', { name: /strict\/other.*64K tokens/ }).waitFor()
    await page.keyboard.type('oth')
    await page.getByRole('option', { name: /offline/ }).waitFor({ state: 'detached' })
    await page.keyboard.press('Enter')
    await page.getByLabel('Model: other').waitFor()
    await expect.poll(() => composer.evaluate((element) => element === document.activeElement)).toBe(true)
    await send('Hello')
    await answers.first().waitFor()
    expect(provider.requests.at(-1)?.body.model).toBe('other')
    await page.getByLabel('Model: other').click()
    await page.getByRole('option', { name: /^strict\/test/ }).click()
    await page.getByLabel('Model: test').waitFor()
    await send('Hello again')
    await answers.nth(1).waitFor()
    expect(provider.requests.at(-1)?.body.model).toBe('test')
    await page.reload()
    await page.getByLabel('Model: test').waitFor()
  })

  test('the effort is one of those of the model', async () => {
    await using app = await openWithProvider(browser)
    const { page } = app
    const { send, answers } = findChat(page)
    await page.getByRole('button', { name: 'Effort of reasoning: As the model does by default' }).click()
    await page.getByRole('menuitemradio', { name: 'high' }).click()
    await page.getByRole('button', { name: 'Effort of reasoning: high' }).waitFor()
    await send('Hello')
    await answers.first().waitFor()
    await page.waitForURL(/\/chat\//)
    await page.getByRole('button', { name: 'Effort of reasoning: high' }).click()
    await page.getByRole('menuitemradio', { name: 'low' }).click()
    await page.getByRole('button', { name: 'Effort of reasoning: low' }).waitFor()
    const id = decodeURIComponent(page.url().split('/').at(-1) ?? '')
    const { data } = await post(app.segue.url, 'query ($id: ID!) { session(id: $id) { effort } }', { id })
    expect(data).toEqual({ session: { effort: 'low' } })
  })

  test('instructions are written for a new chat, and changed and taken away later', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const { send, answers, composer } = findChat(page)
    const instructions = page.getByRole('textbox', { name: 'Instructions' })
    const open = page.getByRole('button', { name: 'Instructions of this chat' })
    await open.click()
    await instructions.fill('Answer in rhymes.')
    await page.getByRole('button', { name: 'Save' }).click()
    await instructions.waitFor({ state: 'detached' })
    await expect.poll(() => composer.evaluate((element) => element === document.activeElement)).toBe(true)
    await send('Hello')
    await answers.first().waitFor()
    expect(JSON.stringify(provider.requests.at(-1)?.body.messages[0])).toContain('Answer in rhymes.')
    await open.click()
    await expect.poll(() => instructions.inputValue()).toBe('Answer in rhymes.')
    await instructions.fill('Answer in prose.')
    await page.getByRole('button', { name: 'Save' }).click()
    await instructions.waitFor({ state: 'detached' })
    await send('Hello again')
    await answers.nth(1).waitFor()
    expect(JSON.stringify(provider.requests.at(-1)?.body.messages[0])).toContain('Answer in prose.')
    await open.click()
    await page.getByRole('button', { name: 'Use those of the profile' }).click()
    await instructions.waitFor({ state: 'detached' })
    await send('And again')
    await answers.nth(2).waitFor()
    expect(JSON.stringify(provider.requests.at(-1)?.body.messages)).not.toContain('Answer in')
  })

  test('the meter says what fills the context, when it is compacted, and compacts it now', async () => {
    await using app = await openWithProvider(browser, {
      contextWindow: 20_000,
      settings: { autoCompactThreshold: 0.5 },
    })
    const { page, provider } = app
    const { send, answers } = findChat(page)
    for (const [index, text] of ['One', 'Two', 'Three', 'Four'].entries()) {
      await send(text)
      await answers.nth(index).getByText('Hello from the strict provider.').waitFor()
    }
    await page.getByRole('button', { name: /^Context: \d+ % full/ }).click()
    const details = page.getByRole('dialog', { name: 'What the model is sent next' })
    await details.getByText('It is compacted by itself above 10,000.').waitFor()
    expect(await details.locator('dt').allInnerTexts()).toEqual(['Instructions', 'Tools', 'Messages', 'Tokens'])
    provider.defaultAnswer = () => 'A summary of it all.'
    const url = page.url()
    await details.getByRole('button', { name: 'Compact now' }).click()
    await page.waitForURL((to) => to.href !== url)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Context: / }).waitFor()
  })
})
