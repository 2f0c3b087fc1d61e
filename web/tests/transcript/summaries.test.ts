import { expect, test } from 'vitest'
import { describeApp } from '../support/describe-app.ts'
import { findChat, holdAnswer, openWithProvider } from '../support/open-chat.ts'

describeApp('A summary', (browser) => {
  test('is folded where it was made, and says how many messages it stands for, which can still be read', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const { send, answers, questions } = findChat(page)
    for (const text of ['One', 'Two', 'Three']) {
      provider.enqueue(`The answer to ${text}.`)
      await send(text)
      await answers.getByText(`The answer to ${text}.`).waitFor()
      await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
    }
    provider.defaultAnswer = () => 'In short: **numbers**.'
    const url = page.url()
    await page.getByRole('button', { name: /^Context: / }).click()
    await page.getByRole('button', { name: 'Compact now' }).click()
    await page.waitForURL((to) => to.href !== url)
    await page.keyboard.press('Escape')
    const summary = page.getByRole('button', { name: /^Summary of \d+ earlier messages$/ })
    await summary.waitFor()
    expect(await summary.getAttribute('aria-expanded')).toBe('false')
    expect(await page.getByText('In short: numbers.').count()).toBe(0)
    await summary.press('Enter')
    await page.locator('strong', { hasText: 'numbers' }).waitFor()
    await page.getByText('The model is sent this summary in their place.').waitFor()
    await questions.getByText('One').waitFor()
    // The newest turns may stay word for word: it stands for the others.
    const [, count] = /Summary of (\d+)/.exec(await summary.innerText()) ?? []
    expect(Number(count)).toBeGreaterThanOrEqual(2)
    expect(Number(count)).toBeLessThanOrEqual(6)
    await page.reload()
    await page.getByRole('button', { name: `Summary of ${count} earlier messages` }).waitFor()
  })
})

describeApp('A message that joined an answer', (browser) => {
  test('is shown within the answer, at the place where it did, also after a reload', async () => {
    await using app = await openWithProvider(browser)
    const { page, provider } = app
    const held = holdAnswer(provider, 'Let me think')
    const { send, answers, questions, steering } = findChat(page)
    await send('First')
    await answers.getByText('Let me think').waitFor()
    await send('In English, please', 'Control+Enter')
    await steering.getByText('In English, please').waitFor()
    provider.enqueue('In English: yes.')
    held.release()
    await answers.getByText('In English: yes.').waitFor()
    const joined = answers.getByRole('region', { name: 'You added while this answer was made' })
    const readInOrder = async () => {
      await joined.getByText('In English, please').waitFor()
      const text = await answers.innerText()
      return ['Done.', 'In English, please', 'In English: yes.'].map((part) => text.indexOf(part))
    }
    for (const isAgain of [false, true]) {
      if (isAgain) await page.reload()
      const places = await readInOrder()
      expect(places).not.toContain(-1)
      expect(places).toEqual(places.toSorted((a, b) => a - b))
      expect(await questions.count()).toBe(1)
      expect(await steering.count()).toBe(0)
    }
  })
})
